/** The back-off between two attempts to connect. Pure. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Return the back-off before attempt number `attempt` (0 is the first). It doubles up to 15 s. Half
 * of it is random, so that many browsers do not reconnect at the same moment.
 * @param {number} attempt
 * @param {number} random  0 ≤ random < 1
 * @returns {number} milliseconds
 */
export function delay(attempt, random) {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
