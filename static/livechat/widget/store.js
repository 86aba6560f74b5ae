/** The widget's state, and how events change it. Pure. */

import { add, empty, last, newest } from "../shared/timeline.js";

/** @import { PublicChannel, PublicConversation, PublicMessage, VisitorEvent } from "../shared/wire.d.ts" */
/** @import { Timeline } from "../shared/timeline.js" */

/**
 * The widget's state. `dismissed`: the ended conversation is hidden, so that a new one can start.
 * @typedef {object} State
 * @property {PublicChannel} channel
 * @property {string} epoch
 * @property {PublicConversation | null} conversation
 * @property {Timeline<PublicMessage>} timeline
 * @property {boolean} dismissed
 */

/** @param {PublicChannel} channel @returns {State} */
export function start(channel) {
  return { channel, epoch: "", conversation: null, timeline: empty(), dismissed: false };
}

/**
 * Return the state after an event. Events may arrive twice, late or never.
 * @param {State} state
 * @param {VisitorEvent} event
 * @returns {State}
 */
export function apply(state, event) {
  const known = state.conversation;
  switch (event.type) {
    case "welcome": {
      const { channel, conversation, epoch, messages } = event;
      const same = known?.id === conversation?.id && state.epoch === epoch;
      const head = conversation?.head ?? 0;
      return {
        channel,
        epoch,
        conversation,
        timeline: same ? add(state.timeline, messages, head) : newest(messages, head),
        dismissed: state.dismissed && same,
      };
    }
    case "conversation.changed":
      return changed(state, event.conversation);
    case "message.posted":
      if (event.conversation !== known?.id) return state;
      return { ...state, timeline: add(state.timeline, [event.message]) };
    case "timeline.page":
      if (event.conversation !== known?.id) return state;
      return { ...state, timeline: add(state.timeline, event.messages, event.head) };
    case "messages.seen":
      if (event.conversation !== known?.id) return state;
      return { ...state, conversation: seen(known, event.by, event.up_to) };
    case "heartbeat":
      if (event.conversation !== known?.id) return state;
      return { ...state, timeline: add(state.timeline, [], event.head) };
    default:
      return state;
  }
}

/** @param {State} state @returns {State} with the ended conversation hidden */
export function dismiss(state) {
  return { ...state, dismissed: true };
}

/** @param {State} state @returns {PublicConversation | null} the conversation that is shown */
export function current(state) {
  return state.dismissed ? null : state.conversation;
}

/**
 * Whether the heartbeat names another conversation, or a newer revision, than the state.
 * @param {State} state
 * @param {{ conversation: string | null, revision: number }} heartbeat
 * @returns {boolean}
 */
export function isElsewhere(state, { conversation, revision }) {
  if (conversation !== (state.conversation?.id ?? null)) return true;
  return revision > (state.conversation?.revision ?? 0);
}

/** @param {State} state @returns {number} messages of operators and bots that are not seen yet */
export function unread(state) {
  const seenUpTo = state.conversation?.seen ?? 0;
  return state.timeline.entries.filter((message) => message.seq > seenUpTo && isAnswer(message)).length;
}

/** @param {PublicMessage} message @returns {boolean} whether it is an operator's or a bot's text */
export function isAnswer({ author, kind }) {
  return kind === "text" && (author === "operator" || author === "bot");
}

/** @param {State} state @param {PublicConversation} view @returns {State} */
function changed(state, view) {
  const known = state.conversation;
  if (known && known.id !== view.id) {
    if (Date.parse(view.opened_at) < Date.parse(known.opened_at)) return state;
    return { ...state, conversation: view, timeline: empty(view.head), dismissed: false };
  }
  if (known && view.revision < known.revision) return state;
  const timeline = known ? add(state.timeline, [], view.head) : empty(view.head);
  // Read marks only grow, and also arrive in `messages.seen`: those of the view may be older.
  const marks = known && {
    seen: Math.max(known.seen, view.seen),
    seen_by_staff: Math.max(known.seen_by_staff, view.seen_by_staff),
  };
  return { ...state, conversation: { ...view, ...marks }, timeline: /** @type {any} */ (timeline) };
}

/**
 * @param {PublicConversation} conversation
 * @param {"visitor" | "staff"} by
 * @param {number} upTo
 */
function seen(conversation, by, upTo) {
  const mark = by === "staff" ? "seen_by_staff" : "seen";
  return { ...conversation, [mark]: Math.max(conversation[mark], upTo) };
}

/** @param {State} state @returns {number} */
export function lastSeq(state) {
  return last(state.timeline);
}
