import { element } from "../shared/element.js";
import { initials } from "../shared/words.js";

const MAX = 3;

/**
 * The faces of at most three people, one over the other: pictures, or initials. Decoration: the
 * names stand beside them.
 * @param {{ name: string, avatar: string }[]} people
 * @param {boolean} present  whether they are there
 * @returns {HTMLSpanElement}
 */
export function faces(people, present) {
  const shown = people.slice(0, MAX).map(({ name, avatar }) => avatar
    ? element("img", { className: "avatar", src: avatar, alt: "" })
    : element("span", { className: "avatar", textContent: initials(name) }));
  return element("span", { className: `faces${present ? " present" : ""}`, ariaHidden: "true" }, ...shown);
}
