/** Detects by digest whether the inbox has missed an event. */

/**
 * Return the digest of an inbox, the same as `livechat/domain/inbox_digest.py`: FNV-1a over the
 * sorted `id:revision:head` of its conversations.
 * @param {{ id: string, revision: number, head: number }[]} conversations
 * @returns {string} eight hex digits
 */
export function digest(conversations) {
  const rows = conversations.map(({ id, revision, head }) => `${id}:${revision}:${head}`);
  rows.sort();
  let value = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(rows.join(";"))) {
    value = Math.imul(value ^ byte, 0x01000193);
  }
  return (value >>> 0).toString(16).padStart(8, "0");
}

/**
 * Compares digests. One difference may be an event under way; two in a row mean that one was lost.
 */
export class Comparison {
  #differed = false;

  /** @param {string} own @param {string} theirs @returns {boolean} whether an event was lost */
  isLoss(own, theirs) {
    const lost = this.#differed && own !== theirs;
    this.#differed = !lost && own !== theirs;
    return lost;
  }
}
