import { Drawer } from "../shared/drawer.js";
import { uuid } from "../shared/identifiers.js";
import { INPUT, SEND } from "../shared/message-composer.js";
import { ACTED, EARLIER, SCROLLED } from "../shared/message-list.js";
import { Outbox } from "../shared/outbox.js";
import { checkPage } from "../shared/page-check.js";
import { ReadMarks } from "../shared/read-marks.js";
import { Repair } from "../shared/repair.js";
import { Socket } from "../shared/socket.js";
import { SafeStorage } from "../shared/storage.js";
import { last } from "../shared/timeline.js";
import { TypingSender, TypingWatch } from "../shared/typing.js";
import { CALLED, PICKED } from "./canned-picker.js";
import { CHANNEL } from "./channel-cards.js";
import { ACTIONS, Commands } from "./commands.js";
import { ACTION } from "./conversation-head.js";
import { MODE } from "./conversation-pane.js";
import { Comparison } from "./digest.js";
import { Drafts } from "./drafts.js";
import { Freshness } from "./freshness.js";
import { CHANNELS, InboxPage } from "./inbox-page.js";
import { PRESENCE } from "./inbox-rail.js";
import { apply, joined, opensOrCloses, ownDigest, start, takesPart, unread, wanted } from "./store.js";
import { Watching } from "./watching.js";
import { VISITOR } from "./wording.js";

/** @import { StaffCommand, StaffEvent, StaffMessage } from "../shared/wire.d.ts" */

/** So many conversations are read ahead at once; more would crowd out what is written. */
const MAX_AHEAD = 20;
const CANNED_MS = 60_000;

/** @type {{ socket: string, user: string, id: string, admin: string | null }} */
const config = JSON.parse(document.getElementById("livechat-config")?.textContent ?? "");
const page = /** @type {InboxPage} */ (document.querySelector("inbox-page"));
const { pane } = page;
const tab = uuid();
const drawer = new Drawer(new SafeStorage(() => localStorage), `staff:${config.id}`, tab);
const drafts = new Drafts(new SafeStorage(() => sessionStorage));

let state = start(config.user);
let selected = location.hash.slice(1);
let asked = "";
let cannedAt = -Infinity;
let drawing = false;
/** The box to write in gets the focus as soon as it can be written in. */
let wantsFocus = false;

const socket = new Socket(config.socket, {
  hello: () => ({ type: "hello", version: 1, tab }),
  receive,
  changed: connectionChanged,
  refused: signIn,
  unopened,
});
const outbox = new Outbox({
  send: ({ client_id, conversation, internal, text }) =>
    send({ type: "message.post", conversation: conversation ?? "", client_id, text, internal }),
  changed: draw,
  drawer,
  now: Date.now,
  later: setTimeout,
});
const commands = new Commands(send, draw, () => page.tell("offline"));
const typists = new TypingWatch(draw);
const marks = new ReadMarks((conversation, up_to) => send({ type: "messages.see", conversation, up_to }));
const repair = new Repair(
  (conversation) => state.timelines.get(conversation),
  (conversation, after_seq) => send({ type: "timeline.fetch", conversation, after_seq }),
);
const typing = new TypingSender((active) => send({ type: "typing.set", conversation: selected, active }));
const comparison = new Comparison();
const watching = new Watching(send);
const freshness = new Freshness(() => send({ type: "inbox.fetch" }));

/** @param {StaffEvent} event */
function receive(event) {
  const before = state;
  state = apply(state, event);
  switch (event.type) {
    case "ack":
      commands.answered(event.client_id, true);
      outbox.acknowledge(event);
      break;
    case "rejected":
      if (commands.answered(event.client_id, false)) page.tell(event.code);
      outbox.reject(event);
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
      if (event.part === event.parts) snapshotDone();
      break;
    case "conversation.changed":
      if (opensOrCloses(before, event.conversation)) freshness.soon();
      readAhead();
      break;
    case "presence.changed":
      freshness.soon();
      break;
    case "inbox.changed":
      send({ type: "inbox.fetch" });
      break;
    case "typing.changed":
      if (event.who === null) typists.hear(event.conversation, VISITOR, event.active);
      else if (event.who !== state.me.id) typists.hear(event.conversation, event.name, event.active);
      break;
    case "heartbeat":
      if (comparison.tellsOfLoss(ownDigest(state), event.digest)) send({ type: "inbox.fetch" });
      lookAgain();
      break;
  }
  if (state !== before) draw();
}

/** Ask again for what was asked in vain: the digest tells of conversations, not of holes in them. */
function lookAgain() {
  asked = "";
  for (const id of state.timelines.keys()) repair.look(id);
  const timeline = state.timelines.get(selected);
  if (timeline && !timeline.entries.length) fetchEarlier();
  // What he only watches is not in the digest, so a lost entry shows nowhere else.
  const watched = state.timelines.get(watching.conversation);
  if (watched) {
    send({ type: "timeline.fetch", conversation: watching.conversation, after_seq: last(watched) });
  }
}

function signIn() {
  location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.hash)}`);
}

async function unopened() {
  const found = await checkPage();
  if (found === "sign_in") signIn();
  if (found === "refused") socket.stop("forbidden");
}

/** Who has said it no longer writes it. @param {string} conversation @param {StaffMessage} message */
function stoppedTyping(conversation, { author, author_name }) {
  typists.hear(conversation, author === "visitor" ? VISITOR : author_name, false);
}

/** @param {string} conversation */
function arrived(conversation) {
  const timeline = state.timelines.get(conversation);
  if (timeline) outbox.arrived(conversation, timeline.entries);
  repair.look(conversation);
}

function snapshotDone() {
  for (const id of state.timelines.keys()) repair.look(id, true);
  turnTo(selected);
  readAhead();
}

/** Fetch what is new in his own chats: the list counts it rightly, and it opens at once. */
function readAhead() {
  const ahead = [...state.conversations.values()].filter((conversation) =>
    isIn(conversation.id) && conversation.state !== "closed"
    && !state.timelines.has(conversation.id) && unread(state, conversation) > 0);
  for (const { head, id } of ahead.slice(0, MAX_AHEAD)) {
    if (!send({ type: "timeline.fetch", conversation: id, before_seq: head + 1 })) return;
    state = wanted(state, id);
  }
}

/** @param {StaffCommand} command */
function send(command) {
  return socket.send(command);
}

/** @param {import("../shared/socket.js").Status} status */
function connectionChanged(status) {
  page.strip.show(status);
  asked = "";
  if (status === "open") {
    send({ type: "inbox.fetch" });
    cannedAt = -Infinity;
    fetchCanned();
    outbox.connected();
    drawer.look().then(() => outbox.adopt());
  } else {
    outbox.disconnected();
    marks.forget();
    commands.forget();
    watching.forget();
  }
  draw();
}

/** Show a conversation, or none. @param {string} id */
function turnTo(id) {
  if (id !== selected) {
    typing.stop();
    selected = id;
    // On a touch screen the keyboard would cover what there is to read.
    wantsFocus = matchMedia("(hover: hover)").matches;
    pane.note = false;
    pane.composer.value = drafts.get(id, false);
  }
  watch();
  state = wanted(state, id);
  const timeline = state.timelines.get(id);
  if (timeline && !timeline.entries.length) fetchEarlier();
  draw();
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

function fetchEarlier() {
  const before_seq = (state.timelines.get(selected)?.before ?? 0) + 1;
  const question = `${selected} ${before_seq}`;
  if (before_seq === 1 || question === asked) return;
  if (send({ type: "timeline.fetch", conversation: selected, before_seq })) asked = question;
}

/** Fetch the canned responses, unless that was just done. */
function fetchCanned() {
  const now = performance.now();
  if (now - cannedAt >= CANNED_MS && send({ type: "canned.fetch" })) cannedAt = now;
}

/** Mark as read what stands before the operator's eyes, when he answers for it. */
function see() {
  const timeline = state.timelines.get(selected);
  if (!timeline || document.hidden || !document.hasFocus() || !pane.list.atEnd) return;
  const upTo = last(timeline);
  if (!timeline.entries.length || upTo <= (state.seen[selected] ?? 0)) return;
  if (isIn(selected)) marks.read(selected, upTo);
  // His own list need not wait for the server.
  state = { ...state, seen: { ...state.seen, [selected]: upTo } };
}

/** Draw once for all events of a moment. A hidden tab gets no animation frames, hence the timer. */
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
  freshness.turn(selected === CHANNELS && !document.hidden);
  page.show(state, selected, {
    outgoing: outbox.entries.filter((entry) => entry.conversation === selected),
    typists: (id) => typists.names(id),
    isBusy: (subject) => commands.isBusy(subject),
  });
  if (wantsFocus && pane.composer.checkVisibility()) {
    wantsFocus = false;
    pane.composer.focusText();
  }
}

page.addEventListener(ACTION, (event) => {
  const action = /** @type {CustomEvent} */ (event).detail;
  const make = ACTIONS[action];
  if (make) commands.give(selected, (client_id) => make(selected, client_id));
  else page.toggleContext();
});
page.addEventListener(SEND, (event) => {
  typing.stop();
  drafts.keep(selected, pane.note, "");
  const text = /** @type {CustomEvent} */ (event).detail;
  outbox.add({ client_id: uuid(), conversation: selected, text, internal: pane.note });
});
page.addEventListener(INPUT, (event) => {
  drafts.keep(selected, pane.note, /** @type {CustomEvent} */ (event).detail);
  // The visitor is not told of a note being written.
  if (!pane.note) typing.input();
});
page.addEventListener(MODE, () => {
  typing.stop();
  pane.composer.value = drafts.get(selected, pane.note);
});
page.addEventListener(CALLED, fetchCanned);
page.addEventListener(PICKED, (event) => {
  send({ type: "canned.use", response: /** @type {CustomEvent} */ (event).detail });
});
page.addEventListener(ACTED, (event) => {
  const { action, clientId } = /** @type {CustomEvent} */ (event).detail;
  if (action === "retry") outbox.retry(clientId);
  else outbox.remove(clientId);
});
page.addEventListener(EARLIER, fetchEarlier);
page.addEventListener(SCROLLED, draw);
page.addEventListener(PRESENCE, (event) => {
  const { accepting } = /** @type {CustomEvent} */ (event).detail;
  commands.give("presence", (client_id) => ({ type: "presence.set", client_id, accepting }));
});
page.addEventListener(CHANNEL, (event) => {
  const { channel, join } = /** @type {CustomEvent} */ (event).detail;
  const type = join ? "channel.join" : "channel.leave";
  commands.give(channel, (client_id) => ({ type, channel, client_id }), () => {
    state = joined(state, channel, join);
  });
});
addEventListener("hashchange", () => turnTo(location.hash.slice(1)));
addEventListener("focus", draw);
document.addEventListener("visibilitychange", draw);

page.admin = config.admin;
pane.composer.value = drafts.get(selected, false);
draw();
socket.start();
