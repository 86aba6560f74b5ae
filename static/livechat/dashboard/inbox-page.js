import { ConnectionStrip } from "../shared/connection-strip.js";
import { element } from "../shared/element.js";
import { t, tOneOf } from "../shared/texts.js";
import { ChannelCards } from "./channel-cards.js";
import { ConversationList } from "./conversation-list.js";
import { ConversationPane } from "./conversation-pane.js";
import { InboxRail } from "./inbox-rail.js";
import { sectionOf } from "./sections.js";
import { unread } from "./store.js";
import { VisitorContext } from "./visitor-context.js";
import { VISITOR } from "./wording.js";

/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { State } from "./store.js" */

/** What stands behind the # of the address when the channels are shown; elsewise a conversation. */
export const CHANNELS = "channels";

const NOTICE_MS = 5_000;

/** The whole inbox: rail, list, conversation, context. One pane at a time where it is narrow. */
export class InboxPage extends HTMLElement {
  rail = /** @type {InboxRail} */ (this.querySelector("inbox-rail"));
  strip = new ConnectionStrip();
  list = new ConversationList();
  pane = new ConversationPane();
  #channels = new ChannelCards();
  #context = new VisitorContext();
  #notice = element("p", { className: "notice", hidden: true, attributes: { role: "alert" } });
  #timer = 0;

  connectedCallback() {
    this.list.ariaLabel = t("inbox.title");
    this.replaceChildren(
      this.rail,
      element("nav", { className: "list-column", ariaLabel: t("inbox.title") },
        element("h1", { className: "list-head", textContent: t("inbox.title") }), this.strip, this.list),
      element("main", {}, this.pane, this.#channels),
      this.#context,
      this.#notice,
    );
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  /** @param {string | null} address */
  set admin(address) {
    this.rail.admin = this.#channels.admin = address;
  }

  /**
   * @param {State} state
   * @param {string} selected
   * @param {{ outgoing: Outgoing[], typists: (id: string) => string[], isBusy: (id: string) => boolean }} now
   */
  show(state, selected, { outgoing, typists, isBusy }) {
    const conversation = state.conversations.get(selected);
    const inChannels = selected === CHANNELS;
    this.dataset["view"] = inChannels ? "channels" : conversation ? "conversation" : "list";
    this.rail.show(state.me, inChannels);
    this.pane.hidden = inChannels;
    this.#channels.hidden = !inChannels;
    if (inChannels) this.#channels.show(state, isBusy);
    this.list.show(state, selected, (id) => typists(id).includes(VISITOR));
    this.pane.show(state, conversation, { outgoing, typists: typists(selected), busy: isBusy(selected) });
    this.#context.show(conversation);
    const news = newsCount(state);
    const title = t(inChannels ? "rail.channels" : "inbox.title");
    document.title = news ? `(${news}) ${title}` : title;
  }

  toggleContext() {
    this.toggleAttribute("context");
  }

  /** Say for a moment that a command was refused. @param {string} code */
  tell(code) {
    clearTimeout(this.#timer);
    this.#notice.textContent = tOneOf("notice", code);
    this.#notice.hidden = false;
    this.#timer = setTimeout(() => {
      this.#notice.hidden = true;
    }, NOTICE_MS);
  }
}

/** @param {State} state @returns {number} conversations that want something from this operator */
function newsCount(state) {
  return [...state.conversations.values()].filter((conversation) => {
    const section = sectionOf(conversation, state.me.id);
    return section === "waiting" || (section === "mine" && unread(state, conversation) > 0);
  }).length;
}

customElements.define("inbox-page", InboxPage);
