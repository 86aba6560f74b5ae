/** The inbox's notice to an operator who counts as away. */

import { element, fire } from "../../shared/element.js";
import { glyph } from "../inbox-icons.js";
import { CHOSE, isAway } from "./presence.js";
import { t } from "../texts.js";

/** @import { Me } from "../../shared/wire.d.ts" */

/** Shows an operator that they count as away, with a button to come back. Fires {@link CHOSE}. */
export class AwayStrip extends HTMLElement {
  /** @type {Me | null} */
  #me = null;
  #button = element("button", { type: "button", className: "primary", data: { action: "back" } });

  connectedCallback() {
    this.setAttribute("role", "status");
    this.hidden = true;
    this.#button.textContent = t("away.back");
    this.#button.addEventListener("click", this.#come);
  }

  disconnectedCallback() {
    this.#button.removeEventListener("click", this.#come);
  }

  /** @param {Me} me @param {boolean} busy  whether a command's result is pending */
  show(me, busy) {
    this.#me = me;
    this.#button.disabled = busy;
    if (this.hidden !== isAway(me)) return;
    this.hidden = !isAway(me);
    this.replaceChildren(...(this.hidden ? [] : [
      glyph("away"), element("p", { textContent: t("away.notice") }), this.#button,
    ]));
  }

  #come = () => {
    if (this.#me) fire(this, CHOSE, { choice: "available", in_call: this.#me.in_call });
  };
}

customElements.define("away-strip", AwayStrip);
