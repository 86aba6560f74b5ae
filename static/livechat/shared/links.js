/** Links in texts that people write. Pure. */

// Letters of scripts that put spaces between words. In others a sentence may touch an address.
const WORD = String.raw`\d\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}`;

// Where a link begins. A mail address is matched as a whole; its parts are bounded, so that any
// text takes linear time.
const START = new RegExp(
  String.raw`https?://|(?<![${WORD}@./-])www\.`
  + String.raw`|(?<![${WORD}])[${WORD}][${WORD}.+'’_-]{0,63}@((?:[${WORD}][${WORD}-]{0,62}\.){1,8}`
  + String.raw`[\p{sc=Latn}\p{sc=Grek}\p{sc=Cyrl}][${WORD}-]{0,61}[${WORD}])(?!\.?[${WORD}@])`, "giu");

const HOST = /(?:\[[\da-f:.]+\])?[\p{L}\p{M}\p{N}\u200C\u200D.:@%_-]*/iuy;

const WWW = /^www\.(?:[^.:]+\.)+[\p{L}\p{M}\d-]{2,}(?::\d+)?$/iu;

// What may end an address behind its host: spaces, controls, quotes, and punctuation that is not
// ASCII. Symbols and ASCII punctuation may be part of it.
const BREAK = /[\s<>"`|\\^()[\]{}'&＜＞｜～]|[^\p{L}\p{M}\p{N}\p{S}!-~]/gu;

const PAIRS = new Map([["(", ")"], ["[", "]"], ["{", "}"]]);

// Part of a word if a letter or emoji follows: "Jean‐Paul’s", "l·l", joiners.
const INNER = /[·・’׳״‐‑–\u200C\u200D](?=[\p{L}\p{M}\p{N}\p{So}])/uy;

const ENTITY = /&(?:[gl]t|quot|#39);/iy;

// Punctuation after an address belongs to the sentence; asterisks and tildes are emphasis.
const TRAILING = new Set(".,;:!?'*~([{");

/** Emphasis that began before an address and may end behind it. */
const UNDERLINED = /(?<![\p{L}\p{N}_])_+[^_\n]*$/u;

/** Browsers and servers reject longer addresses. */
const MAX_ADDRESS = 2_048;

const AUTHORITY = /^https?:\/\/([^/?#\\]*)/iu;

// A label of a host in one script, whose letters cannot be mistaken for ASCII.
const LABELS = /^(?:[!-~]*|[a-zà-öø-ÿāăąćčďđēęěģğīįķļľłńņňőœŕřśşšţťūůűųźżž\d-]+|[\p{sc=Hira}\p{sc=Kana}\p{sc=Han}ー\d-]+|[\p{sc=Hang}\d-]+|[\p{sc=Arab}\d-]+|[\p{sc=Hebr}\d-]+|[\p{sc=Thai}\d-]+|[\p{sc=Deva}\d-]+)$/u;
// Scripts that can be mistaken for ASCII: allowed only if the whole host is in one of them.
const WHOLE = /^(?:[\p{sc=Cyrl}\d.-]+|[\p{sc=Grek}\d.-]+)$/u;

/** @typedef {{ text: string, href?: string }} Part */

/**
 * Split `text` into plain parts and links: addresses of the web, also without "https://" before
 * "www.", and of mail. Joined, the parts are the text again, except for hosts that could be mistaken
 * for others.
 * @param {string} text
 * @returns {Part[]}
 */
export function parts(text) {
  /** @type {Part[]} */
  const found = [];
  let end = 0;
  let seen = 0;
  START.lastIndex = 0;
  for (let match; (match = START.exec(text)); seen = START.lastIndex) {
    const [begun, host] = match;
    const stop = host ? START.lastIndex : stopOf(text, match.index + begun.length, text[match.index - 1]);
    const marks = UNDERLINED.test(text.slice(seen, match.index)) ? "_" : "";
    const address = host ? begun : trimmed(text.slice(match.index, stop), marks);
    const part = host ? mail(begun, host) : web(address);
    START.lastIndex = part ? match.index + address.length : stop;
    if (!part) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push(part);
    end = START.lastIndex;
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
  return address.replace(written, () => new URL(address).host);
}

/** @param {string} host  with its port */
function isHonest(host) {
  const name = host.replace(/:\d*$/, "").toLowerCase();
  return WHOLE.test(name) || name.split(".").every((label) => LABELS.test(label));
}

/**
 * Return where an address ends, at the latest.
 * @param {string} text
 * @param {number} host  where its host begins
 * @param {string | undefined} before  the character before the address
 * @returns {number}
 */
function stopOf(text, host, before) {
  HOST.lastIndex = host;
  HOST.exec(text);
  const end = HOST.lastIndex;
  if (!"/?#".includes(text[end] ?? " ")) return end;
  /** @type {(string | undefined)[]} */
  const open = [];
  BREAK.lastIndex = end;
  for (let match; (match = BREAK.exec(text));) {
    const [mark] = match;
    if (PAIRS.has(mark)) open.push(PAIRS.get(mark));
    // A closing bracket belongs to the address only when it was opened in it.
    else if (")]}".includes(mark) ? open.pop() !== mark
      : mark === "'" ? before === mark
        : !(mark === "&" ? !isAt(ENTITY, text, match.index) : isAt(INNER, text, match.index))) return match.index;
  }
  return text.length;
}

/** @param {RegExp} sticky @param {string} text @param {number} index */
function isAt(sticky, text, index) {
  sticky.lastIndex = index;
  return sticky.test(text);
}

/** @param {string} address @param {string} marks  more that may trail @returns {string} without the punctuation around it */
function trimmed(address, marks) {
  let end = address.length;
  while (TRAILING.has(address[end - 1] ?? "") || (marks && address[end - 1] === marks)) end -= 1;
  return address.slice(0, end);
}

/** @param {string} address  from "http" or "www." on @returns {Part | null} */
function web(address) {
  const isWhole = /^http/iu.test(address);
  if (!isWhole && !WWW.test(address.split(/[/?#]/u, 1)[0] ?? "")) return null;
  const scheme = isWhole ? "" : "https://";
  const href = webAddress(scheme + address);
  return href ? { text: shownAddress(scheme + address).slice(scheme.length), href } : null;
}

/** @param {string} address @param {string} host  of it @returns {Part | null} */
function mail(address, host) {
  const local = address.slice(0, -host.length);
  const page = webAddress(`https://${host}`);
  if (!page) return null;
  const href = `mailto:${encodeURI(local)}${new URL(page).host}`;
  return { text: local + shownAddress(`https://${host}`).slice(8), href };
}
