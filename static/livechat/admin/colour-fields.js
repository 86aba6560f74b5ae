/** Colour fields of the channel's form: picker, contrast, and a readable suggestion. */

import { element } from "../shared/element.js";
import { contrast } from "./colours.js";
import { isColour, nearest } from "./contrast.js";

/**
 * Add a picker to each colour, and the contrast below each pair of colours.
 * @param {HTMLElement} root
 */
export function watchColours(root) {
  for (const line of root.querySelectorAll(".contrast")) watch(/** @type {HTMLElement} */ (line));
}

/** @param {HTMLElement} line */
function watch(line) {
  const { background = "", foreground = "", good = "", low = "", use = "" } = line.dataset;
  const wanted = Number(line.dataset.wanted);
  const behind = field(background);
  const before = field(foreground);
  if (!behind || !before) return;
  const said = element("span", { attributes: { role: "status" } });
  const instead = element("button", { type: "button", className: "plain", hidden: true });
  line.append(said, instead);
  line.hidden = false;
  addPicker(behind);
  addPicker(before);

  const refresh = () => {
    const valid = isColour(behind.value) && isColour(before.value);
    const reached = valid ? contrast(behind.value, before.value) : 0;
    const passes = reached >= wanted;
    // Rounded down: 4.49 does not reach 4.5.
    const figure = (Math.floor(reached * 10) / 10).toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1 });
    const text = valid ? (passes ? good : low).replace("{contrast}", figure) : "";
    if (said.textContent !== text) said.textContent = text;
    line.classList.toggle("low", valid && !passes);
    instead.hidden = !valid || passes;
    if (instead.hidden) return;
    const better = nearest(behind.value, before.value, wanted);
    instead.textContent = use.replace("{colour}", better);
    instead.dataset.colour = better;
    instead.style.setProperty("--colour", better);
  };
  instead.addEventListener("click", () => {
    behind.value = instead.dataset.colour ?? behind.value;
    behind.dispatchEvent(new Event("input", { bubbles: true }));
    behind.focus();
  });
  behind.addEventListener("input", refresh);
  before.addEventListener("input", refresh);
  refresh();
}

/** @param {string} name */
function field(name) {
  return /** @type {HTMLInputElement | null} */ (document.getElementById(`id_${name}`));
}

/** @param {HTMLInputElement} text */
function addPicker(text) {
  // Only the text, without the star of a required field.
  const label = text.labels?.[0]?.firstChild?.textContent?.trim() ?? "";
  const picker = element("input", { type: "color", className: "picker", attributes: { "aria-label": label } });
  const both = element("span", { className: "colour" });
  text.before(both);
  both.append(picker, text);
  text.spellcheck = false;
  const follow = () => { if (isColour(text.value)) picker.value = text.value; };
  picker.addEventListener("input", () => {
    text.value = picker.value;
    text.dispatchEvent(new Event("input", { bubbles: true }));
  });
  text.addEventListener("input", follow);
  follow();
}
