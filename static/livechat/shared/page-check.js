/**
 * What has become of this page at the server. A refused socket tells no reason; its page does.
 * @returns {Promise<"given" | "sign_in" | "refused" | "silent">}
 */
export async function checkPage() {
  try {
    const { status, type } = await fetch(location.pathname, {
      method: "HEAD", redirect: "manual", cache: "no-store",
    });
    if (type === "opaqueredirect") return "sign_in";
    return status === 403 || status === 404 ? "refused" : "given";
  } catch {
    return "silent";
  }
}
