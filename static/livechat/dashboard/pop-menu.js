/** Menus that open at a button, for all parts of the inbox. */

import { element } from "../shared/element.js";

/** Pixels between the panel and the edges of the window. */
const EDGE = 8;

let count = 0;

/**
 * A button with a panel of buttons and links. Choosing one, Escape or a click elsewhere closes it;
 * arrow keys move through it.
 */
export class PopMenu {
  button;
  panel;

  /** @param {HTMLButtonElement} button @param {...Node} children */
  constructor(button, ...children) {
    const id = `menu-${count += 1}`;
    this.button = button;
    this.panel = element("div", { className: "pop-menu", id, popover: "auto" }, ...children);
    button.setAttribute("aria-expanded", "false");
    button.setAttribute("aria-controls", id);
    button.popoverTargetElement = this.panel;
    this.panel.addEventListener("beforetoggle", this.#place);
    this.panel.addEventListener("toggle", this.#toggled);
    this.panel.addEventListener("keydown", this.#key);
    this.panel.addEventListener("click", this.#chosen);
    button.addEventListener("keydown", this.#open);
  }

  close() {
    if (this.panel.matches(":popover-open")) this.panel.hidePopover();
  }

  /** @returns {HTMLElement[]} */
  get #items() {
    const all = /** @type {HTMLElement[]} */ ([...this.panel.querySelectorAll("button, a")]);
    return all.filter((item) => !item.hidden);
  }

  /** Place the panel beside its button: a popover is in the top layer, not at its parent. */
  #place = (/** @type {Event} */ event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    const { bottom, left, right, top } = this.button.getBoundingClientRect();
    const above = top > innerHeight / 2;
    const leftwards = left > innerWidth / 2;
    const { style } = this.panel;
    style.setProperty("top", above ? "auto" : `${bottom + 4}px`);
    style.setProperty("bottom", above ? `${innerHeight - top + 4}px` : "auto");
    style.setProperty("left", leftwards ? "auto" : `${Math.max(EDGE, left)}px`);
    style.setProperty("right", leftwards ? `${Math.max(EDGE, innerWidth - right)}px` : "auto");
    // The width is known only once the panel is open; this still runs before it is painted.
    requestAnimationFrame(this.#keepInside);
  };

  #keepInside = () => {
    const { left, right } = this.panel.getBoundingClientRect();
    const { style } = this.panel;
    if (left >= EDGE && right <= innerWidth - EDGE) return;
    style.setProperty("left", left < EDGE ? `${EDGE}px` : "auto");
    style.setProperty("right", left < EDGE ? "auto" : `${EDGE}px`);
  };

  #toggled = (/** @type {Event} */ event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    this.button.ariaExpanded = String(open);
  };

  #open = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    event.stopPropagation();
    this.panel.showPopover();
    this.#items.at(event.key === "ArrowDown" ? 0 : -1)?.focus();
  };

  #key = (/** @type {KeyboardEvent} */ event) => {
    const items = this.#items;
    const here = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape") event.stopPropagation();
    if (there === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    items.at(there % items.length)?.focus();
  };

  #chosen = (/** @type {MouseEvent} */ event) => {
    if (!/** @type {HTMLElement} */ (event.target).closest("button, a")) return;
    const inside = this.panel.contains(document.activeElement);
    this.close();
    if (inside) this.button.focus({ preventScroll: true });
  };
}
