/** The bar above a conversation: its visitor, its operators and its buttons. */

import { avatar } from "../../shared/avatar.js";
import { element, fire } from "../../shared/element.js";
import { icon } from "../../shared/icons.js";
import { webAddress } from "../../shared/links.js";
import { secondClick } from "../../shared/second-click.js";
import { glyph } from "../inbox-icons.js";
import { PopMenu } from "../pop-menu.js";
import { wordsOf } from "../people/presence-mark.js";
import { t } from "../texts.js";
import { named, visitorName } from "../list/conversation-texts.js";

/** @import { StaffChannel, StaffColleague, StaffConversation } from "../../shared/wire.d.ts" */
/** @import { Viewer } from "./viewers.js" */

/**
 * A button was pressed; detail is take, join, leave, close, cancel, transcript, context or a
 * status.
 */
export const ACTION = "head:action";

/** @type {("in_progress" | "need_help" | "waiting_for_customer")[]} */
export const STATUSES = ["in_progress", "need_help", "waiting_for_customer"];
/** @type {Record<string, "progress" | "help" | "customer">} */
const DRAWINGS = { in_progress: "progress", need_help: "help", waiting_for_customer: "customer" };

/**
 * @typedef {object} Rights
 * @property {boolean} take
 * @property {boolean} join
 * @property {boolean} leave
 * @property {boolean} close
 *
 * Colleagues who view the conversation, names of those who write, and every colleague's presence.
 * @typedef {{ viewers: Viewer[], writers: string[], colleagues: ReadonlyMap<string, StaffColleague> }} Company
 */

/** The visitor's name and page, the operators, and the actions. Fires {@link ACTION}. */
export class ConversationHead extends HTMLElement {
  #back = element("a", { className: "back", href: "#" }, glyph("back"));
  #name = element("h2", { dir: "auto" });
  #country = element("abbr", { className: "country" });
  #about = element("p", { className: "about" });
  #faces = element("span", { className: "faces" });
  #words = element("span", { className: "company-words", role: "status" });
  #company = element("div", { className: "company" }, this.#faces, this.#words);
  #question = element("span", { className: "question", hidden: true });
  #buttons = {
    take: button("take", t("action.take"), "primary"),
    join: button("join", t("action.join")),
    leave: element("button", { type: "button", className: "menu-item", data: { action: "leave" } }),
    close: button("close", t("action.close")),
    cancel: button("cancel", t("action.cancel")),
    transcript: element("button", { type: "button", className: "menu-item", data: { action: "transcript" } }),
    context: element("button", {
      type: "button", className: "quiet context-toggle", data: { action: "context" },
    }, glyph("info")),
  };
  #status = element("button", { type: "button", className: "status-button", data: { action: "status" } });
  #choices = STATUSES.map((status) => element("button", {
    type: "button", className: "menu-item", data: { action: status },
  }, glyph(DRAWINGS[status] ?? "progress"), t(`status.${status}`)));
  #more = element("button", { type: "button", className: "quiet", data: { action: "more" } }, icon("more"));
  #statusMenu = new PopMenu(this.#status, ...this.#choices);
  #moreMenu = new PopMenu(this.#more, this.#buttons.transcript, this.#buttons.leave);
  #drawn = "";
  #isSecond = secondClick();

  connectedCallback() {
    const { cancel, close, context, join, leave, take, transcript } = this.#buttons;
    this.#back.ariaLabel = this.#back.title = t("inbox.back");
    context.ariaLabel = context.title = t("context.toggle");
    this.#more.ariaLabel = this.#more.title = t("action.menu");
    leave.replaceChildren(glyph("leave"), t("action.leave"));
    transcript.replaceChildren(glyph("download"), t("action.transcript"));
    take.title = join.title = `${t("keys.take")} (I)`;
    close.title = `${t("keys.close")} (E)`;
    this.#question.textContent = t("inbox.closeConfirm");
    cancel.hidden = true;
    this.replaceChildren(this.#back,
      element("div", { className: "who" },
        element("div", { className: "who-name" }, this.#name, this.#country), this.#about),
      this.#company,
      element("div", { className: "head-actions" },
        take, join, this.#status, this.#question, cancel, close, this.#more, context),
      this.#statusMenu.panel, this.#moreMenu.panel);
    this.addEventListener("click", this.#click);
    this.addEventListener("keydown", this.#key);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    this.removeEventListener("keydown", this.#key);
  }

  /**
   * @param {StaffConversation} conversation
   * @param {StaffChannel | undefined} channel
   * @param {Rights} rights
   * @param {boolean} busy  whether a command's result is pending
   * @param {Company} company
   */
  show(conversation, channel, rights, busy, company) {
    if (this.dataset["conversation"] !== conversation.id) {
      this.#ask(false);
      this.#statusMenu.close();
      this.#moreMenu.close();
    }
    this.dataset["conversation"] = conversation.id;
    for (const name of /** @type {const} */ (["take", "join", "leave", "close"])) {
      this.#buttons[name].hidden = !rights[name];
      this.#buttons[name].disabled = busy;
    }
    if (!rights.close) this.#ask(false);
    const { operators, status, visitor } = conversation;
    const names = operators.map((operator) => nameWithStatus(operator, company.colleagues));
    const { viewers, writers } = company;
    const drawn = JSON.stringify([visitor, names, status, channel?.name, viewers, writers, rights.close]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#name.textContent = visitorName(conversation);
    this.#country.textContent = visitor.country;
    this.#country.title = visitor.country && named("region", visitor.country);
    this.#country.hidden = !visitor.country;
    this.#drawAbout(conversation, channel, names);
    this.#drawStatus(status, rights.close);
    this.#drawCompany(company);
  }

  /** Ask whether to close; a second call closes. The same as pressing the button. */
  askToClose() {
    const { close } = this.#buttons;
    if (close.hidden || close.disabled) return;
    close.click();
    if (!this.#question.hidden) close.focus();
  }

  /** @param {StaffConversation} conversation @param {StaffChannel | undefined} channel @param {string[]} people */
  #drawAbout({ visitor }, channel, people) {
    const assigned = people.length ? t("inbox.with", { names: people.join(", ") }) : t("inbox.unassigned");
    const href = webAddress(visitor.page?.url ?? "");
    this.#about.replaceChildren(
      href ? element("a", {
        href, target: "_blank", rel: "noopener noreferrer", textContent: visitor.page?.title || href,
        title: href, dir: "auto",
      }) : "",
      href ? " · " : "",
      [channel?.name, assigned].filter(Boolean).join(" · "),
    );
  }

  /** @param {StaffConversation["status"]} status @param {boolean} mine */
  #drawStatus(status, mine) {
    const shown = status ?? "in_progress";
    this.#status.hidden = !mine || !status;
    this.#status.dataset["status"] = shown;
    const words = t(`status.${shown}`);
    this.#status.replaceChildren(glyph(DRAWINGS[shown] ?? "progress"),
      element("span", { textContent: words }), glyph("chevron"));
    this.#status.ariaLabel = `${t("action.status")}: ${words}`;
    this.#status.title = `${t("keys.help")} (H) · ${t("keys.waiting")} (Z)`;
    for (const choice of this.#choices) {
      choice.ariaCurrent = choice.dataset["action"] === shown ? "true" : null;
    }
  }

  /** @param {Company} company */
  #drawCompany({ viewers, writers }) {
    const watching = viewers.filter(({ name }) => !writers.includes(name)).map(({ name }) => name);
    const words = [
      writers.length ? t("viewing.typing", { count: writers.length, names: writers.join(", ") }) : "",
      watching.length ? t("viewing.watching", { count: watching.length, names: watching.join(", ") }) : "",
    ].filter(Boolean).join(" · ");
    const people = [...new Map([
      ...viewers.map((viewer) => /** @type {const} */ ([viewer.name, viewer.avatar])),
      ...writers.map((name) => /** @type {const} */ ([name, viewers.find((one) => one.name === name)?.avatar ?? ""])),
    ])];
    this.#company.toggleAttribute("empty", !people.length);
    this.#company.title = this.#words.textContent = words;
    this.#faces.replaceChildren(
      ...people.slice(0, 3).map(([name, picture]) => {
        const round = avatar(name, picture);
        round.classList.toggle("writes", writers.includes(name));
        return round;
      }),
    );
  }

  /** @param {boolean} asking  whether to show the question before closing */
  #ask(asking) {
    this.#question.hidden = this.#buttons.cancel.hidden = !asking;
    this.toggleAttribute("asking", asking);
    this.#buttons.close.classList.toggle("danger", asking);
    this.#buttons.close.classList.toggle("primary", asking);
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const action = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["action"];
    if (!action || action === "status" || action === "more") return;
    // The first click may have put another button, or another meaning, under the pointer.
    if (this.#isSecond(event)) return;
    if (action === "close" && this.#question.hidden) return this.#ask(true);
    if (action === "close" || action === "cancel") this.#ask(false);
    fire(this, ACTION, action);
  };

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || this.#question.hidden) return;
    event.stopPropagation();
    this.#ask(false);
    fire(this, ACTION, "cancel");
  };
}

/**
 * Return the operator's name, with their status unless they are online and not in a call.
 * @param {{ id: string, name: string }} operator
 * @param {ReadonlyMap<string, StaffColleague>} colleagues
 */
function nameWithStatus({ id, name }, colleagues) {
  const known = colleagues.get(id);
  if (!known || (known.presence === "online" && !known.in_call)) return name;
  return t("inbox.nameWithStatus", { name, status: wordsOf(known) });
}

/** @param {string} action @param {string} label @param {string} [className] */
function button(action, label, className = "") {
  return element("button", { type: "button", className, textContent: label, data: { action } });
}

customElements.define("conversation-head", ConversationHead);
