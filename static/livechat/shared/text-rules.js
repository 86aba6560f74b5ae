/** Rules for texts that people write. Pure. The server checks again (`livechat/domain/text.py`). */

export const MAX_CHARACTERS = 8_000;

// White space, control and format characters, marks without a base, and invisible letters. Not all
// unassigned characters (`Cn`): fonts have emoji that are newer than the browser.
const NOTHING = /^[\s\p{Cc}\p{Cf}\p{NChar}\p{DI}\p{Mn}\p{Me}\u2800]*$/u;

/** @param {string} text @returns {boolean} */
export function isBlank(text) {
  return NOTHING.test(text);
}

/**
 * Return the number of characters as the server counts them: an emoji is one, not two. For a text
 * of up to half the limit it may be too high.
 * @param {string} text
 * @returns {number}
 */
export function countCharacters(text) {
  return text.length <= MAX_CHARACTERS / 2 ? text.length : Array.from(text).length;
}

/** @param {string} name @returns {string} one or two letters for an avatar */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], words.at(-1)] : words;
  return chosen.map((word) => Array.from(word ?? "")[0] ?? "").join("").toUpperCase();
}

/** @param {string} name @returns {number} 0 to 7, always the same for a name */
export function tone(name) {
  let value = 0;
  for (const character of name) value = (value * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return value % 8;
}
