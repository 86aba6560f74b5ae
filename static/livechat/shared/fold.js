/**
 * What counts as the same in every search: `livechat/domain/search.py` says it in full, and
 * `tests/search_cases.json` has examples for both. Pure.
 */

// Accents and points; not the vowels of Indic and Thai writing, and not the voicing of kana.
const MARKS = new RegExp(
  "(?![\\u3099\\u309a])(?=\\p{Mn})"
  + "[\\p{Script=Inherited}\\p{Script=Cyrillic}\\p{Script=Hebrew}\\p{Script=Arabic}\\p{Script=Syriac}]"
  + "|[\\u093c\\u09bc\\u0a3c\\u0abc\\u0b3c\\u0cbc]|[\\p{Cf}\\u0640]",
  "gu",
);
const LIKE = /** @type {Record<string, string>} */ ({
  "ß": "ss", "ς": "σ", "ı": "i", "ȷ": "j", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "æ": "ae",
  "œ": "oe", "þ": "th",
});
const LIKE_OTHERS = new RegExp(`[${Object.keys(LIKE).join("")}]`, "gu");

/** Remove case, accents, special forms and what shows nothing. @param {string} text */
export function fold(text) {
  return text.normalize("NFKD").replace(MARKS, "").toLowerCase()
    .replace(LIKE_OTHERS, (letter) => LIKE[letter] ?? letter).normalize("NFC");
}
