/** The inbox's state, and how events change it. Pure. */

import { add, newest } from "../shared/timeline.js";
import { digest } from "./digest.js";
import { ownPresence } from "./people/presence.js";

/** @import { AnswersTold, CannedListed, CannedResponse, FirstSteps, InboxSnapshot, Me, PageSeen, PresenceChanged, StaffChannel, StaffColleague, StaffConversation, StaffEvent, StaffMessage, VisitorMoved, VisitorTold } from "../shared/wire.d.ts" */
/** @import { Timeline } from "../shared/timeline.js" */

/** @typedef {ReadonlyMap<string, StaffConversation>} Conversations */

/**
 * The state of the inbox. It has timelines only of conversations that were opened or fetched ahead.
 * @typedef {object} State
 * @property {string} epoch  of the database that this state comes from
 * @property {boolean} loaded  whether a snapshot has come
 * @property {Me} me
 * @property {StaffChannel[]} channels
 * @property {ReadonlyMap<string, StaffColleague>} colleagues  by id, without the operator
 * @property {Conversations} conversations
 * @property {Readonly<Record<string, number>>} seen  how far the operator has read, by conversation
 * @property {ReadonlyMap<string, Timeline<StaffMessage>>} timelines
 * @property {readonly CannedResponse[]} canned
 * @property {ReadonlyMap<string, VisitorTold>} visitorDetails  fetched visitor details, by conversation
 * @property {AnswersTold | null} answers  the average time to a first response, as last fetched
 * @property {FirstSteps | null} steps
 * @property {InboxSnapshot[]} parts  of a snapshot that is still arriving
 * @property {CannedListed[]} cannedParts  of a list that is still arriving
 */

/** @param {string} name @returns {State} */
export function start(name) {
  return {
    epoch: "",
    loaded: false,
    me: { id: null, name, avatar: "", accepting: false, in_call: false, presence: "offline", availability: null },
    channels: [],
    colleagues: new Map(),
    conversations: new Map(),
    seen: {},
    timelines: new Map(),
    canned: [],
    visitorDetails: new Map(),
    answers: null,
    steps: null,
    parts: [],
    cannedParts: [],
  };
}

/**
 * Return the state after an event. Nothing else applies events, which may come twice, late or not
 * at all.
 * @param {State} state
 * @param {StaffEvent} event
 * @returns {State}
 */
export function apply(state, event) {
  switch (event.type) {
    case "welcome":
      return welcomed(state, event.epoch);
    case "inbox.snapshot":
      return snapshot(state, event);
    case "conversation.changed":
      return withConversation(state, merged(state.conversations.get(event.conversation.id), event.conversation));
    case "message.posted":
      return posted(state, event.conversation, event.message);
    case "timeline.page":
      return withTimeline(state, event.conversation, event.messages, event.head);
    case "messages.seen":
      return seen(state, event);
    case "visitor.moved": {
      const known = state.conversations.get(event.conversation);
      if (!known) return state;
      const page = { ...event.page, referrer: event.page.referrer || known.visitor.page?.referrer };
      return moved(withConversation(state, { ...known, visitor: { ...known.visitor, page } }), event);
    }
    case "visitor.told":
      return { ...state, visitorDetails: new Map(state.visitorDetails).set(event.conversation, event) };
    case "answers.told":
      return { ...state, answers: event };
    case "canned.listed":
      return cannedListed(state, event);
    case "presence.changed":
      if (event.operator === state.me.id) return { ...state, me: ownPresence(state.me, event) };
      return colleagueChanged(state, event);
    default:
      return state;
  }
}

/**
 * Add an empty timeline that is filled from its end; safe to repeat.
 * @param {State} state
 * @param {string} id
 */
export function wanted(state, id) {
  const conversation = state.conversations.get(id);
  if (!conversation || state.timelines.has(id)) return state;
  const timelines = new Map(state.timelines).set(id, newest([], conversation.head));
  return { ...state, timelines };
}

/**
 * Record that the operator joined or left a channel, before the next snapshot confirms it.
 * @param {State} state @param {string} id @param {boolean} joined @returns {State}
 */
export function joined(state, id, joined) {
  const channels = state.channels.map((channel) => (channel.id === id ? { ...channel, joined } : channel));
  return { ...state, channels };
}

/** @param {State} state @param {StaffConversation} conversation @returns {boolean} */
export function takesPart({ me }, conversation) {
  return me.id !== null && conversation.operators.some(({ id }) => id === me.id);
}

/**
 * @param {State} state
 * @param {StaffConversation} conversation
 * @returns {number} unread entries, only the visitor's where the timeline is known
 */
export function unread(state, conversation) {
  const from = state.seen[conversation.id] ?? 0;
  const entries = state.timelines.get(conversation.id)?.entries;
  if (!entries?.length || (entries[0]?.seq ?? 0) > from + 1) return Math.max(0, conversation.head - from);
  return entries.filter(({ author, seq }) => seq > from && author === "visitor").length;
}

/**
 * Return the last text or note; if none is known, the last system line.
 * @param {State} state
 * @param {StaffConversation} conversation
 * @returns {StaffMessage | null}
 */
export function said(state, { id, last }) {
  if (last?.kind !== "system") return last;
  return state.timelines.get(id)?.entries.findLast(({ kind }) => kind !== "system") ?? last;
}

/**
 * Return whether an event opens or closes a conversation, and so changes its channel's counts.
 * @param {State} state  before the event
 * @param {StaffConversation} conversation
 */
export function opensOrCloses({ conversations }, { id, state }) {
  const known = conversations.get(id);
  return !known || (known.state === "closed") !== (state === "closed");
}

/** @param {State} state @returns {string} the digest that a heartbeat should carry */
export function ownDigest(state) {
  const open = [...state.conversations.values()].filter(({ state }) => state !== "closed");
  return digest(open.map((conversation) => {
    const hears = conversation.state === "queued" || takesPart(state, conversation);
    const { id, revision, head } = conversation;
    return { id, revision, head: hears ? head : 0 };
  }));
}

/**
 * On a new epoch, as after a restored backup, keep only the operator and the canned responses:
 * revisions and numbers mean something else.
 * @param {State} state
 * @param {string} epoch
 * @returns {State}
 */
function welcomed(state, epoch) {
  if (!state.epoch || state.epoch === epoch) return { ...state, epoch };
  const { canned, me } = state;
  return { ...start(me.name), canned, epoch, me };
}

/** @param {State} state @param {InboxSnapshot} event @returns {State} */
function snapshot(state, event) {
  const parts = event.part === 1 ? [event] : [...state.parts, event];
  if (parts.length !== event.part || event.part < event.parts) return { ...state, parts };
  const all = parts.flatMap((part) => part.conversations);
  const conversations = new Map(all.map((view) => [view.id, merged(state.conversations.get(view.id), view)]));
  const marks = Object.assign({}, ...parts.map((part) => part.seen));
  for (const [id, upTo] of Object.entries(state.seen)) marks[id] = Math.max(marks[id] ?? 0, upTo);
  const channels = parts.flatMap((part) => part.channels);
  // A server of the previous version sends no colleagues.
  const colleagues = new Map(parts.flatMap((part) => part.colleagues ?? []).map((person) => [person.id, person]));
  /** @type {State} */
  const next = {
    ...state, loaded: true, me: event.me, channels: unique(channels), colleagues, conversations, seen: marks,
    steps: event.steps, parts: [],
  };
  const timelines = new Map(
    [...state.timelines].filter(([id]) => conversations.has(id))
      .map(([id, timeline]) => [id, add(timeline, [], conversations.get(id)?.head)]),
  );
  return { ...next, timelines };
}

/**
 * Update a known colleague; a new one comes with the next snapshot.
 * @param {State} state
 * @param {PresenceChanged} event
 * @returns {State}
 */
function colleagueChanged(state, { in_call, name, operator, presence }) {
  const known = state.colleagues.get(operator);
  if (!known) return state;
  const colleagues = new Map(state.colleagues).set(operator, { ...known, in_call, name, presence });
  return { ...state, colleagues };
}

/**
 * Add a page to a fetched trail, unless it is the newest there already.
 * @param {State} state
 * @param {VisitorMoved} event
 * @returns {State}
 */
function moved(state, { at, conversation, page }) {
  const details = state.visitorDetails.get(conversation);
  if (!details || details.trail[0]?.url === page.url) return state;
  /** @type {PageSeen} */
  const seen = { url: page.url, title: page.title ?? "", at };
  return { ...state, visitorDetails: new Map(state.visitorDetails).set(conversation, { ...details, trail: [seen, ...details.trail] }) };
}

/** @param {State} state @param {CannedListed} event @returns {State} */
function cannedListed(state, event) {
  const parts = event.part === 1 ? [event] : [...state.cannedParts, event];
  if (parts.length !== event.part || event.part < event.parts) return { ...state, cannedParts: parts };
  return { ...state, canned: parts.flatMap(({ responses }) => responses), cannedParts: [] };
}

/** @param {StaffChannel[]} channels  parts may repeat them */
function unique(channels) {
  return [...new Map(channels.map((channel) => [channel.id, channel])).values()];
}

/**
 * Return the view with the higher revision. Values that only grow keep their maximum, because
 * messages and read marks also arrive in events of their own.
 * @param {StaffConversation | undefined} known
 * @param {StaffConversation} view
 * @returns {StaffConversation}
 */
function merged(known, view) {
  if (!known) return view;
  const newer = view.revision >= known.revision ? view : known;
  return {
    ...newer,
    head: Math.max(known.head, view.head),
    last: (known.last?.seq ?? 0) > (view.last?.seq ?? 0) ? known.last : view.last,
    seen_by_visitor: Math.max(known.seen_by_visitor, view.seen_by_visitor),
    seen_by_staff: Math.max(known.seen_by_staff, view.seen_by_staff),
  };
}

/** @param {State} state @param {StaffConversation} conversation @returns {State} */
function withConversation(state, conversation) {
  const conversations = new Map(state.conversations).set(conversation.id, conversation);
  return withTimeline({ ...state, conversations }, conversation.id, [], conversation.head);
}

/** @param {State} state @param {string} id @param {StaffMessage[]} messages @param {number} [head] */
function withTimeline(state, id, messages, head) {
  const timeline = state.timelines.get(id);
  if (!timeline) return state;
  return { ...state, timelines: new Map(state.timelines).set(id, add(timeline, messages, head)) };
}

/** @param {State} state @param {string} id @param {StaffMessage} message @returns {State} */
function posted(state, id, message) {
  const known = state.conversations.get(id);
  if (!known) return state;
  const isNews = message.seq > (known.last?.seq ?? 0);
  const conversation = {
    ...known,
    head: Math.max(known.head, message.seq),
    last: isNews ? message : known.last,
    waiting_since: isNews ? waitingSince(known, message) : known.waiting_since,
  };
  return withTimeline(withConversation(state, conversation), id, [message]);
}

/** @param {StaffConversation} known @param {StaffMessage} message */
function waitingSince(known, message) {
  if (message.kind !== "text") return known.waiting_since;
  return message.author === "visitor" ? known.waiting_since ?? message.at : null;
}

/** @param {State} state @param {import("../shared/wire.d.ts").StaffMessagesSeen} event @returns {State} */
function seen(state, { conversation: id, by, reader, up_to }) {
  const known = state.conversations.get(id);
  if (!known) return state;
  const mark = by === "staff" ? "seen_by_staff" : "seen_by_visitor";
  const next = withConversation(state, { ...known, [mark]: Math.max(known[mark], up_to) });
  if (!reader || reader !== state.me.id) return next;
  return { ...next, seen: { ...state.seen, [id]: Math.max(state.seen[id] ?? 0, up_to) } };
}
