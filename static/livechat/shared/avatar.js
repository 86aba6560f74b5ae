/** A person's round picture, or initials in its place. */

import { element } from "./element.js";
import { initials, tone } from "./text-rules.js";

/**
 * Return a person's round picture. Without a picture, or if it fails to load, the person's initials
 * are shown in a colour that depends on the name. Decoration: the name stands beside it.
 * @param {string} name
 * @param {string} [picture]  a path on this server
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
