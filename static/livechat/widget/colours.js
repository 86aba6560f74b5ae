/** Colours of the channel, made readable: an owner chooses a colour, nobody chooses to be unreadable. */

const READABLE = 4.5;

/**
 * `foreground` when it can be read on `background` (WCAG 2.2 AA), else black or white.
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
  const hex = colour.replace(/^#(.)(.)(.)$/, "#$1$1$2$2$3$3");
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((start) => {
    const part = parseInt(hex.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
