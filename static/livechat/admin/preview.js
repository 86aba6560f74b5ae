/** The widget's preview beside the channel's form, updated at every change. */

import { readable } from "./colours.js";
import { isColour } from "./contrast.js";

const COLOURS = {
  button_background_color: "--button",
  button_text_color: "--icon",
  header_background_color: "--header",
  title_color: "--title",
};
/** Text colour, background, property of the result: the widget replaces unreadable text colours. */
const WORDS = [["--title", "--header", "--on-header"], ["--icon", "--button", "--on-button"]];
/** Most suggestions that the widget shows; the form rejects more. */
const MOST_LINES = 4;

/**
 * Update the preview with the fields. Texts never become HTML, and invalid colours are ignored.
 * @param {HTMLElement} root
 */
export function showPreview(root) {
  const preview = /** @type {HTMLElement | null} */ (root.querySelector("[data-preview]"));
  if (!preview) return;

  for (const shown of preview.querySelectorAll("[data-shows]")) {
    const part = /** @type {HTMLElement} */ (shown);
    follow(part.dataset.shows ?? "", (value) => {
      part.textContent = value;
      // A message or notification without a text is not shown to visitors either.
      part.classList.toggle("void", !value.trim());
    });
  }
  for (const shown of preview.querySelectorAll("[data-lines]")) {
    const list = /** @type {HTMLElement} */ (shown);
    follow(list.dataset.lines ?? "", (value) => {
      const lines = value.split("\n").map((line) => line.trim()).filter(Boolean);
      list.replaceChildren(...lines.slice(0, MOST_LINES).map((line) => {
        const item = document.createElement("li");
        item.textContent = line;
        return item;
      }));
    });
  }
  for (const [name, property] of Object.entries(COLOURS)) {
    follow(name, (value) => {
      if (isColour(value)) preview.style.setProperty(property, value);
      for (const [before = "", behind = "", shown = ""] of WORDS) {
        preview.style.setProperty(shown, readable(colour(preview, before), colour(preview, behind)));
      }
    });
  }
  follow("button_position", (value) => { preview.dataset.corner = value; });
  follow("theme", (value) => { preview.dataset.look = value; });

  const choice = /** @type {HTMLElement | null} */ (preview.querySelector(".switch"));
  if (!choice) return;
  choice.hidden = false;
  const buttons = /** @type {HTMLElement[]} */ ([...choice.querySelectorAll("[data-scheme]")]);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      preview.classList.toggle("is-dark", button.dataset.scheme === "dark");
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    });
  }
}

/** @param {HTMLElement} preview @param {string} property */
function colour(preview, property) {
  return preview.style.getPropertyValue(property).trim();
}

/** @param {string} name @param {(value: string) => void} show */
function follow(name, show) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById(`id_${name}`));
  if (!field) return;
  field.addEventListener("input", () => show(field.value));
  field.addEventListener("change", () => show(field.value));
  show(field.value);
}
