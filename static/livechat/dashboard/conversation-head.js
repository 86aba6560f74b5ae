import { element, fire } from "../shared/element.js";
import { icon } from "../shared/icons.js";
import { t } from "../shared/texts.js";
import { webAddress } from "../shared/words.js";
import { visitorName } from "./wording.js";

/** @import { StaffChannel, StaffConversation } from "../shared/wire.d.ts" */

/** A button about the conversation; detail is take, join, leave, close or context. */
export const ACTION = "head:action";

/**
 * @typedef {object} Rights
 * @property {boolean} take
 * @property {boolean} join
 * @property {boolean} leave
 * @property {boolean} close
 */

/** Who it is, where he is, who answers, and what can be done. Fires {@link ACTION}. */
export class ConversationHead extends HTMLElement {
  #back = element("a", { className: "back", href: "#" }, icon("back"));
  #name = element("h2");
  #about = element("p", { className: "about" });
  #question = element("span", { className: "question", hidden: true });
  #buttons = {
    take: button("take", t("action.take"), "primary"),
    join: button("join", t("action.join")),
    leave: button("leave", t("action.leave")),
    close: button("close", t("action.close")),
    cancel: button("cancel", t("action.cancel")),
    context: element("button", {
      type: "button", className: "quiet context-toggle", data: { action: "context" },
    }, icon("info")),
  };

  connectedCallback() {
    this.#back.ariaLabel = this.#back.title = t("inbox.back");
    this.#buttons.context.ariaLabel = this.#buttons.context.title = t("context.toggle");
    this.#question.textContent = t("inbox.closeConfirm");
    this.#buttons.cancel.hidden = true;
    const { cancel, close, context, join, leave, take } = this.#buttons;
    this.replaceChildren(this.#back, element("div", { className: "who" }, this.#name, this.#about),
      take, join, leave, this.#question, cancel, close, context);
    this.addEventListener("click", this.#click);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
  }

  /**
   * @param {StaffConversation} conversation
   * @param {StaffChannel | undefined} channel
   * @param {Rights} rights
   * @param {boolean} busy  a command is on its way
   */
  show(conversation, channel, rights, busy) {
    if (this.dataset["conversation"] !== conversation.id) this.#ask(false);
    this.dataset["conversation"] = conversation.id;
    this.#name.textContent = visitorName(conversation);
    const { operators, visitor } = conversation;
    const names = operators.length ? operators.map(({ name }) => name).join(", ") : t("inbox.nobody");
    const href = webAddress(visitor.page?.url ?? "");
    this.#about.replaceChildren(
      [channel?.name, t("inbox.with", { names })].filter(Boolean).join(" · "),
      href ? " · " : "",
      href ? element("a", {
        href, target: "_blank", rel: "noopener noreferrer", textContent: visitor.page?.title || href,
      }) : "",
    );
    for (const name of /** @type {const} */ (["take", "join", "leave", "close"])) {
      this.#buttons[name].hidden = !rights[name];
      this.#buttons[name].disabled = busy;
    }
    if (!rights.close) this.#ask(false);
  }

  /** @param {boolean} asking  whether the chat should really be closed */
  #ask(asking) {
    this.#question.hidden = this.#buttons.cancel.hidden = !asking;
    this.#buttons.close.classList.toggle("danger", asking);
    this.#buttons.close.classList.toggle("primary", asking);
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const action = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["action"];
    if (!action) return;
    if (action === "close" && this.#question.hidden) return this.#ask(true);
    if (action === "close" || action === "cancel") this.#ask(false);
    if (action !== "cancel") fire(this, ACTION, action);
  };
}

/** @param {string} action @param {string} label @param {string} [className] */
function button(action, label, className = "") {
  return element("button", { type: "button", className, textContent: label, data: { action } });
}

customElements.define("conversation-head", ConversationHead);
