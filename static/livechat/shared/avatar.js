import { element } from "./element.js";
import { initials, tone } from "./words.js";

/**
 * A round with somebody's initials, in a colour that stays with the name. Decoration: the name
 * itself stands beside it.
 * @param {string} name
 * @returns {HTMLSpanElement}
 */
export function avatar(name) {
  return element("span", {
    className: "avatar", textContent: initials(name), ariaHidden: "true", data: { tone: String(tone(name)) },
  });
}
