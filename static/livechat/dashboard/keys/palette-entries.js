/** The conversations and actions that the command palette can find. */

import { STATUSES } from "../conversation/conversation-head.js";
import { CHANNELS } from "../inbox-page.js";
import { CHOICES, ownStatus } from "../people/presence.js";
import { takesPart } from "../store.js";
import { t } from "../texts.js";
import { lastLine, visitorName } from "../list/conversation-texts.js";

/** @import { Offer } from "./command-palette.js" */
/** @import { State } from "../store.js" */

/**
 * Return what the palette offers in this state. `act` does what the conversation's buttons do.
 * @param {State} state
 * @param {string} selected
 * @param {readonly string[]} order  ids in the order of the list
 * @param {{ open: (id: string) => void, act: (action: string) => void, muted: boolean, profile: () => void }} around
 * @returns {Offer[]}
 */
export function offers(state, selected, order, { act, muted, open, profile }) {
  const channels = new Map(state.channels.map(({ id, name }) => [id, name]));
  const known = [...new Set([...order, ...state.conversations.keys()])];
  /** @type {Offer[]} */
  const found = [];
  for (const id of known) {
    const conversation = state.conversations.get(id);
    if (!conversation) continue;
    const line = lastLine(conversation.last, state.me.id);
    const channel = channels.get(conversation.channel) ?? "";
    found.push({
      id, group: "chats", title: visitorName(conversation), about: line,
      words: [conversation.visitor.email, line, channel].filter(Boolean), run: () => open(id),
    });
  }
  const action = (/** @type {string} */ id, /** @type {string} */ title, /** @type {() => void} */ run, about = "") =>
    found.push({ id, group: "actions", title, about, words: [], run });
  const conversation = state.conversations.get(selected);
  if (conversation && conversation.state !== "closed" && state.me.id) {
    const inside = takesPart(state, conversation);
    if (!inside && conversation.state !== "bot") {
      action("take", t(conversation.state === "queued" ? "action.take" : "action.join"), () => act("take"), "I");
    }
    if (inside) {
      action("reply", t("keys.reply"), () => act("reply"), "R");
      action("note", t("keys.note"), () => act("note"), "N");
      for (const status of STATUSES) {
        if (conversation.status === status) continue;
        const key = { need_help: "H", waiting_for_customer: "Z" }[String(status)] ?? "";
        action(status, t(`status.${status}`), () => act(status), key);
      }
      action("close", t("action.close"), () => act("askToClose"), "E");
      action("leave", t("action.leave"), () => act("leave"));
    }
  }
  if (conversation) action("transcript", t("action.transcript"), () => act("transcript"));
  if (state.me.id) {
    for (const choice of CHOICES) {
      if (choice !== ownStatus(state.me)) action(choice, t("presence.become", { status: t(`presence.${choice}`) }), () => act(choice));
    }
    action("in_call", t(state.me.in_call ? "presence.callOver" : "presence.callBegins"), () => act("in_call"));
  }
  action("mute", t(muted ? "rail.unmute" : "rail.mute"), () => act("mute"));
  action("channels", t("rail.channels"), () => open(CHANNELS));
  action("inbox", t("inbox.title"), () => open(""));
  action("profile", t("rail.profile"), profile);
  action("sheet", t("keys.title"), () => act("sheet"), "?");
  action("search", t("keys.search"), () => act("search"), "/");
  return found;
}
