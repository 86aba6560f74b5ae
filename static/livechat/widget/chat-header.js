import { element, fire } from "../shared/element.js";
import { icon } from "../shared/icons.js";
import { t } from "../shared/texts.js";
import { initials } from "../shared/words.js";

export const CLOSE = "header:close";
export const END = "header:end";
/** He does not want to end the chat any more. */
export const STAY = "header:stay";

const MAX_FACES = 3;

/**
 * Name, truthful status, menu and close button. Fires {@link CLOSE}, {@link END} and
 * {@link STAY}.
 */
export class ChatHeader extends HTMLElement {
  #faces = element("span", { className: "faces", ariaHidden: "true" });
  #title = element("h1");
  #status = element("p", { attributes: { role: "status" } });
  #more = element("button", { type: "button", className: "quiet", hidden: true }, icon("more"));
  #close = element("button", { type: "button", className: "quiet" }, icon("close"));
  #end = element("button", { type: "button", textContent: "" });
  #menu = element("div", { className: "menu", id: "menu", hidden: true }, this.#end);
  #yes = element("button", { type: "button", className: "primary danger" });
  #no = element("button", { type: "button" });
  #question = element("span");
  #confirm = element("div", { className: "confirm", hidden: true, attributes: { role: "group" } },
    this.#question, this.#no, this.#yes);
  #wish = element("span", { attributes: { role: "status" } });
  #stay = element("button", { type: "button" });
  #ending = element("div", { className: "confirm ending", hidden: true }, this.#wish, this.#stay);

  connectedCallback() {
    this.#more.ariaLabel = this.#more.title = t("widget.menu");
    this.#more.setAttribute("aria-controls", "menu");
    this.#close.ariaLabel = this.#close.title = t("widget.closePanel");
    this.#end.textContent = t("widget.end");
    this.#question.textContent = t("widget.endConfirm");
    this.#yes.textContent = t("widget.end");
    this.#no.textContent = this.#stay.textContent = t("action.cancel");
    this.replaceChildren(
      element("div", { className: "head" }, this.#faces, element("div", { className: "who" }, this.#title, this.#status),
        this.#more, this.#close),
      this.#menu, this.#confirm, this.#ending,
    );
    this.#toggle(false);
    this.addEventListener("click", this.#click);
    document.addEventListener("click", this.#clickElsewhere);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    document.removeEventListener("click", this.#clickElsewhere);
  }

  /**
   * @param {{ name: string, faces: string[], status: string, canEnd: boolean, ending: string, alone: boolean }} shown
   *   `faces` are the names of whom he talks to; `ending` tells how it stands with ending the chat, "" when nobody wants to
   */
  show({ name, faces, status, canEnd, ending, alone }) {
    const letters = faces.slice(0, MAX_FACES).map(initials);
    if (this.#faces.textContent !== letters.join("")) {
      this.#faces.replaceChildren(...letters.map((textContent) => element("span", { className: "avatar", textContent })));
    }
    this.#title.textContent = name;
    // Setting the same words again would be read out again.
    if (this.#status.textContent !== status) this.#status.textContent = status;
    this.#more.hidden = !canEnd;
    this.#close.hidden = alone;
    if (!canEnd) this.dismiss();
    if (this.#wish.textContent !== ending) this.#wish.textContent = ending;
    this.#ending.hidden = !ending;
  }

  /** Close menu and question. @returns {boolean} whether something was open */
  dismiss() {
    const open = !this.#menu.hidden || !this.#confirm.hidden;
    this.#toggle(false);
    this.#confirm.hidden = true;
    return open;
  }

  /** @param {boolean} open */
  #toggle(open) {
    this.#menu.hidden = !open;
    this.#more.ariaExpanded = String(open);
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (button === this.#more) this.#toggle(Boolean(this.#menu.hidden));
    if (button === this.#close) fire(this, CLOSE);
    if (button === this.#end) {
      this.#toggle(false);
      this.#confirm.hidden = false;
      this.#no.focus();
    }
    if (button === this.#yes) fire(this, END);
    if (button === this.#stay) fire(this, STAY);
    if (button === this.#yes || button === this.#no) {
      this.dismiss();
      this.#more.focus();
    }
  };

  #clickElsewhere = (/** @type {MouseEvent} */ event) => {
    if (!this.contains(/** @type {Node} */ (event.target))) this.#toggle(false);
  };
}

customElements.define("chat-header", ChatHeader);
