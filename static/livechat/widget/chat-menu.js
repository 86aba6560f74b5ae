/** The widget's menu: sound, text size, transcript, privacy, end of chat. */

import { element } from "../shared/element.js";
import { t } from "./texts.js";

/** @import { Choices } from "./preferences.js" */

/**
 * @typedef {object} MenuShown
 * @property {boolean} saved  there is a conversation to download
 * @property {boolean} canEnd
 * @property {string} ending  text about the request to end the chat, "" for none
 * @property {string} privacy  address of the owner's privacy page, "" without one
 * @property {Choices} choices
 */

const SIZES = /** @type {const} */ (["sizeNormal", "sizeLarge", "sizeLargest"]);

/** The menu behind the three dots, and the confirmation before a chat ends. */
export class ChatMenu extends HTMLElement {
  #trigger;
  #sound = item("menuitemcheckbox", t("widget.sound"));
  #sizes = SIZES.map((name, size) => element("button", {
    type: "button", className: `size size-${size}`, textContent: "A", ariaLabel: t(`widget.${name}`),
    title: t(`widget.${name}`), tabIndex: -1, attributes: { role: "menuitemradio" },
  }));
  #text = item("menuitem", t("widget.saveText"));
  #page = item("menuitem", t("widget.savePage"));
  #privacy = element("a", {
    textContent: t("widget.privacy"), target: "_blank", rel: "noopener", tabIndex: -1, attributes: { role: "menuitem" },
  });
  #end = item("menuitem", t("widget.end"));
  #menu = element("div", { className: "menu", id: "menu", hidden: true, attributes: { role: "menu" } },
    this.#sound,
    element("div", { className: "sizes", attributes: { role: "group" } },
      element("span", { textContent: t("widget.textSize"), ariaHidden: "true" }), ...this.#sizes),
    this.#text, this.#page, this.#privacy, this.#end);
  #yes = element("button", { type: "button", className: "primary danger", textContent: t("widget.end") });
  #no = element("button", { type: "button", textContent: t("action.cancel") });
  #confirm = element("div", { className: "confirm", hidden: true, attributes: { role: "group" } },
    element("span", { textContent: t("widget.endConfirm") }), this.#no, this.#yes);
  #wish = element("span", { attributes: { role: "status" } });
  #stay = element("button", { type: "button", textContent: t("action.cancel") });
  #ending = element("div", { className: "confirm ending", hidden: true }, this.#wish, this.#stay);
  /** The element with the focus before the confirmation. @type {Element | null} */
  #asker = null;
  #muted = false;

  #tell;

  /**
   * @param {HTMLElement} trigger  the button that opens it
   * @param {(wish: "choose" | "end" | "save" | "stay", detail?: unknown) => void} tell
   */
  constructor(trigger, tell) {
    super();
    this.#trigger = trigger;
    this.#tell = tell;
  }

  connectedCallback() {
    this.#menu.ariaLabel = t("widget.menu");
    this.#menu.querySelector(".sizes")?.setAttribute("aria-label", t("widget.textSize"));
    this.#end.classList.add("end");
    this.#confirm.ariaLabel = t("widget.endConfirm");
    this.#trigger.setAttribute("aria-controls", "menu");
    this.replaceChildren(this.#menu, this.#confirm, this.#ending);
    this.addEventListener("click", this.#click);
    this.#menu.addEventListener("keydown", this.#walk);
    document.addEventListener("pointerdown", this.#elsewhere);
    addEventListener("blur", this.#left);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    this.#menu.removeEventListener("keydown", this.#walk);
    document.removeEventListener("pointerdown", this.#elsewhere);
    removeEventListener("blur", this.#left);
  }

  /** @param {MenuShown} shown */
  show({ saved, canEnd, ending, privacy, choices }) {
    this.#muted = choices.muted;
    this.#sound.ariaChecked = String(!choices.muted);
    this.#sizes.forEach((button, size) => (button.ariaChecked = String(size === choices.size)));
    this.#text.hidden = this.#page.hidden = !saved;
    this.#privacy.hidden = !privacy;
    if (privacy) this.#privacy.href = privacy;
    this.#end.hidden = !canEnd;
    if (!canEnd) this.#confirm.hidden = true;
    if (this.#wish.textContent !== ending) this.#wish.textContent = ending;
    this.#ending.hidden = !ending;
  }

  toggle() {
    const open = Boolean(this.#menu.hidden);
    this.#confirm.hidden = true;
    this.#open(open);
    if (open) this.#items[0]?.focus();
  }

  /** Ask the visitor to confirm the end of the chat. */
  ask() {
    this.#asker = document.activeElement;
    this.#open(false);
    this.#confirm.hidden = false;
    this.#no.focus();
  }

  /** Close the menu and the confirmation. @returns {boolean} whether one was open */
  dismiss() {
    const asked = !this.#confirm.hidden;
    const open = !this.#menu.hidden;
    this.#open(false);
    this.#confirm.hidden = true;
    if (open) this.#trigger.focus();
    if (asked) this.#back();
    return open || asked;
  }

  get #items() {
    return /** @type {HTMLElement[]} */ ([...this.#menu.querySelectorAll("[role^=menuitem]")])
      .filter((one) => !one.hidden);
  }

  /** @param {boolean} open */
  #open(open) {
    this.#menu.hidden = !open;
    this.#trigger.ariaExpanded = String(open);
  }

  /** Return the focus to where it was, or to the menu's button if that is gone. */
  #back() {
    const asker = /** @type {HTMLElement | null} */ (this.#asker);
    const there = asker?.isConnected && asker.checkVisibility?.();
    (there ? asker : this.#trigger).focus();
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target).closest("button, a");
    const size = this.#sizes.indexOf(/** @type {HTMLButtonElement} */ (target));
    // Keep the menu open for preferences, so that the visitor can try them out.
    if (target === this.#sound) this.#tell("choose", { muted: !this.#muted });
    if (size >= 0) this.#tell("choose", { size });
    if (target === this.#text) this.#tell("save", "text");
    if (target === this.#page) this.#tell("save", "html");
    if (target === this.#text || target === this.#page || target === this.#privacy) this.dismiss();
    if (target === this.#end) {
      this.ask();
      this.#asker = this.#trigger;
    }
    if (target === this.#yes) this.#tell("end");
    if (target === this.#stay) this.#tell("stay");
    if (target === this.#yes || target === this.#no) this.dismiss();
  };

  #walk = (/** @type {KeyboardEvent} */ event) => {
    const items = this.#items;
    const here = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const onwards = getComputedStyle(this).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    const step = { ArrowDown: 1, ArrowUp: -1, ArrowRight: onwards === "ArrowRight" ? 1 : -1,
      ArrowLeft: onwards === "ArrowLeft" ? 1 : -1 }[event.key];
    if (event.key === "Tab") return this.#open(false);
    const there = event.key === "Home" ? 0 : event.key === "End" ? items.length - 1
      : step && (here + step + items.length) % items.length;
    if (there === undefined) return;
    event.preventDefault();
    items[there]?.focus();
  };

  #elsewhere = (/** @type {Event} */ event) => {
    const target = /** @type {Node} */ (event.target);
    if (!this.contains(target) && !this.#trigger.contains(target)) this.#open(false);
  };

  // A click on the page around the frame reaches the frame only as a loss of focus.
  #left = () => {
    if (document.activeElement?.localName !== "iframe") this.#open(false);
  };
}

/** @param {string} role @param {string} textContent */
function item(role, textContent) {
  return element("button", { type: "button", textContent, tabIndex: -1, attributes: { role } });
}

customElements.define("chat-menu", ChatMenu);
