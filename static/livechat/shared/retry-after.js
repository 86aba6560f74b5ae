/** How long an overloaded server asks a client to wait. */

const LONGEST_SECONDS = 120;

/**
 * Ask the server how long to wait before the next attempt. The browser hides why a socket was
 * rejected, so this requests the same address by HTTP.
 * @param {string} address  of the socket
 * @param {typeof fetch} [ask]
 * @returns {Promise<number>} seconds, at most 120; 0 for no wait or no response
 */
export async function askedToWait(address, ask = fetch) {
  try {
    const { status, headers } = await ask(address.replace(/^ws/, "http"), { cache: "no-store" });
    const seconds = Number(headers.get("Retry-After"));
    return (status === 429 || status === 503) && seconds > 0 ? Math.min(seconds, LONGEST_SECONDS) : 0;
  } catch {
    return 0;
  }
}
