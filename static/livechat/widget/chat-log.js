/** The widget's messages, after the channel's welcome text. */

import { items } from "../shared/log-items.js";
import { MessageList } from "../shared/message-list.js";
import { t } from "../shared/texts.js";
import { current } from "./store.js";

/** @import { Item } from "../shared/log-items.js" */
/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { Key } from "../shared/texts.js" */
/** @import { PublicChannel, PublicMessage, StaffMessage } from "../shared/wire.d.ts" */
/** @import { State } from "./store.js" */

/** The visitor's log, loaded with the first message, because the greeting does not need it. */
export class ChatLog {
  list = new MessageList();

  /**
   * @param {State} state @param {Outgoing[]} outgoing @param {string[]} typists
   * @param {boolean} hidden
   */
  show(state, outgoing, typists, hidden) {
    this.list.hidden = hidden;
    this.list.show(current(state)?.id ?? "", shown(state, outgoing), state.timeline.before > 0);
    this.list.showTyping(typists);
  }

  /** Return a text that names who ended the chat, if known. @param {PublicMessage[]} entries */
  wordEnd(entries) {
    const end = entries.findLast(({ line }) => line?.event.startsWith("closed_by_"));
    return end ? `${wordLine(end)}.` : t("widget.ended");
  }
}

/** @param {State} state @param {Outgoing[]} outgoing @returns {Item[]} */
function shown(state, outgoing) {
  const { channel, timeline } = state;
  const conversation = current(state);
  const known = [...conversation?.operators ?? [], ...channel.team];
  const said = items(conversation ? timeline.entries : [], outgoing, {
    isOwn: (author) => author === "visitor",
    author: "visitor",
    name: t("list.you"),
    visitor: t("list.you"),
    seenUpTo: conversation?.seen_by_staff ?? 0,
    wordLine,
    picture: (author) => known.find(({ id }) => id === author)?.avatar,
  });
  const atStart = !conversation || timeline.before === 0;
  return channel.welcome && atStart ? [greeting(channel), ...said] : said;
}

/** @param {PublicChannel} channel @returns {Item} the welcome, which is not a stored entry */
function greeting(channel) {
  return {
    key: "welcome", seq: 0, clientId: "", side: "other", note: false, author: "operator",
    name: channel.name, text: channel.welcome, at: "", state: "", code: "",
  };
}

/** @param {PublicMessage | StaffMessage} message */
function wordLine({ line }) {
  if (!line) return "";
  const event = line.event === "closed_by_visitor" ? "closed_by_you" : line.event;
  return t(/** @type {Key} */ (`line.${event}`), { name: line.name });
}
