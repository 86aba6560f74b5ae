/** The widget's window: lays out its parts, some loaded when needed. */

import { ConnectionStrip } from "../shared/connection-strip.js";
import { element, fire } from "../shared/element.js";
import { MessageComposer } from "../shared/message-composer.js";
import { t, tOneOf } from "../shared/texts.js";
import { ChatGreeting } from "./chat-greeting.js";
import { ChatHeader, SAVE } from "./chat-header.js";
import { status } from "./status-line.js";
import { current } from "./store.js";

/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { PublicChannel } from "../shared/wire.d.ts" */
/** @import { ChatLog } from "./chat-log.js" */
/** @import { NoticeState } from "./chat-notices.js" */
/** @import { Choices } from "./preferences.js" */
/** @import { Stage } from "./end-chat.js" */
/** @import { State } from "./store.js" */

/**
 * What the panel shows besides the state.
 * @typedef {object} Now
 * @property {Outgoing[]} outgoing
 * @property {string[]} typists
 * @property {{ stage: Stage, code: string }} ending  the visitor's request to end the chat
 * @property {boolean} connected
 * @property {boolean} usable  messages can be sent, now or later
 * @property {boolean} known  it is known whether there is a conversation
 * @property {boolean} alone  there is no page around the frame that could close it
 * @property {boolean | null} wide  null if the window cannot be wider
 * @property {Choices} choices
 * @property {Omit<NoticeState, "waiting" | "hint">} noticeState
 */

/** The visitor wants a new chat after an ended one. */
export const START = "panel:start";
/** The log is loaded and has to be drawn. */
export const READY = "panel:ready";

/** The whole panel: header, strip, log, and the composer or a text that the chat has ended. */
export class ChatPanel extends HTMLElement {
  header = new ChatHeader();
  strip = new ConnectionStrip();
  composer = new MessageComposer();
  #again = element("button", { type: "button", className: "primary", data: { action: "start" } });
  #save = element("button", { type: "button", data: { action: "save" } });
  #why = element("p");
  #ended = element("div", { className: "ended", hidden: true }, this.#why, this.#again, this.#save);
  #greeting = new ChatGreeting();
  /** Loaded when there are, or soon will be, messages. @type {ChatLog | null} */
  #log = null;
  /** @type {Promise<unknown> | null} */
  #logComing = null;
  /** `seen` of the last `returned` before the log is loaded. @type {number | null} */
  #returned = null;
  /** @type {import("./chat-notices.js").ChatNotices | null} */
  #notices = null;
  /** @type {Promise<unknown> | null} */
  #coming = null;
  /** @type {NoticeState | null} */
  #noticeState = null;

  connectedCallback() {
    this.#again.textContent = t("widget.startNew");
    this.#save.textContent = t("widget.save");
    this.replaceChildren(this.header, this.strip, this.#greeting, this.#ended, this.composer);
    this.#again.onclick = () => fire(this, START);
    this.#save.onclick = () => fire(this, SAVE, "html");
  }

  /** Load what will be needed soon, so that it works without a connection. */
  warm() {
    this.header.warm();
    this.#fetch();
    this.#fetchLog();
  }

  /** Whether the newest entry is in view. */
  get atEnd() {
    return Boolean(this.#log?.list.atEnd);
  }

  /** Note that the visitor returns to the log, having read up to `seen`. @param {number} seen */
  returned(seen) {
    if (this.#log) this.#log.list.returned(seen);
    else this.#returned = seen;
  }

  /**
   * @param {State} state
   * @param {Now} now
   */
  show(state, { outgoing, typists, ending, connected, usable, known, alone, wide, choices, noticeState }) {
    const { channel } = state;
    const conversation = current(state);
    const ended = conversation?.state === "closed";
    const talking = ended ? [] : conversation?.operators ?? [];
    const team = channel.available ? channel.team : [];
    const people = [talking, team, [{ name: channel.name, avatar: "" }]].find(({ length }) => length) ?? [];
    const blank = !conversation && !outgoing.length;
    paint(channel);
    this.header.show({
      name: channel.name,
      people,
      present: Boolean(talking.length) || (channel.available && !ended),
      status: ending.stage === "wished" && connected ? t("widget.ending") : status(channel, conversation),
      wide,
      alone,
      menu: {
        saved: Boolean(conversation),
        canEnd: Boolean(conversation) && !ended && !ending.stage,
        ending: wordEnding(ending, connected),
        privacy: channel.privacy_link,
        choices,
      },
    });
    const waiting = conversation?.state === "queued" && !ending.stage
      ? { since: conversation.opened_at, available: channel.available } : null;
    this.#tell({ ...noticeState, waiting, hint: channel.contact_hint });
    this.#greeting.hidden = !blank || !known;
    const kept = !noticeState.unkept && !noticeState.forgotten;
    if (blank && known) this.#greeting.show(channel, people, kept);
    this.#why.textContent = ended ? this.#log?.wordEnd(state.timeline.entries) ?? t("widget.ended") : "";
    this.composer.placeholder = channel.placeholder || t("widget.placeholder");
    this.composer.hidden = ended || !usable;
    this.#ended.hidden = !ended;
    if (this.#log) this.#log.show(state, outgoing, typists, blank && known);
    else if (!blank) this.#fetchLog();
  }

  /** @param {NoticeState} noticeState */
  #tell(noticeState) {
    this.#noticeState = noticeState;
    const { hint, forgotten, ...news } = noticeState;
    if (this.#notices) this.#notices.show(noticeState);
    else if (Object.values(news).some(Boolean)) this.#fetch();
  }

  #fetchLog() {
    this.#logComing ??= import("./chat-log.js").then(({ ChatLog }) => {
      this.#log = new ChatLog();
      if (this.#returned !== null) this.#log.list.returned(this.#returned);
      this.#ended.before(this.#log.list);
      fire(this, READY);
    }).catch(() => {
      // It cannot be loaded: the next change tries again. Messages are kept in the outbox.
      this.#logComing = null;
    });
  }

  #fetch() {
    this.#coming ??= import("./chat-notices.js").then(({ ChatNotices, LEAVE }) => {
      this.#notices = new ChatNotices();
      this.#notices.addEventListener(LEAVE, () => this.header.askEnd());
      this.strip.after(this.#notices);
      if (this.#noticeState) this.#notices.show(this.#noticeState);
    }).catch(() => {
      // It cannot be loaded: the next notice tries again.
      this.#coming = null;
    });
  }
}

/**
 * Set the colours by the CSSOM, which a strict Content Security Policy allows.
 * @param {PublicChannel} channel
 */
function paint(channel) {
  const { style } = document.documentElement;
  for (const [name, colour] of Object.entries(channel.colours)) style.setProperty(`--${name}`, colour);
}

/**
 * Return the text about the request to end the chat; "" if there is none, or it can be sent.
 * @param {Now["ending"]} ending
 * @param {boolean} connected
 */
function wordEnding({ stage, code }, connected) {
  if (stage === "refused") return t("widget.endRefused", { reason: tOneOf("refused", code) });
  return stage && !connected ? t("widget.endLater") : "";
}

customElements.define("chat-panel", ChatPanel);
