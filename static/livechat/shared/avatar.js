import { element } from "./element.js";
import { initials, tone } from "./words.js";

/**
 * A round with somebody's initials, in a colour that stays with the name. Decoration: the name
 * itself stands beside it.
 * @param {string} name
 * @returns {HTMLSpanElement}
 */
export function avatar(name) {
  const round = element("span", { className: "avatar toned", textContent: initials(name), ariaHidden: "true" });
  round.style.setProperty("--hue", String(15 + tone(name) * 45));
  return round;
}
