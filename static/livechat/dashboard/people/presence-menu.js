/** The menu in which operators choose their own status. */

import { element, fire } from "../../shared/element.js";
import { glyph } from "../inbox-icons.js";
import { PopMenu } from "../pop-menu.js";
import { CHOICES, choiceOf, CHOSE, ownStatus } from "./presence.js";
import { t } from "../texts.js";

/** @import { Me } from "../../shared/wire.d.ts" */
/** @import { Choice } from "./presence.js" */

/** The operator's own status: a button that shows it, and a menu to choose another. Fires {@link CHOSE}. */
export class PresenceMenu extends HTMLElement {
  /** @type {Me | null} */
  #me = null;
  #button = element("button", {
    type: "button", className: "rail-item presence", ariaHasPopup: "menu", data: { action: "presence" },
  });
  #choices = CHOICES.map((choice) => item("menuitemradio", { availability: choice }));
  #call = item("menuitemcheckbox", { action: "in_call" });
  #group = element("div", { role: "group", className: "menu-group" }, ...this.#choices);
  #menu = new PopMenu(this.#button, this.#group, this.#call);

  connectedCallback() {
    this.#menu.panel.role = "menu";
    this.#menu.panel.classList.add("presence-panel");
    this.#menu.panel.ariaLabel = this.#group.ariaLabel = t("presence.title");
    for (const [index, choice] of CHOICES.entries()) {
      this.#choices[index]?.replaceChildren(
        glyph(choice), words(t(`presence.${choice}`), t(`presence.${choice}Hint`)));
    }
    this.#call.replaceChildren(glyph("phone"), words(t("presence.inCall"), t("presence.inCallHint")),
      element("span", { className: "switch", ariaHidden: "true" }));
    this.replaceChildren(this.#button, this.#menu.panel);
    this.#menu.panel.addEventListener("click", this.#choose);
    this.#menu.panel.addEventListener("toggle", this.#toggled);
  }

  disconnectedCallback() {
    this.#menu.panel.removeEventListener("click", this.#choose);
    this.#menu.panel.removeEventListener("toggle", this.#toggled);
  }

  /** @param {Me} me */
  show(me) {
    this.#me = me;
    const shown = ownStatus(me);
    const choice = choiceOf(me);
    this.#button.disabled = me.id === null;
    this.#button.dataset["presence"] = me.id === null ? "none" : shown;
    this.#button.toggleAttribute("in-call", me.in_call);
    this.#button.replaceChildren(glyph(shown),
      me.in_call ? element("span", { className: "call-mark" }, glyph("phone")) : "");
    this.#button.ariaLabel = this.#button.title = ownWords(me);
    for (const [index, one] of this.#choices.entries()) one.ariaChecked = String(CHOICES[index] === choice);
    this.#call.ariaChecked = String(me.in_call);
  }

  #choose = (/** @type {MouseEvent} */ event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (!button || !this.#me) return;
    const chosen = /** @type {Choice | undefined} */ (button.dataset["availability"]);
    fire(this, CHOSE, chosen
      ? { choice: chosen, in_call: this.#me.in_call }
      : { choice: choiceOf(this.#me), in_call: !this.#me.in_call });
  };

  /** Focus the current status, where arrow keys start, unless they have already moved the focus. */
  #toggled = (/** @type {Event} */ event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== "open") return;
    if (this.#menu.panel.contains(document.activeElement)) return;
    this.#choices.find(({ ariaChecked }) => ariaChecked === "true")?.focus();
  };
}

/**
 * @param {Me} me
 * @returns {string} the operator's status, such as "Your status: Busy, in a call"
 */
function ownWords(me) {
  if (me.id === null) return t("rail.notOperator");
  const status = t(`presence.${ownStatus(me)}`);
  return t(me.in_call ? "presence.yoursInCall" : "presence.yours", { status });
}

/** @param {string} role @param {Record<string, string>} data */
function item(role, data) {
  return element("button", { type: "button", className: "menu-item", role, data, tabIndex: -1 });
}

/** @param {string} title @param {string} hint */
function words(title, hint) {
  return element("span", { className: "menu-words" },
    element("span", { className: "menu-title", textContent: title }),
    element("span", { className: "menu-hint", textContent: hint }));
}

customElements.define("presence-menu", PresenceMenu);
