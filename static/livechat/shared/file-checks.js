/** Checks of files before and after their upload. */

/** @import { FileRules } from "./wire.d.ts" */

/** A file that cannot be read within this time may be read later, as one of a cloud drive. */
const READ_MS = 10_000;

/**
 * Check a file before the upload; the server checks it again.
 * @param {{ name: string, type: string, size: number }} file
 * @param {FileRules} rules
 * @returns {string} the code of a rejection, or ""
 */
export function problem(file, { accept, max_bytes }) {
  if (!accept) return "files_off";
  if (!accepts(accept, file)) return "file_type";
  if (!file.size) return "file_empty";
  return file.size > max_bytes ? "too_large" : "";
}

/** @param {string} accept  as of a file input @param {{ name: string, type: string }} file */
export function accepts(accept, { name, type }) {
  const kind = (type.split(";")[0] ?? "").trim().toLowerCase();
  return accept.split(",").map((one) => one.trim().toLowerCase()).some((one) => one.startsWith(".")
    ? name.toLowerCase().endsWith(one)
    : one.endsWith("/*") ? kind.startsWith(one.slice(0, -1)) : Boolean(one) && one === kind);
}

/**
 * Whether a file may be a picture that the browser can make smaller or convert. GIFs are animated,
 * and a drawing (SVG) is refused.
 * @param {File} file @param {FileRules} rules
 */
export function isPreparable({ name, type }, { accept }) {
  return accepts(accept, { name: "", type: "image/jpeg" })
    && (/^image\/(?!gif|svg)/.test(type) || /\.(?:jpe?g|jfif|png|webp|hei[cf]|avif|bmp|tiff?)$/i.test(name));
}

/**
 * Whether a file can be read. Not if it was deleted or changed after it was chosen, if its drive is
 * gone, or if it is a folder.
 * @param {File} file @returns {Promise<boolean>} also true if that is not known within ten seconds
 */
export function isReadable(file) {
  const read = Promise.all([file.slice(0, 1), file.slice(-1)].map((part) => part.arrayBuffer()));
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const late = new Promise((resolve) => { timer = setTimeout(resolve, READ_MS); });
  return Promise.race([read, late]).then(() => true, () => false).finally(() => clearTimeout(timer));
}
