/** Contrast of colours, as in `livechat/domain/colours.py`, for the form and its preview. */

const READABLE = 4.5;

/**
 * Return `foreground` if it is readable on `background` (WCAG 2.2 AA), else black or white.
 * @param {string} foreground  such as #ffffff
 * @param {string} background
 * @returns {string}
 */
export function readable(foreground, background) {
  if (contrast(foreground, background) >= READABLE) return foreground;
  return contrast("#ffffff", background) >= contrast("#000000", background) ? "#ffffff" : "#000000";
}

/** @param {string} one @param {string} other @returns {number} 1 to 21 */
export function contrast(one, other) {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** @param {string} colour @returns {number} */
function luminance(colour) {
  const [red = 0, green = 0, blue = 0] = channels(colour).map((byte) => {
    const part = byte / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {string} colour  such as #fff or #ffffff @returns {number[]} red, green and blue, 0 to 255 */
function channels(colour) {
  const long = colour.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  return [1, 3, 5].map((start) => parseInt(long.slice(start, start + 2), 16));
}
