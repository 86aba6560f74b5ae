import { element } from "./element.js";
import { initials, tone } from "./words.js";

/**
 * A round with somebody's picture, or his initials in a colour that stays with the name. Decoration:
 * the name itself stands beside it.
 * @param {string} name
 * @param {string} [picture]  a path of this server
 * @returns {HTMLSpanElement}
 */
export function avatar(name, picture) {
  if (picture) {
    return element("span", { className: "avatar", ariaHidden: "true" }, element("img", { src: picture, alt: "" }));
  }
  const round = element("span", { className: "avatar toned", textContent: initials(name), ariaHidden: "true" });
  round.style.setProperty("--hue", String(15 + tone(name) * 45));
  return round;
}
