/** The integer arithmetic of `livechat/domain/colours.py`, so that both find the same colours. */

import { contrast } from "./colours.js";

const STEPS = 256;
const BLACK = [0, 0, 0];
const WHITE = [255, 255, 255];

/** Return whether a text is exactly #rrggbb. @param {string} text */
export function isColour(text) {
  return /^#[0-9a-f]{6}$/i.test(text);
}

/**
 * Return the colour closest to `colour` that has the contrast `wanted` with `against`.
 * @param {string} colour @param {string} against @param {number} wanted
 * @returns {string}
 */
export function nearest(colour, against, wanted) {
  if (contrast(colour, against) >= wanted) return colour.toLowerCase();
  const start = bytes(colour);
  const found = [BLACK, WHITE]
    .map((end) => mixtures(start, end).find((mixed) => contrast(mixed, against) >= wanted))
    .filter((mixed) => mixed !== undefined);
  if (!found.length) return contrast("#000000", against) >= contrast("#ffffff", against) ? "#000000" : "#ffffff";
  return found.reduce((one, other) => (distance(start, bytes(other)) < distance(start, bytes(one)) ? other : one));
}

/** @param {number[]} start @param {number[]} end */
function mixtures(start, end) {
  return Array.from({ length: STEPS }, (_, index) => {
    const step = index + 1;
    const mixed = start.map((own, part) => Math.floor((own * (STEPS - step) + (end[part] ?? 0) * step + STEPS / 2) / STEPS));
    return `#${mixed.map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  });
}

/** @param {number[]} one @param {number[]} other */
function distance(one, other) {
  return one.reduce((sum, byte, part) => sum + (byte - (other[part] ?? 0)) ** 2, 0);
}

/** @param {string} colour */
function bytes(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}
