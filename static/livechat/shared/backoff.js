const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * How long to wait before attempt number `attempt` (0 is the first). Doubles up to a ceiling; a
 * random half keeps a thousand browsers from coming back in the same instant.
 * @param {number} attempt
 * @param {number} random  0 ≤ random < 1
 * @returns {number} milliseconds
 */
export function delay(attempt, random) {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 20));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}
