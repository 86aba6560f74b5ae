/** Makes pictures that the server would refuse smaller, and converts formats that it does not know. */

import { isReadable, problem } from "./file-checks.js";

/** @import { FileRules } from "./wire.d.ts" */

/** Bytes in which a picture's size is looked for. */
const HEAD_BYTES = 1024 * 1024;
/** Segments of a JPEG that are visited. */
const MAX_SEGMENTS = 2_000;
/** Phones cannot draw more: Safari on iPhones ends at 16.7 million. */
const DRAWN_PIXELS = 16_000_000;
/** A decoded pixel takes four bytes. With more, phones end the page. */
const DECODED_PIXELS = 120_000_000;
const DECODED_BYTES = 100 * 1024 * 1024;
/** Drawn at once; then the page can do other work. A worker would need a Trusted Types policy. */
const STRIP_PIXELS = 500_000;
/** Below this, the picture would not be worth sending. */
const LEAST_PIXELS = 250_000;
const QUALITY = 0.9;

/**
 * What a file's first bytes say about a picture. Sizes in pixels, 0 if unknown.
 * @typedef {object} Outline
 * @property {"jpeg" | "png" | "gif" | "webp" | "other"} kind  other: the server does not know it
 * @property {number} width
 * @property {number} height
 * @property {boolean} animated  it cannot be redrawn
 * @property {boolean} opaque  no part of it is transparent
 *
 * @typedef {Pick<FileRules, "max_pixels" | "max_side">} Limits
 */

/**
 * Return the picture to upload, or the code of a refusal. A picture that fits stays as it is, and so
 * does an animated one. Another is redrawn: upright, below the limits, without its metadata.
 * @param {File} file @param {FileRules} rules
 * @returns {Promise<File | string>}
 */
export async function prepare(file, rules) {
  const refusal = problem(file, rules);
  if (!await isReadable(file)) return "file_unreadable";
  const outline = outlineOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
  if (!outline || outline.animated) return refusal || file;
  if (outline.kind !== "other" && file.size <= rules.max_bytes && fits(outline, rules)) return refusal || file;
  if (file.size > DECODED_BYTES) return "too_large";
  if (outline.width * outline.height > DECODED_PIXELS) return "image_too_large";
  return redraw(file, outline, rules);
}

/**
 * Return the picture drawn again within the limits, or the code of a refusal.
 * @param {File} file @param {Outline} outline @param {FileRules} rules
 * @returns {Promise<File | string>}
 */
async function redraw(file, outline, rules) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    if (outline.kind === "other") return "image_format";
    return fits(outline, rules) ? problem(file, rules) || file : "image_too_large";
  }
  try {
    return await withinLimits(bitmap, file, outline, rules);
  } finally {
    bitmap.close();
  }
}

/** @param {{ width: number, height: number }} size @param {Limits} limits */
function fits({ width, height }, { max_pixels, max_side }) {
  return Math.max(width, height) <= max_side && width * height <= max_pixels;
}

/**
 * Return the largest size of the same shape within the limits, never enlarged.
 * @param {{ width: number, height: number }} size @param {Limits} limits
 * @returns {{ width: number, height: number }}
 */
export function scaled({ width, height }, { max_pixels, max_side }) {
  const factor = Math.min(1, max_side / Math.max(width, height), Math.sqrt(max_pixels / (width * height)));
  const side = (/** @type {number} */ length) => Math.max(1, Math.floor(length * factor));
  return { width: side(width), height: side(height) };
}

/**
 * @param {ImageBitmap} bitmap @param {File} file @param {Outline} outline @param {FileRules} rules
 * @returns {Promise<File | string>}
 */
async function withinLimits(bitmap, file, { opaque }, rules) {
  const most = Math.min(rules.max_pixels, DRAWN_PIXELS);
  for (let pixels = most; pixels >= LEAST_PIXELS; pixels /= 2) {
    const size = scaled(bitmap, { max_pixels: pixels, max_side: rules.max_side });
    const blob = await drawn(bitmap, size, opaque ? "image/jpeg" : "image/webp");
    if (blob && blob.size <= rules.max_bytes) return new File([blob], named(file.name, blob.type), { type: blob.type });
  }
  return file.size > rules.max_bytes ? "too_large" : "image_too_large";
}

/**
 * @param {ImageBitmap} bitmap @param {{ width: number, height: number }} size @param {string} type
 * @returns {Promise<Blob | null>} PNG where the browser cannot write `type`; null if it cannot draw so much
 */
async function drawn(bitmap, size, type) {
  const canvas = Object.assign(document.createElement("canvas"), size);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  context.imageSmoothingQuality = "high";
  const scale = bitmap.height / size.height;
  const rows = Math.ceil(STRIP_PIXELS / size.width);
  for (let top = 0; top < size.height; top += rows) {
    const height = Math.min(rows, size.height - top);
    context.drawImage(bitmap, 0, top * scale, bitmap.width, height * scale, 0, top, size.width, height);
    await new Promise((resolve) => { setTimeout(resolve); });
  }
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, type, QUALITY); });
  // Safari keeps the memory of a canvas until it is empty.
  canvas.width = canvas.height = 0;
  return blob;
}

/** @param {string} name @param {string} type @returns {string} with the extension of `type` */
export function named(name, type) {
  const extension = type === "image/jpeg" ? "jpg" : type.replace("image/", "");
  const stem = name.replace(/\.[^.]{1,5}$/, "") || "file";
  return `${stem}.${extension}`;
}

/** @param {Uint8Array} bytes  the beginning of a file @returns {Outline | null} null for no picture */
export function outlineOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return jpeg(view) ?? png(view) ?? gif(view) ?? webp(view) ?? other(view);
  } catch (error) {
    // The file ends too early: the server reports it.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** @param {DataView} view @returns {Outline | null} */
function jpeg(view) {
  if (view.getUint16(0) !== 0xffd8 || view.getUint8(2) !== 0xff) return null;
  const found = { kind: /** @type {const} */ ("jpeg"), width: 0, height: 0, animated: false, opaque: true };
  for (let at = 2, count = 0; count < MAX_SEGMENTS && at + 9 <= view.byteLength; count += 1) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) at += 1;
    else if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return { ...found, width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else if (marker < 0xff00 || marker === 0xffda) break;
    else at += 2 + Math.max(2, view.getUint16(at + 2));
  }
  return found;
}

/** @param {DataView} view @returns {Outline | null} */
function png(view) {
  if (view.getUint32(0) !== 0x89504e47) return null;
  // Of an animated PNG the server too keeps only the first frame.
  return { kind: "png", width: view.getUint32(16), height: view.getUint32(20), animated: false, opaque: false };
}

/** @param {DataView} view @returns {Outline | null} */
function gif(view) {
  if (letters(view, 0, 3) !== "GIF") return null;
  return { kind: "gif", width: view.getUint16(6, true), height: view.getUint16(8, true), animated: true, opaque: false };
}

/** @param {DataView} view @returns {Outline | null} */
function webp(view) {
  if (letters(view, 0, 4) !== "RIFF" || letters(view, 8, 4) !== "WEBP") return null;
  const found = { kind: /** @type {const} */ ("webp"), animated: false, opaque: false };
  const form = letters(view, 12, 4);
  if (form === "VP8 ") {
    return { ...found, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, opaque: true };
  }
  if (form === "VP8L") {
    const bits = view.getUint32(21, true);
    return { ...found, width: (bits & 0x3fff) + 1, height: (bits >> 14 & 0x3fff) + 1 };
  }
  const side = (/** @type {number} */ at) => (view.getUint32(at, true) & 0xffffff) + 1;
  return { ...found, width: side(24), height: side(27), animated: Boolean(view.getUint8(20) & 2) };
}

/** Formats that some browsers decode. @param {DataView} view @returns {Outline | null} */
function other(view) {
  const found = { kind: /** @type {const} */ ("other"), width: 0, height: 0, animated: false };
  const isHeif = letters(view, 4, 4) === "ftyp" && /^(?:hei[cmsx]|hev[cx]|mif1|msf1|avi[fs])$/.test(letters(view, 8, 4));
  const isBitmap = letters(view, 0, 2) === "BM";
  if (isHeif || isBitmap) return { ...found, opaque: !letters(view, 8, 4).startsWith("av") };
  return [0x49492a00, 0x4d4d002a].includes(view.getUint32(0)) ? { ...found, opaque: false } : null;
}

/** @param {DataView} view @param {number} at @param {number} length */
function letters(view, at, length) {
  return String.fromCharCode(...Array.from({ length }, (_, index) => view.getUint8(at + index)));
}
