/**
 * Ask the server whether the user may still have this page. The browser hides why a socket was
 * rejected; an HTTP request for the page shows it. "silent": there was no response.
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
