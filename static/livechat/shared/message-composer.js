import { element, fire } from "./element.js";
import { icon } from "./icons.js";
import { t } from "./texts.js";
import { countCharacters, isBlank, MAX_CHARACTERS } from "./words.js";

/** Somebody sends; detail is the text. */
export const SEND = "composer:send";
/** The text changed by hand; detail is the text. */
export const INPUT = "composer:input";

const COUNT_FROM = MAX_CHARACTERS - 500;

/**
 * A box to write in. Fires {@link SEND} and {@link INPUT}; grows with its text; keeps what cannot be
 * sent and says why.
 */
export class MessageComposer extends HTMLElement {
  #textarea = element("textarea", {
    rows: 1, attributes: { "aria-describedby": "composer-hint", "data-testid": "composer" },
  });
  #button = element("button", { type: "submit", className: "send" }, icon("send"));
  #hint = element("p", { className: "hint", id: "composer-hint", attributes: { role: "status" } });
  #form = element("form", { className: "composer" },
    element("div", { className: "box" }, this.#textarea, this.#button), this.#hint);

  connectedCallback() {
    this.#textarea.ariaLabel = t("composer.label");
    this.#button.ariaLabel = this.#button.title = t("composer.send");
    this.replaceChildren(this.#form);
    this.#form.addEventListener("submit", this.#submit);
    this.#textarea.addEventListener("keydown", this.#key);
    this.#textarea.addEventListener("input", this.#input);
    this.#fit();
  }

  disconnectedCallback() {
    this.#form.removeEventListener("submit", this.#submit);
    this.#textarea.removeEventListener("keydown", this.#key);
    this.#textarea.removeEventListener("input", this.#input);
  }

  /** The text box itself, for whoever helps to write in it. */
  get textarea() {
    return this.#textarea;
  }

  get value() {
    return this.#textarea.value;
  }

  set value(text) {
    this.#textarea.value = text;
    this.#hint.textContent = "";
    this.#fit();
  }

  /** @param {string} text */
  set placeholder(text) {
    this.#textarea.placeholder = text;
    this.#textarea.ariaLabel = text || t("composer.label");
  }

  focusText() {
    this.#textarea.focus({ preventScroll: true });
  }

  #submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const text = this.value.trim();
    const problem = this.#problem(text);
    this.#hint.textContent = problem;
    if (!problem) {
      this.value = "";
      fire(this, SEND, text);
    }
    this.focusText();
  };

  #key = (/** @type {KeyboardEvent} */ event) => {
    // 229: Safari ends a composition before it tells of the key that ended it.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    const always = event.ctrlKey || event.metaKey;
    // There is no Shift+Enter on a telephone: there the button sends.
    const breaks = event.shiftKey || event.altKey || matchMedia("(hover: none) and (pointer: coarse)").matches;
    if (breaks && !always) return;
    event.preventDefault();
    if (!event.repeat) this.#form.requestSubmit();
  };

  #input = () => {
    const left = MAX_CHARACTERS - countCharacters(this.value);
    this.#hint.textContent = left < 0
      ? t("composer.tooLong", { count: -left })
      : left < MAX_CHARACTERS - COUNT_FROM ? t("composer.left", { count: left }) : "";
    this.#fit();
    fire(this, INPUT, this.value);
  };

  /** @param {string} text */
  #problem(text) {
    if (isBlank(text)) return t("composer.blank");
    const over = countCharacters(text) - MAX_CHARACTERS;
    return over > 0 ? t("composer.tooLong", { count: over }) : "";
  }

  #fit() {
    this.#textarea.style.height = "auto";
    // The style sheet's max-block-size ends the growth at five lines.
    if (this.#textarea.scrollHeight) this.#textarea.style.height = `${this.#textarea.scrollHeight}px`;
    this.toggleAttribute("empty", !this.value.trim());
  }
}

customElements.define("message-composer", MessageComposer);
