/** Helpers for files: addresses, sizes, names, downloads, previews and style sheets. */

import { language } from "./dates.js";
import { element } from "./element.js";
import { files } from "./file-addresses.js";
import { now } from "./server-time.js";

/** @import { File as Stored } from "./wire.d.ts" */

/** Addresses expire after ten minutes; the last minute is left for slow connections. */
const GOOD_MS = 540_000;
const TIMEOUT_MS = 8_000;

/** @type {Map<string, { file: Stored, at: number }>} by file id: newest addresses and their time */
const newest = new Map();
/** @type {Map<string, (file: Stored | null) => void>} */
const asked = new Map();

files.heard = ({ type, file, command }) => {
  if (type === "file.opened" && file) {
    newest.set(file.id, { file, at: Number(now()) });
    asked.get(file.id)?.(file);
  }
  // The rejection names no file. The server responds in order, so it is the oldest request.
  if (type === "rejected" && command === "file.open") asked.values().next().value?.(null);
};

/** @template {Stored} Known @param {Known} file @returns {Known | Stored} with newest addresses */
export function known(file) {
  return newest.get(file.id)?.file ?? file;
}

/**
 * Return a file with addresses that have not expired. The age of the addresses in a message is not
 * known, so new ones are requested unless some arrived in the last nine minutes.
 * @param {Stored} file
 * @param {boolean} [again]  the known addresses have just failed
 * @returns {Promise<Stored | null>} null without a connection, on rejection, or after 8 s
 */
export async function fresh(file, again = false) {
  const last = newest.get(file.id);
  if (!again && last && Number(now()) - last.at < GOOD_MS) return last.file;
  return new Promise((resolve) => {
    const before = asked.get(file.id);
    const answer = (/** @type {Stored | null} */ found) => {
      asked.delete(file.id);
      before?.(found);
      resolve(found);
    };
    asked.set(file.id, answer);
    if (!before && !files.send({ type: "file.open", file: file.id })) answer(null);
    else setTimeout(() => asked.get(file.id) === answer && answer(null), TIMEOUT_MS);
  });
}

const UNITS = /** @type {const} */ (["byte", "kilobyte", "megabyte", "gigabyte"]);

/** @param {number} bytes @returns {string} such as 1.2 MB, in the page's language */
export function sizeOf(bytes) {
  const power = Math.min(3, Math.floor(Math.log(Math.max(1, bytes)) / Math.log(1024)));
  const value = bytes / 1024 ** power;
  return new Intl.NumberFormat(language(), {
    style: "unit", unit: UNITS[power] ?? "byte", unitDisplay: power ? "short" : "long",
    maximumFractionDigits: value < 10 && power ? 1 : 0,
  }).format(value);
}

/**
 * Split a file name so that its end, with the file type, stays visible in a narrow space.
 * @param {string} name
 * @returns {[start: string, end: string]}
 */
export function split(name) {
  const characters = Array.from(name);
  const dot = characters.lastIndexOf(".");
  const extension = dot > 0 ? characters.length - dot : 0;
  const tail = extension > 0 && extension <= 6 ? extension + 3 : 6;
  if (characters.length <= tail + 8) return [name, ""];
  return [characters.slice(0, -tail).join(""), characters.slice(-tail).join("")];
}

/** @param {string} name @returns {HTMLElement} with its own text direction; the title is whole */
export function nameOf(name) {
  const [start, end] = split(name);
  return element("bdi", { className: "file-name", title: name, dir: "auto" },
    element("span", { textContent: start }), end && element("span", { textContent: end }));
}

/**
 * Download a file, also when its address has expired. Return false if it has no address.
 * @param {Stored} file @returns {Promise<boolean>}
 */
export async function download(file) {
  // Without a connection, try the old address.
  const found = await fresh(file) ?? known(file);
  if (found.url) element("a", { href: found.url, download: found.name }).click();
  return Boolean(found.url);
}

/**
 * Load a style sheet; wait until it is loaded or has failed.
 * @param {string} file  in static/livechat/css @returns {Promise<void>}
 */
export function style(file) {
  const href = new URL(`../css/${file}`, import.meta.url).href;
  return new Promise((done) => {
    const link = element("link", { rel: "stylesheet", href });
    link.onload = link.onerror = () => done();
    document.head.append(link);
  });
}

/** @type {Map<string, string>} `blob:` addresses of own pictures, by upload key and by file id */
export const previews = new Map();

/** @param {string} key */
export function dropPreview(key) {
  const address = previews.get(key);
  if (!address) return;
  URL.revokeObjectURL(address);
  for (const [other, same] of previews) if (same === address) previews.delete(other);
}
