/**
 * The inbox's entry point. Events change `state`, `draw` shows it, and `act` runs what the operator
 * chooses.
 */

import { ChatConnection } from "../shared/chat-connection.js";
import { midnight } from "../shared/dates.js";
import { uuid } from "../shared/identifiers.js";
import { EARLIER, SCROLLED } from "../shared/message-list-events.js";
import { fileIds } from "../shared/outbox.js";
import { now } from "../shared/server-time.js";
import { SafeStorage } from "../shared/storage.js";
import { last } from "../shared/timeline.js";
import { CHANNEL } from "./people/channel-cards.js";
import { ACTIONS, Commands } from "./conversation/actions.js";
import { ACTION } from "./conversation/conversation-head.js";
import { Composing } from "./conversation/composing.js";
import { Comparison } from "./digest.js";
import { Drafts } from "./conversation/drafts.js";
import { Poller } from "./poller.js";
import { BrowserPreferences } from "./browser-preferences.js";
import { CHANNELS, InboxPage, SEARCHED, UNLOCKED } from "./inbox-page.js";
import { CHOSEN } from "./list/inbox-rail.js";
import { BEGUN } from "./inbox-start.js";
import { Keyboard } from "./keys/keyboard.js";
import { stepped } from "./keys/keys.js";
import { offers } from "./keys/palette-entries.js";
import { choiceOf, CHOSE, OWN, presenceSet } from "./people/presence.js";
import { Alerts } from "./alerts/alerts.js";
import { apply, joined, opensOrCloses, ownDigest, start, takesPart, unread, wanted } from "./store.js";
import { Viewers } from "./conversation/viewers.js";
import { Visitors } from "./list/visitors.js";
import { Watch } from "./conversation/watching.js";
import { VISITOR } from "./list/conversation-texts.js";

/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { StaffCommand, StaffEvent, StaffMessage } from "../shared/wire.d.ts" */
/** @import { Preferences } from "./alerts/alarm.js" */
/** @import { Chosen } from "./people/presence.js" */

/** Conversations to fetch ahead at once; more would delay messages that the operator sends. */
const MAX_AHEAD = 20;
/** Delay before visitor details are fetched, so that stepping through the list fetches none. */
const LINGER_MS = 200;
const RETRY_SECONDS = 5;
const NO_FILES = { accept: "", max_bytes: 0, max_files: 0, max_pixels: 0, max_side: 0 };

/** @type {{ socket: string, user: string, id: string, admin: string | null, preferences?: Partial<Preferences> & { shortcuts?: boolean } }} */
const config = JSON.parse(document.getElementById("livechat-config")?.textContent ?? "");
const page = /** @type {InboxPage} */ (document.querySelector("inbox-page"));
const { pane } = page;
const tab = uuid();
const storage = new SafeStorage(() => localStorage);
const drafts = new Drafts(new SafeStorage(() => sessionStorage), config.id);
const browserPreferences = new BrowserPreferences(new SafeStorage(() => localStorage), config.id);
const singles = config.preferences?.shortcuts !== false;

let state = start(config.user);
let selected = location.hash.slice(1);
let drawing = false;
/** Whether to focus the text box as soon as it is visible. */
let wantsFocus = false;
/** Whether to show the next conversation after the operator has confirmed closing this one. */
let thenNext = false;
let lingering = 0;
/** Whether the server hears no other process, so that visitors' presence is unknown. */
let deaf = false;
/**
 * Whether the next connection reports the operator as active: after loading, not after a reconnect.
 */
let arriving = document.hasFocus();
/** Whether a form was submitted, whose response replaces this page. */
let leaving = false;

const connection = new ChatConnection({
  path: config.socket, storage, owner: `staff:${config.id}`, tab,
  receive, changed: connectionChanged, refused: signIn, signedOut: signIn, frame, outboxChanged, typistsChanged: draw,
  hello: () => ({ type: "hello", version: 1, tab }),
  line: ({ conversation }) => conversation ?? "",
  timeline: (conversation) => state.timelines.get(conversation),
});
const { marks, outbox, repair, send, socket, typists } = connection;
const commands = new Commands({
  send,
  // Texts written before must arrive first: a closed conversation accepts none.
  ready: (subject) => socket.status !== "open" || !outbox.isHeld(subject),
  changed: draw,
  unsent: () => page.tell("offline"),
});
const composing = new Composing(pane, {
  send, outbox, drafts, storage, find: (id) => state.conversations.get(id), close: () => act("close"),
});
const keyboard = new Keyboard(page, singles, {
  selected: () => selected, open, walk, leave, act, take, closeAndNext, toggle, palette: () => void showPalette(),
});
const comparison = new Comparison();
const watching = new Watch(send);
const inboxPoller = new Poller(15_000, fetchInbox);
const answersPoller = new Poller(60_000, () => send({
  type: "answers.fetch", since: new Date(midnight(now())).toISOString(),
}));
const viewers = new Viewers((conversation, active) => send({ type: "viewing.set", conversation, active }), draw);
const visitors = new Visitors(draw);
const alerts = new Alerts(config.id, config.preferences, browserPreferences, { open, changed: draw });

/** @param {StaffEvent} event */
function receive(event) {
  const before = state;
  visitors.heard();
  state = apply(state, event);
  connection.hear(event, before.epoch);
  switch (event.type) {
    case "ack":
      commands.answered(event.client_id, true);
      break;
    case "rejected":
      if (commands.answered(event.client_id, false)) page.tell(event.code);
      outbox.reject(event);
      if (event.code === "not_found") forget(event.client_id ?? "");
      if (event.command === "messages.see") marks.again(event.retry_after);
      if (event.command === "inbox.fetch") fetchAgain(event);
      break;
    case "message.posted":
      stoppedTyping(event.conversation, event.message);
      arrived(event.conversation);
      break;
    case "timeline.page":
      arrived(event.conversation);
      repair.look(event.conversation, event.more);
      break;
    case "inbox.snapshot":
      if (event.part === event.parts) {
        visitors.keep(state.conversations);
        snapshotDone();
      }
      break;
    case "conversation.changed":
      if (opensOrCloses(before, event.conversation)) inboxPoller.soon();
      readAhead();
      break;
    case "presence.changed":
      inboxPoller.soon();
      break;
    case "inbox.changed":
      fetchInbox();
      break;
    case "typing.changed":
      if (event.who === null) typists.hear(event.conversation, VISITOR, event.active);
      else if (event.who !== state.me.id) typists.hear(event.conversation, event.name, event.active);
      break;
    case "viewing.changed":
      if (event.operator !== state.me.id) viewers.hear(event);
      break;
    case "visitor.presence":
      visitors.hear(event, now());
      break;
    case "transcript.opened":
      download(event.url);
      break;
    case "heartbeat":
      if (comparison.isLoss(
        `${ownDigest(state)} ${state.me.presence}`, `${event.digest} ${event.presence ?? state.me.presence}`,
      )) fetchInbox();
      deaf = event.hears_all === false;
      if (deaf) visitors.forget();
      lookAgain();
      break;
  }
  if (state !== before) draw();
}

function outboxChanged() {
  commands.move();
  draw();
}

function fetchInbox() {
  send({ type: "inbox.fetch" });
}

/**
 * Fetch the inbox again later, when the server was too busy.
 * @param {{ code: string, retry_after?: number | null }} rejected
 */
function fetchAgain({ code, retry_after }) {
  if (code === "unavailable" || retry_after) setTimeout(fetchInbox, (retry_after ?? RETRY_SECONDS) * 1_000);
}

/** Drop a text whose conversation no longer exists. @param {string} clientId */
function forget(clientId) {
  const entry = outbox.entries.find(({ client_id }) => client_id === clientId);
  if (!entry || state.conversations.has(entry.conversation ?? "")) return;
  outbox.remove(clientId);
  page.tell("not_found");
}

/** Repeat fetches that failed: the digest covers conversations, not gaps in their timelines. */
function lookAgain() {
  for (const id of state.timelines.keys()) repair.look(id);
  const timeline = state.timelines.get(selected);
  if (timeline && !timeline.entries.length) connection.fetchEarlier(selected);
  // The digest ignores entries of a conversation that is only watched: fetch in case one was lost.
  const watched = state.timelines.get(watching.conversation);
  if (watched) {
    send({ type: "timeline.fetch", conversation: watching.conversation, after_seq: last(watched) });
  }
}

/** Go to the login page, unless a form already leads there. @returns {false} do not reconnect */
function signIn() {
  if (!leaving) location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.hash)}`);
  return false;
}

/**
 * End the author's typing mark: the message has arrived.
 * @param {string} conversation
 * @param {StaffMessage} message
 */
function stoppedTyping(conversation, { author, author_name }) {
  typists.hear(conversation, author === "visitor" ? VISITOR : author_name, false);
}

/** @param {string} conversation */
function arrived(conversation) {
  const timeline = state.timelines.get(conversation);
  if (timeline) {
    outbox.arrived(conversation, timeline.entries);
    composing.arrived(conversation, timeline.entries);
  }
  repair.look(conversation);
}

function snapshotDone() {
  for (const id of state.timelines.keys()) repair.look(id, true);
  turnTo(selected);
  readAhead();
}

/** Fetch new entries of the operator's own conversations, to count exactly and open at once. */
function readAhead() {
  const ahead = [...state.conversations.values()].filter((conversation) =>
    isIn(conversation.id) && conversation.state !== "closed"
    && !state.timelines.has(conversation.id) && unread(state, conversation) > 0);
  for (const { head, id } of ahead.slice(0, MAX_AHEAD)) {
    if (!send({ type: "timeline.fetch", conversation: id, before_seq: head + 1 })) return;
    state = wanted(state, id);
  }
}

/** @param {Outgoing} entry @returns {StaffCommand} */
function frame(entry) {
  const { client_id, conversation, internal, text } = entry;
  return {
    type: "message.post", conversation: conversation ?? "", client_id, text, internal, files: fileIds(entry),
  };
}

/** @param {import("../shared/socket.js").Status} status */
function connectionChanged(status) {
  page.strip.show(status);
  if (status === "open") {
    if (arriving) arriving = !send({ type: "heartbeat", active: true });
    fetchInbox();
    connection.resume();
    composing.connected();
  } else {
    connection.pause();
    commands.forget();
    watching.forget();
    viewers.forget();
    visitors.forget();
  }
  draw();
}

/**
 * Show a conversation, or none.
 * @param {string} id
 * @param {boolean} [walking]  the operator steps by keys, which a focused text box would swallow
 */
function turnTo(id, walking = false) {
  if (id !== selected) {
    selected = id;
    thenNext = false;
    // On a touch screen the keyboard would cover what there is to read.
    wantsFocus = !walking && matchMedia("(hover: hover)").matches;
    page.removeAttribute("context");
    composing.turnTo(id);
    came();
  }
  watch();
  state = wanted(state, id);
  const timeline = state.timelines.get(id);
  if (timeline && !timeline.entries.length) connection.fetchEarlier(selected);
  clearTimeout(lingering);
  lingering = setTimeout(() => {
    if (state.conversations.has(selected)) send({ type: "visitor.fetch", conversation: selected });
  }, LINGER_MS);
  draw();
}

/**
 * Show a conversation, the channels, or neither.
 * @param {string} id  CHANNELS for the channels, "" for neither
 */
function open(id) {
  turnTo(id);
  location.hash = id;
}

/** Show a conversation and focus its row. @param {string} id  "" does nothing */
function walk(id) {
  if (!id) return;
  turnTo(id, true);
  location.hash = id;
  drawNow();
  page.list.reveal(id);
}

/** Move the line above unread entries, as the operator is back at the log. */
function came() {
  if (!document.hidden && document.hasFocus()) pane.list.returned(state.seen[selected] ?? 0);
}

function watch() {
  const wants = state.conversations.has(selected) && !isIn(selected)
    && state.conversations.get(selected)?.state !== "closed";
  watching.turnTo(wants ? selected : "", isIn);
}

/** @param {string} id @returns {boolean} whether the operator takes part in it */
function isIn(id) {
  const conversation = state.conversations.get(id);
  return Boolean(conversation && takesPart(state, conversation));
}

/** Return where a visitor is; null when the server does not report it. @param {string} id */
function whereabouts(id) {
  const conversation = state.conversations.get(id);
  const isKnown = !deaf && socket.status === "open" && conversation && conversation.state !== "closed"
    && (conversation.state === "queued" || isIn(id) || watching.conversation === id);
  if (isKnown) return visitors.of(id);
  visitors.drop(id);
  return null;
}

/** Mark the visible entries as read; on the server only in the operator's own conversations. */
function see() {
  const timeline = state.timelines.get(selected);
  if (!timeline || document.hidden || !document.hasFocus() || !pane.list.atEnd) return;
  const upTo = last(timeline);
  if (!timeline.entries.length || upTo <= (state.seen[selected] ?? 0)) return;
  if (isIn(selected)) marks.read(selected, upTo);
  // The operator's own list does not wait for the server.
  state = { ...state, seen: { ...state.seen, [selected]: upTo } };
}

/** Draw once for all events of a frame. A hidden tab gets no animation frames, hence the timer. */
function draw() {
  if (drawing) return;
  drawing = true;
  if (document.hidden) setTimeout(drawNow, 100);
  else requestAnimationFrame(drawNow);
}

function drawNow() {
  drawing = false;
  see();
  watch();
  const looking = !document.hidden && state.conversations.has(selected) ? selected : "";
  viewers.look(state.me.id && choiceOf(state.me) !== "invisible" ? looking : "");
  alerts.update(state, document.hasFocus() ? looking : "");
  inboxPoller.turn(selected === CHANNELS && !document.hidden);
  const channel = state.conversations.get(selected)?.channel;
  pane.composer.rules = state.channels.find(({ id }) => id === channel)?.files ?? NO_FILES;
  page.show(state, selected, {
    outgoing: outbox.entries.filter((entry) => entry.conversation === selected),
    typists: (id) => typists.names(id),
    isBusy: (subject) => commands.isBusy(subject),
    viewers: viewers.of(selected),
    whereabouts,
    blocked: alerts.blocked,
  });
  answersPoller.turn(page.idle && socket.status === "open" && !document.hidden);
  page.rail.sounds = { muted: alerts.muted, askable: alerts.askable };
  if (wantsFocus && pane.composer.checkVisibility()) {
    wantsFocus = false;
    pane.composer.focusText();
  }
}

/** @param {string} action  from a button, a key or the palette */
function act(action) {
  const make = ACTIONS[action];
  if (make) {
    const left = selected;
    const next = action === "close" && thenNext ? following(left) : "";
    thenNext = false;
    return commands.give(left, (client_id) => make(left, client_id), () => {
      if (next && selected === left) walk(next);
    });
  }
  switch (action) {
    case "askToClose":
      return pane.head.askToClose();
    case "available":
    case "busy":
    case "invisible":
      return choose({ choice: action, in_call: state.me.in_call });
    case "cancel":
      thenNext = false;
      return;
    case "context":
      return page.toggleContext();
    case "dismiss":
      browserPreferences.set("dismissed", true);
      return draw();
    case "in_call":
      return choose({ choice: choiceOf(state.me), in_call: !state.me.in_call });
    case "mute":
      alerts.muted = !alerts.muted;
      return draw();
    case "note":
    case "reply":
      return pane.write(action === "note");
    case "notify":
      return void alerts.ask();
    case "search":
      return page.search.focus();
    case "sheet":
      return void showSheet();
    case "sounds":
      return void alerts.unlock().then(() => alerts.ask());
    case "transcript":
      send({ type: "transcript.open", conversation: selected, format: "text" });
  }
}

/** @param {Chosen} chosen */
function choose(chosen) {
  commands.give(OWN, (client_id) => presenceSet(client_id, chosen));
}

/**
 * Return the conversation to show after `id` is closed.
 * @param {string} id
 * @returns {string} "" for none
 */
function following(id) {
  const { open: wanting } = page.list;
  return stepped(wanting, id, 1) || stepped(wanting, id, -1) || wanting.find((one) => one !== id) || "";
}

function closeAndNext() {
  thenNext = isIn(selected);
  act("askToClose");
}

/** @param {"need_help" | "waiting_for_customer"} status  the same key resets it */
function toggle(status) {
  const conversation = state.conversations.get(selected);
  if (!conversation || !isIn(selected) || conversation.state !== "assigned") return;
  act(conversation.status === status ? "in_progress" : status);
}

function take() {
  const conversation = state.conversations.get(selected);
  if (!conversation || !state.me.id || isIn(selected)) return;
  if (conversation.state === "queued") act("take");
  if (conversation.state === "assigned") act("join");
}

/** @param {string} url */
function download(url) {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}

async function showSheet() {
  const { showSheet } = await import("./keys/cheat-sheet.js");
  showSheet(singles);
}

async function showPalette() {
  const { CommandPalette } = await import("./keys/command-palette.js");
  if (document.querySelector("dialog[open]")) return;
  new CommandPalette(offers(state, selected, page.list.ids, {
    open,
    act: (action) => (action === "take" ? take() : act(action)),
    muted: alerts.muted,
    profile: () => location.assign("/profile/"),
  })).open();
}

/** Go back to the list. */
function leave() {
  const left = selected;
  open("");
  drawNow();
  page.list.reveal(left);
}

page.addEventListener(ACTION, (event) => {
  act(/** @type {CustomEvent} */ (event).detail);
});
page.addEventListener(EARLIER, () => connection.fetchEarlier(selected));
page.addEventListener(SCROLLED, draw);
page.addEventListener(CHOSE, (event) => choose(/** @type {CustomEvent<Chosen>} */ (event).detail));
page.addEventListener(CHANNEL, (event) => {
  const { channel, join } = /** @type {CustomEvent} */ (event).detail;
  const type = join ? "channel.join" : "channel.leave";
  commands.give(channel, (client_id) => ({ type, channel, client_id }), () => {
    state = joined(state, channel, join);
  });
});
page.addEventListener(SEARCHED, draw);
page.addEventListener(UNLOCKED, () => alerts.unlock());
page.addEventListener(CHOSEN, (event) => act(/** @type {CustomEvent} */ (event).detail));
page.addEventListener(BEGUN, (event) => {
  const begin = /** @type {CustomEvent} */ (event).detail;
  if (begin === "next") open(page.list.ids[0] ?? "");
  else act(begin);
});
addEventListener("hashchange", () => turnTo(location.hash.slice(1)));
addEventListener("focus", () => {
  came();
  draw();
});
addEventListener("blur", draw);
document.addEventListener("visibilitychange", draw);

addEventListener("pagehide", () => viewers.look(""));
addEventListener("pageshow", () => {
  leaving = false;
});
document.addEventListener("submit", (event) => {
  if (!event.defaultPrevented) leaving = true;
});
document.addEventListener("keydown", (event) => keyboard.press(event));

page.admin = config.admin;
page.preferences = browserPreferences;
composing.turnTo(selected);
draw();
socket.start();
