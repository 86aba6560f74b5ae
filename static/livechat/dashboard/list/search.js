/** Matching for the search in the list and in the palette. Pure. */

import { fold } from "../../shared/fold.js";

/**
 * Return whether every word of `query` is somewhere in `texts`.
 * @param {string} query
 * @param {string[]} texts
 */
export function has(query, texts) {
  const all = fold(texts.join("\n"));
  return fold(query).split(/\s+/u).every((word) => all.includes(word));
}

/**
 * Return how well a text matches, 0 for not at all. Best is its beginning, then the beginning of a
 * word, the middle, all words in any order, and letters in the right order.
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
  // Scattered letters in a long text match by chance.
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
 * Return up to `most` matches, best first; equal ones keep their order.
 * @template One
 * @param {string} query
 * @param {readonly One[]} all
 * @param {(one: One) => { text: string, weight: number }[]} textsOf  weights from 0 to 1
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
