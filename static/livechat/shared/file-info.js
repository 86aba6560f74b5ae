import { language } from "./dates.js";
import { element } from "./element.js";
import { files } from "./file-addresses.js";
import { now } from "./server-time.js";

/** @import { File as Stored } from "./wire.d.ts" */

/** Addresses are good for ten minutes; the last one is for slow ways. */
const GOOD_MS = 540_000;
const PATIENCE_MS = 8_000;

/** @type {Map<string, { file: Stored, at: number }>} the addresses asked for, and when they came */
const newest = new Map();
/** @type {Map<string, (file: Stored | null) => void>} */
const asked = new Map();

files.heard = ({ type, file, command }) => {
  if (type === "file.opened" && file) {
    newest.set(file.id, { file, at: Number(now()) });
    asked.get(file.id)?.(file);
  }
  // A refusal names nobody; they are answered in order.
  if (type === "rejected" && command === "file.open") asked.values().next().value?.(null);
};

/** @template {Stored} Known @param {Known} file @returns {Known | Stored} with the newest addresses there are */
export function known(file) {
  return newest.get(file.id)?.file ?? file;
}

/**
 * How long ago the addresses in a message were given nobody noted: they are asked for again.
 * @param {Stored} file
 * @param {boolean} [again]  the known addresses have just failed
 * @returns {Promise<Stored | null>} with addresses that work; null when it cannot be had
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
    else setTimeout(() => asked.get(file.id) === answer && answer(null), PATIENCE_MS);
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
 * Cut a name so that its end stays in view when there is no room: the end tells what it is.
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

/** @param {string} name @returns {HTMLElement} isolated from the writing around it, whole as title */
export function nameOf(name) {
  const [start, end] = split(name);
  return element("bdi", { className: "file-name", title: name, dir: "auto" },
    element("span", { textContent: start }), end && element("span", { textContent: end }));
}

/** Save a file, whatever the age of its address. @param {Stored} file @returns {Promise<boolean>} */
export async function download(file) {
  // Without a connection the old address may still do.
  const found = await fresh(file) ?? known(file);
  if (found.url) element("a", { href: found.url, download: found.name }).click();
  return Boolean(found.url);
}

/** @param {string} file  of static/livechat/css @returns {Promise<void>} when it is there, or cannot be had */
export function style(file) {
  const href = new URL(`../css/${file}`, import.meta.url).href;
  return new Promise((done) => {
    const link = element("link", { rel: "stylesheet", href });
    link.onload = link.onerror = () => done();
    document.head.append(link);
  });
}

/** @type {Map<string, string>} blob: addresses of own pictures, by key and by id of the file */
export const previews = new Map();

/** @param {string} key */
export function dropPreview(key) {
  const address = previews.get(key);
  if (!address) return;
  URL.revokeObjectURL(address);
  for (const [other, same] of previews) if (same === address) previews.delete(other);
}
