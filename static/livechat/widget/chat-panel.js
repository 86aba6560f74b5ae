import { ConnectionStrip } from "../shared/connection-strip.js";
import { element, fire } from "../shared/element.js";
import { items } from "../shared/items.js";
import { MessageComposer } from "../shared/message-composer.js";
import { MessageList } from "../shared/message-list.js";
import { t, tOneOf } from "../shared/texts.js";
import { ChatHeader } from "./chat-header.js";
import { accent, readable } from "./colours.js";
import { status } from "./status.js";
import { current } from "./store.js";

/** @import { Item } from "../shared/items.js" */
/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { Key } from "../shared/texts.js" */
/** @import { PublicChannel, PublicMessage, StaffMessage } from "../shared/wire.d.ts" */
/** @import { Stage } from "./ending.js" */
/** @import { State } from "./store.js" */

/**
 * What the panel shows beside the state.
 * @typedef {object} Now
 * @property {Outgoing[]} outgoing
 * @property {string[]} typists
 * @property {{ stage: Stage, code: string }} ending  his wish to end the chat
 * @property {boolean} connected
 * @property {boolean} alone  there is no page around that could close us
 */

/** The visitor wants a new chat after an ended one. */
export const START = "panel:start";

/** The whole panel: header, strip, log, and a composer or the words that the chat has ended. */
export class ChatPanel extends HTMLElement {
  header = new ChatHeader();
  strip = new ConnectionStrip();
  list = new MessageList();
  composer = new MessageComposer();
  #again = element("button", { type: "button", className: "primary", data: { action: "start" } });
  #ended = element("div", { className: "ended", hidden: true }, this.#again);

  connectedCallback() {
    this.#again.textContent = t("widget.startNew");
    this.replaceChildren(this.header, this.strip, this.list, this.#ended, this.composer);
    this.#again.addEventListener("click", this.#start);
  }

  disconnectedCallback() {
    this.#again.removeEventListener("click", this.#start);
  }

  /**
   * @param {State} state
   * @param {Now} now
   */
  show(state, { outgoing, typists, ending, connected, alone }) {
    const { channel } = state;
    const conversation = current(state);
    const ended = conversation?.state === "closed";
    const talking = ended ? [] : conversation?.operators.map(({ name }) => name) ?? [];
    paint(channel);
    this.header.show({
      name: channel.name,
      faces: talking.length ? talking : [channel.name],
      status: ending.stage === "wished" && connected ? t("widget.ending") : status(channel, conversation),
      canEnd: Boolean(conversation) && !ended && !ending.stage,
      ending: wordEnding(ending, connected),
      alone,
    });
    this.composer.placeholder = channel.placeholder || t("widget.placeholder");
    this.composer.hidden = ended;
    this.#ended.hidden = !ended;
    this.list.show(conversation?.id ?? "", this.#items(state, outgoing), state.timeline.before > 0);
    this.list.showTyping(typists);
  }

  /** @param {State} state @param {Outgoing[]} outgoing */
  #items(state, outgoing) {
    const { channel, timeline } = state;
    const conversation = current(state);
    const shown = items(conversation ? timeline.entries : [], outgoing, {
      isOwn: (author) => author === "visitor",
      author: "visitor",
      name: t("list.you"),
      visitor: t("list.you"),
      seenUpTo: conversation?.seen_by_staff ?? 0,
      wordLine,
    });
    const atStart = !conversation || timeline.before === 0;
    return channel.welcome && atStart ? [greeting(channel), ...shown] : shown;
  }

  #start = () => fire(this, START);
}

/** Colours go through the CSSOM, which a strict Content Security Policy allows. @param {PublicChannel} channel */
function paint(channel) {
  const { style } = document.documentElement;
  style.setProperty("--header", channel.header_background);
  style.setProperty("--on-header", readable(channel.header_text, channel.header_background));
  style.setProperty("--brand", channel.button_background);
  style.setProperty("--accent-light", accent(channel.button_background, "#ffffff"));
  style.setProperty("--accent-dark", accent(channel.button_background, "#2a2d32"));
  style.setProperty("--on-brand", readable(channel.button_foreground, channel.button_background));
}

/** @param {PublicChannel} channel @returns {Item} the welcome, which nobody ever stored */
function greeting(channel) {
  return {
    key: "welcome", seq: 0, clientId: "", side: "other", note: false, author: "operator",
    name: channel.name, text: channel.welcome, at: "", state: "", code: "",
  };
}

/**
 * What is to be said of the wish to end the chat: "" when there is none, or it is being fulfilled.
 * @param {Now["ending"]} ending
 * @param {boolean} connected
 */
function wordEnding({ stage, code }, connected) {
  if (stage === "refused") return t("widget.endRefused", { reason: tOneOf("refused", code) });
  return stage && !connected ? t("widget.endLater") : "";
}

/** @param {PublicMessage | StaffMessage} message */
function wordLine({ line }) {
  if (!line) return "";
  const event = line.event === "closed_by_visitor" ? "closed_by_you" : line.event;
  return t(/** @type {Key} */ (`line.${event}`), { name: line.name });
}

customElements.define("chat-panel", ChatPanel);
