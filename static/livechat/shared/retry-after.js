const LONGEST_SECONDS = 120;

/**
 * How long the server wants us to stay away. A browser tells no page why a socket was refused, so
 * its address is asked once more by HTTP.
 * @param {string} address  of the socket
 * @param {typeof fetch} [ask]
 * @returns {Promise<number>} seconds, 0 when there is nothing against us or no answer
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
