/** What a search means: in the list, and in the palette. Pure. */

/** Without case and accents. @param {string} text */
export function fold(text) {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
}

/**
 * Whether every word of `query` is somewhere in `texts`.
 * @param {string} query
 * @param {string[]} texts
 */
export function has(query, texts) {
  const all = fold(texts.join("\n"));
  return fold(query).split(/\s+/u).every((word) => all.includes(word));
}

/**
 * How well a text fits what was typed: 0 for not at all. The beginning is better than the beginning of a
 * word, that better than the middle, and that better than letters in the right order.
 * @param {string} query
 * @param {string} text
 * @returns {number}
 */
export function fit(query, text) {
  const wanted = fold(query.trim());
  const given = fold(text);
  if (!wanted) return 1;
  if (given.startsWith(wanted)) return 100;
  const at = given.indexOf(wanted);
  if (at > 0) return /[\p{L}\p{N}]/u.test(given[at - 1] ?? "") ? 60 : 80;
  const words = wanted.split(/\s+/u);
  if (words.length > 1 && words.every((word) => given.includes(word))) return 50;
  // Scattered letters of a long text mean nothing.
  if (given.length > 60) return 0;
  let from = 0;
  let gaps = 0;
  for (const letter of wanted.replace(/\s+/gu, "")) {
    const found = given.indexOf(letter, from);
    if (found < 0) return 0;
    gaps += found - from;
    from = found + 1;
  }
  return gaps <= 2 * wanted.length ? Math.max(1, 40 - gaps) : 0;
}

/**
 * Those that fit, the best first; what fits equally keeps its order.
 * @template One
 * @param {string} query
 * @param {readonly One[]} all
 * @param {(one: One) => { text: string, weight: number }[]} textsOf  each with how much it counts, 0 to 1
 * @param {number} most
 * @returns {One[]}
 */
export function best(query, all, textsOf, most) {
  return all
    .map((one) => ({ one, value: Math.max(0, ...textsOf(one).map(({ text, weight }) => fit(query, text) * weight)) }))
    .filter(({ value }) => value > 0)
    .sort((one, other) => other.value - one.value)
    .slice(0, most)
    .map(({ one }) => one);
}
