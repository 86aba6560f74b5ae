/** Overlapping pictures of a team, for the widget's header and greeting. */

import { element } from "../shared/element.js";
import { initials } from "../shared/text-rules.js";

const MAX = 3;

/**
 * Return overlapping pictures of at most three people, or initials where a picture is missing or
 * fails to load. Decoration: the names stand beside them.
 * @param {{ name: string, avatar: string }[]} people
 * @param {boolean} present  whether they are available
 * @returns {HTMLSpanElement}
 */
export function faces(people, present) {
  return element("span", { className: `faces${present ? " present" : ""}`, ariaHidden: "true" },
    ...people.slice(0, MAX).map(face));
}

/** @param {{ name: string, avatar: string }} person @returns {HTMLElement} */
function face({ name, avatar }) {
  const letters = element("span", { className: "avatar", textContent: initials(name) });
  if (!avatar) return letters;
  const picture = element("img", { className: "avatar", src: avatar, alt: "" });
  picture.onerror = () => picture.replaceWith(letters);
  return picture;
}
