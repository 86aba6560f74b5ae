/** The list of canned responses that opens above the text box. */

import { element, fire } from "../../shared/element.js";
import { t } from "../texts.js";
import { callIn, excerpt, found, matching } from "./canned-responses.js";

/** @import { MessageComposer } from "../../shared/message-composer.js" */
/** @import { CannedResponse } from "../../shared/wire.d.ts" */
/** @import { Call } from "./canned-responses.js" */

/** The list opened: the canned responses should be up to date. */
export const CALLED = "canned:called";
/** A response was inserted into the text; detail is its id. */
export const PICKED = "canned:picked";

const LIST = "canned-list";

/**
 * The list of canned responses above a composer, open while the text before the caret calls for
 * one. The focus stays in the text. Fires {@link CALLED} and {@link PICKED}; never sends.
 */
export class CannedPicker extends HTMLElement {
  /** @type {readonly CannedResponse[]} */
  #responses = [];
  /** @type {Call | null} */
  #call = null;
  /** Position of the call that the operator dismissed with Escape; -1 for none. */
  #dismissed = -1;
  /** @type {CannedResponse[]} */
  #shown = [];
  #active = 0;
  #picking = false;
  #composer;
  #list = element("ul", { id: LIST, role: "listbox" });
  #none = element("p", { className: "canned-none" });
  #keys = element("p", { className: "canned-keys", attributes: { "aria-hidden": "true" } });
  #box = element("div", { className: "canned-box", hidden: true }, this.#list, this.#none, this.#keys);
  #status = element("p", { className: "visually-hidden", role: "status" });

  /** @param {MessageComposer} composer */
  constructor(composer) {
    super();
    this.#composer = composer;
  }

  connectedCallback() {
    this.#list.ariaLabel = t("canned.title");
    this.#none.textContent = t("canned.none");
    this.#keys.replaceChildren(...KEYS.flatMap(([key, word]) => [element("kbd", { textContent: key }), t(word)]));
    this.replaceChildren(this.#box, this.#status);
    // In the capture phase, before the composer: Enter picks here, but sends there.
    this.#composer.addEventListener("keydown", this.#key, { capture: true });
    this.#composer.addEventListener("input", this.#look);
    this.#composer.addEventListener("focusout", this.#leave);
    document.addEventListener("selectionchange", this.#moved);
    this.#box.addEventListener("mousedown", this.#press);
    this.#list.addEventListener("pointermove", this.#point);
    this.#list.addEventListener("click", this.#click);
  }

  disconnectedCallback() {
    this.#composer.removeEventListener("keydown", this.#key, { capture: true });
    this.#composer.removeEventListener("input", this.#look);
    this.#composer.removeEventListener("focusout", this.#leave);
    document.removeEventListener("selectionchange", this.#moved);
    this.#box.removeEventListener("mousedown", this.#press);
    this.#list.removeEventListener("pointermove", this.#point);
    this.#list.removeEventListener("click", this.#click);
  }

  /** @param {readonly CannedResponse[]} responses */
  set responses(responses) {
    if (responses === this.#responses) return;
    this.#responses = responses;
    if (this.#call) this.#show(this.#call);
  }

  close() {
    this.#call = null;
    this.#shown = [];
    this.#draw();
  }

  get #text() {
    return this.#composer.textarea;
  }

  #look = () => {
    const { selectionEnd, selectionStart, value } = this.#text;
    const call = selectionStart === selectionEnd ? callIn(value, selectionEnd) : null;
    if (this.#picking || !call) {
      this.#dismissed = -1;
      return this.close();
    }
    if (call.from === this.#dismissed) return this.close();
    this.#dismissed = -1;
    if (!this.#call) fire(this, CALLED);
    this.#show(call);
  };

  /** @param {Call} call */
  #show(call) {
    const before = call.query === this.#call?.query ? this.#shown[this.#active]?.id : undefined;
    this.#call = call;
    this.#shown = matching(this.#responses, call);
    // Keep the active option when new responses arrive.
    this.#active = Math.max(0, this.#shown.findIndex(({ id }) => id === before));
    this.#draw();
  }

  #draw() {
    const none = Boolean(this.#call?.all && !this.#call.query && !this.#responses.length);
    const open = this.#shown.length > 0;
    this.#box.hidden = !open && !none;
    this.#list.hidden = this.#keys.hidden = !open;
    this.#none.hidden = !none;
    const query = this.#call?.query ?? "";
    this.#list.replaceChildren(...this.#shown.map((response) => option(response, query)));
    this.#status.textContent = open ? t("canned.count", { count: this.#shown.length }) : none ? t("canned.none") : "";
    const text = this.#text;
    for (const [name, value] of OPEN) {
      if (open) text.setAttribute(name, value);
      else text.removeAttribute(name);
    }
    this.#mark();
  }

  #mark() {
    const options = /** @type {HTMLElement[]} */ ([...this.#list.children]);
    options.forEach((one, index) => {
      one.ariaSelected = String(index === this.#active);
    });
    const active = options[this.#active];
    if (active) this.#text.setAttribute("aria-activedescendant", active.id);
    else this.#text.removeAttribute("aria-activedescendant");
    active?.scrollIntoView({ block: "nearest" });
  }

  #key = (/** @type {KeyboardEvent} */ event) => {
    // 229: Safari ends a composition before it fires `keydown` for the key that ended it.
    if (this.#box.hidden || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!this.#shown.length && event.key !== "Escape") return;
    switch (event.key) {
      case "ArrowDown":
        this.#step(1);
        break;
      case "ArrowUp":
        this.#step(-1);
        break;
      case "Enter":
      case "Tab":
        this.#pick(this.#shown[this.#active]);
        break;
      case "Escape":
        this.#dismissed = this.#call?.from ?? -1;
        this.close();
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  /** @param {number} by */
  #step(by) {
    this.#active = (this.#active + by + this.#shown.length) % this.#shown.length;
    this.#mark();
  }

  /** @param {CannedResponse | undefined} response */
  #pick(response) {
    const call = this.#call;
    if (!call || !response) return;
    const text = this.#text;
    const caret = text.selectionEnd;
    this.#picking = true;
    text.focus({ preventScroll: true });
    text.setSelectionRange(call.from, caret);
    // The only way to change the text that Ctrl+Z can undo.
    if (!document.execCommand("insertText", false, response.substitution)) {
      text.setRangeText(response.substitution, call.from, caret, "end");
      text.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    this.#picking = false;
    // The caret may be below the visible part.
    text.scrollTop = text.scrollHeight;
    fire(this, PICKED, response.id);
  }

  #leave = () => this.close();

  /** Close when the caret moved away without any input. */
  #moved = () => {
    if (!this.#call || this.#picking || document.activeElement !== this.#text) return;
    const { selectionEnd, value } = this.#text;
    if (callIn(value, selectionEnd)?.from !== this.#call.from) this.close();
  };

  /** Keep the focus in the text. */
  #press = (/** @type {MouseEvent} */ event) => event.preventDefault();

  #point = (/** @type {PointerEvent} */ event) => {
    const index = this.#indexOf(event);
    if (index < 0 || index === this.#active) return;
    this.#active = index;
    this.#mark();
  };

  #click = (/** @type {MouseEvent} */ event) => this.#pick(this.#shown[this.#indexOf(event)]);

  /** @param {Event} event */
  #indexOf(event) {
    const one = /** @type {HTMLElement} */ (event.target).closest("li");
    return one ? [...this.#list.children].indexOf(one) : -1;
  }
}

/** Attributes of the text box while the list is open. */
const OPEN = Object.entries({
  role: "combobox",
  "aria-autocomplete": "list",
  "aria-controls": LIST,
  "aria-expanded": "true",
  "aria-haspopup": "listbox",
});

/** @type {["↑↓" | "↵" | "Esc", "canned.choose" | "canned.insert" | "canned.close"][]} */
const KEYS = [["↑↓", "canned.choose"], ["↵", "canned.insert"], ["Esc", "canned.close"]];

/** @param {CannedResponse} response @param {string} query */
function option({ id, shortcut, substitution }, query) {
  const inShortcut = found(shortcut, query);
  return element("li", { id: `canned-${id}`, role: "option", data: { canned: String(id) } },
    element("span", { className: "shortcut" }, ":", ...marked(shortcut, query)),
    element("span", { className: "substitution" },
      ...marked(excerpt(substitution, inShortcut ? "" : query), inShortcut ? "" : query)));
}

/** @param {string} text @param {string} query @returns {(Node | string)[]} */
function marked(text, query) {
  const hit = found(text, query);
  if (!hit) return [text];
  return [text.slice(0, hit[0]), element("b", { textContent: text.slice(...hit) }), text.slice(hit[1])];
}

customElements.define("canned-picker", CannedPicker);
