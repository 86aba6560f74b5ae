/** Lets an operator change the widths of the inbox's panes. */

import { element, fire } from "../shared/element.js";
import { USUAL } from "./browser-preferences.js";
import { t } from "./texts.js";

/** A pane's width changed; detail is `{ pane, width, done }`, not `done` while dragging. */
export const RESIZED = "resizer:resized";

export const NARROWEST = 240;
export const WIDEST = 520;
const STEP = 16;

/** The line between two panes, moved by dragging or with arrow keys. Fires {@link RESIZED}. */
export class PaneResizer extends HTMLElement {
  #pane;
  #width = 0;

  /** @param {"list" | "context"} pane */
  constructor(pane) {
    super();
    this.#pane = pane;
  }

  connectedCallback() {
    this.role = "separator";
    this.tabIndex = 0;
    this.dataset["pane"] = this.#pane;
    this.ariaOrientation = "vertical";
    this.ariaLabel = t(this.#pane === "list" ? "list.resize" : "list.resizeContext");
    this.ariaValueMin = String(NARROWEST);
    this.ariaValueMax = String(WIDEST);
    this.replaceChildren(element("span", {}));
    this.addEventListener("keydown", this.#key);
    this.addEventListener("pointerdown", this.#grip);
    this.addEventListener("dblclick", this.#reset);
  }

  disconnectedCallback() {
    this.removeEventListener("keydown", this.#key);
    this.removeEventListener("pointerdown", this.#grip);
    this.removeEventListener("dblclick", this.#reset);
  }

  get width() {
    return this.#width;
  }

  set width(width) {
    this.#width = Math.round(Math.min(WIDEST, Math.max(NARROWEST, width)));
    this.ariaValueNow = String(this.#width);
  }

  /** @param {number} width @param {boolean} done */
  #turn(width, done) {
    this.width = width;
    fire(this, RESIZED, { pane: this.#pane, width: this.#width, done });
  }

  /** 1 if moving the line to the right widens the pane, else -1. */
  get #direction() {
    const backwards = getComputedStyle(this).direction === "rtl";
    return (this.#pane === "list") === backwards ? -1 : 1;
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowRight: STEP, ArrowLeft: -STEP }[event.key];
    if (by) this.#turn(this.#width + by * this.#direction, true);
    else if (event.key === "Home") this.#turn(NARROWEST, true);
    else if (event.key === "End") this.#turn(WIDEST, true);
    else if (event.key === "Enter") this.#turn(USUAL[this.#pane], true);
    else return;
    event.preventDefault();
  };

  #grip = (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0) return;
    event.preventDefault();
    this.focus({ preventScroll: true });
    this.setPointerCapture(event.pointerId);
    const from = event.clientX - this.#width * this.#direction;
    const move = (/** @type {PointerEvent} */ { clientX }) => this.#turn((clientX - from) * this.#direction, false);
    this.addEventListener("pointermove", move);
    this.addEventListener("lostpointercapture", () => {
      this.removeEventListener("pointermove", move);
      this.#turn(this.#width, true);
    }, { once: true });
  };

  #reset = () => this.#turn(USUAL[this.#pane], true);
}

customElements.define("pane-resizer", PaneResizer);
