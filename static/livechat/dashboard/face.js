import { avatar } from "../shared/avatar.js";
import { element } from "../shared/element.js";

/**
 * A colleague's picture, or his initials.
 * @param {string} name
 * @param {string} picture  a path of this server, "" for none
 */
export function face(name, picture) {
  const round = avatar(name);
  if (picture) {
    round.classList.add("has-picture");
    round.replaceChildren(element("img", { src: picture, alt: "" }));
  }
  return round;
}
