/** Rules for texts that people write. Pure. The server checks again (`livechat/domain/text.py`). */

export const MAX_CHARACTERS = 8_000;

// White space, control and format characters, marks without a base, and invisible letters. Not all
// unassigned characters (`Cn`): fonts have emoji that are newer than the browser.
const NOTHING = /^[\s\p{Cc}\p{Cf}\p{NChar}\p{DI}\p{Mn}\p{Me}\u2800]*$/u;

const LINK = /https?:\/\/[^\s<>"'`{}|\\^\u200B-\u200F\u202A-\u202E]+/giu;

// A full stop after an address ends the sentence, not the address.
const TRAILING = new Set(".,;:!?'\"»”’");

/** Browsers and servers reject longer addresses. */
const MAX_ADDRESS = 2_048;

const AUTHORITY = /^https?:\/\/([^/?#\\]*)/iu;

// A label of a host in one script, whose letters cannot be mistaken for ASCII.
const LABELS = /^(?:[!-~]*|[a-zà-öø-ÿāăąćčďđēęěģğīįķļľłńņňőœŕřśşšţťūůűųźżž\d-]+|[\p{sc=Hira}\p{sc=Kana}\p{sc=Han}ー\d-]+|[\p{sc=Hang}\d-]+|[\p{sc=Arab}\d-]+|[\p{sc=Hebr}\d-]+|[\p{sc=Thai}\d-]+|[\p{sc=Deva}\d-]+)$/u;
// Scripts that can be mistaken for ASCII: allowed only if the whole host is in one of them.
const WHOLE = /^(?:[\p{sc=Cyrl}\d.-]+|[\p{sc=Grek}\d.-]+)$/u;

/** @typedef {{ text: string, href?: string }} Part */

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

/**
 * Split `text` into plain parts and links. Joined, the parts are the text again, except for hosts
 * that could be mistaken for others.
 * @param {string} text
 * @returns {Part[]}
 */
export function parts(text) {
  /** @type {Part[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = trimmed(match[0]);
    const href = webAddress(address);
    if (!href) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: shownAddress(address), href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end) });
  return found;
}

/**
 * Return what a reader sees of `text` where links are plain text.
 * @param {string} text
 * @returns {string}
 */
export function shown(text) {
  return parts(text).map((part) => part.text).join("");
}

/**
 * Return `address` as a link; "" if it is not http or https, is too long, or has a user name, which
 * could be mistaken for the host.
 * @param {string} address
 * @returns {string}
 */
export function webAddress(address) {
  if (address.length > MAX_ADDRESS) return "";
  try {
    const url = new URL(address);
    return /^https?:$/.test(url.protocol) && !AUTHORITY.exec(address)?.[1]?.includes("@") ? url.href : "";
  } catch {
    return "";
  }
}

/**
 * Return `address` as written, but with the ASCII form of its host ("xn--…") if that could be
 * mistaken for another host.
 * @param {string} address
 * @returns {string}
 */
export function shownAddress(address) {
  const written = AUTHORITY.exec(address)?.[1] ?? "";
  if (isHonest(written) || !webAddress(address)) return address;
  return address.replace(written, new URL(address).host);
}

/** @param {string} host  with its port */
function isHonest(host) {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return WHOLE.test(name) || name.split(".").every((label) => LABELS.test(label));
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

/** @param {string} address @returns {string} without the punctuation of the sentence around it */
function trimmed(address) {
  const opened = address.indexOf("(");
  let end = address.length;
  // A closing bracket belongs to the address only when it was opened in it.
  while (TRAILING.has(address[end - 1] ?? "") || (address[end - 1] === ")" && !(opened >= 0 && opened < end))) end -= 1;
  return address.slice(0, end);
}
