import { element } from "./element.js";
import { initials, tone } from "./text-rules.js";

/**
 * A round with somebody's picture, or his initials in a colour that stays with the name; initials as
 * well where the picture cannot be had. Decoration: the name itself stands beside it.
 * @param {string} name
 * @param {string} [picture]  a path of this server
 * @returns {HTMLSpanElement}
 */
export function avatar(name, picture) {
  const round = element("span", { className: "avatar", ariaHidden: "true" });
  const letters = () => {
    round.textContent = initials(name);
    round.classList.add("toned");
    round.style.setProperty("--hue", String(15 + tone(name) * 45));
  };
  if (picture) round.append(element("img", { onerror: letters, src: picture, alt: "" }));
  else letters();
  return round;
}
