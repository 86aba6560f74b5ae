/** The widget's header: name, status and buttons. */

import { element, fire } from "../shared/element.js";
import { icon, outline } from "../shared/icons.js";
import { t } from "../shared/texts.js";
import { faces } from "./avatar-stack.js";

/** @import { ChatMenu, MenuShown } from "./chat-menu.js" */

export const CLOSE = "header:close";
/** The visitor wants a wider window, or the normal one again. */
export const WIDEN = "header:widen";
export const END = "header:end";
/** The visitor no longer wants to end the chat. */
export const STAY = "header:stay";
/** The visitor changed a preference: detail is a part of `Choices`. */
export const CHOOSE = "header:choose";
/** The visitor wants a transcript: detail is its format. */
export const SAVE = "header:save";

/**
 * Name, status, menu and close button. Fires {@link CLOSE}, {@link WIDEN} and the events of its
 * menu, which is loaded when it is needed.
 */
export class ChatHeader extends HTMLElement {
  #faces = element("span", {});
  #drawn = "";
  #title = element("h1");
  #status = element("p", { attributes: { role: "status" } });
  #wide = element("button", { type: "button", className: "quiet" }, outline("widen", "M14 5h5v5m0-5-6 6M10 19H5v-5m0 5 6-6"));
  #more = element("button", { type: "button", className: "quiet", attributes: { "aria-haspopup": "menu" } }, icon("more"));
  #close = element("button", { type: "button", className: "quiet" }, icon("close"));
  /** @type {ChatMenu | null} */
  #menu = null;
  /** @type {Promise<ChatMenu> | null} */
  #coming = null;
  /** @type {MenuShown | null} */
  #shown = null;

  connectedCallback() {
    this.#more.ariaLabel = this.#more.title = t("widget.menu");
    this.#wide.ariaLabel = this.#wide.title = t("widget.wider");
    this.#close.ariaLabel = this.#close.title = t("widget.closePanel");
    this.#more.ariaExpanded = "false";
    this.replaceChildren(element("div", { className: "head" },
      this.#faces, element("div", { className: "who" }, this.#title, this.#status),
      this.#wide, this.#more, this.#close));
    this.#more.onclick = () => this.#withMenu((menu) => menu.toggle());
    // Load the menu before the click.
    this.#more.onpointerenter = this.#more.onfocus = () => this.warm();
    this.#wide.onclick = () => fire(this, WIDEN);
    this.#close.onclick = () => fire(this, CLOSE);
  }

  /**
   * @param {{ name: string, people: { name: string, avatar: string }[], present: boolean, status: string,
   *   wide: boolean | null, alone: boolean, menu: MenuShown }} shown
   *   `people`: those that the visitor talks to, or would; `wide`: null if it cannot be wider
   */
  show({ name, people, present, status, wide, alone, menu }) {
    const drawn = JSON.stringify([people, present]);
    if (this.#drawn !== drawn) {
      const next = faces(people, present);
      this.#faces.replaceWith(next);
      this.#faces = next;
    }
    this.#drawn = drawn;
    this.#title.textContent = name;
    // Setting the same text again would make screen readers repeat it.
    if (this.#status.textContent !== status) this.#status.textContent = status;
    this.#wide.hidden = wide === null;
    this.#wide.ariaPressed = String(Boolean(wide));
    this.#close.hidden = alone;
    this.#shown = menu;
    this.#menu?.show(menu);
  }

  /** Load the menu, so that it works without a connection. */
  warm() {
    this.#fetch().catch(() => {});
  }

  /** Ask the visitor to confirm the end of the chat. */
  askEnd() {
    this.#withMenu((menu) => menu.ask());
  }

  /** Close the menu and the confirmation. @returns {boolean} whether one was open */
  dismiss() {
    return this.#menu?.dismiss() ?? false;
  }

  /** @param {(menu: ChatMenu) => void} act */
  #withMenu(act) {
    // If the menu cannot be loaded, the next click tries again.
    this.#fetch().then(act, () => {});
  }

  #fetch() {
    return this.#coming ??= import("./chat-menu.js").then(({ ChatMenu }) => {
      this.#menu = new ChatMenu(this.#more, (wish, detail) => fire(this, `header:${wish}`, detail));
      this.append(this.#menu);
      if (this.#shown) this.#menu.show(this.#shown);
      return this.#menu;
    }).catch((error) => {
      this.#coming = null;
      throw error;
    });
  }
}

customElements.define("chat-header", ChatHeader);
