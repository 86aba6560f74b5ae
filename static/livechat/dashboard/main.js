import { Drawer } from "../shared/drawer.js";
import { uuid } from "../shared/identifiers.js";
import { INPUT, SEND } from "../shared/message-composer.js";
import { ACTED, EARLIER, SCROLLED } from "../shared/message-list.js";
import { Outbox } from "../shared/outbox.js";
import { ReadMarks } from "../shared/read-marks.js";
import { Repair } from "../shared/repair.js";
import { Socket } from "../shared/socket.js";
import { SafeStorage } from "../shared/storage.js";
import { last } from "../shared/timeline.js";
import { TypingSender, TypingWatch } from "../shared/typing.js";
import { Commands } from "./commands.js";
import { ACTION } from "./conversation-head.js";
import { MODE } from "./conversation-pane.js";
import { Drafts } from "./drafts.js";
import { InboxPage } from "./inbox-page.js";
import { CHANNEL, PRESENCE } from "./inbox-rail.js";
import { apply, ownDigest, start, takesPart, wanted } from "./store.js";

/** @import { StaffCommand, StaffEvent } from "../shared/wire.d.ts" */

/** @type {{ socket: string, user: string, admin: string | null }} */
const config = JSON.parse(document.getElementById("livechat-config")?.textContent ?? "");
const page = /** @type {InboxPage} */ (document.querySelector("inbox-page"));
const { pane } = page;
const tab = uuid();
const drawer = new Drawer(new SafeStorage(() => localStorage), `staff:${config.user}`, tab);
const drafts = new Drafts(new SafeStorage(() => sessionStorage));

let state = start(config.user);
let selected = location.hash.slice(1);
/** The conversation we listen to without taking part. */
let watched = "";
let differs = 0;
let asked = "";
let drawing = false;

const socket = new Socket(config.socket, {
  hello: () => ({ type: "hello", version: 1, tab }),
  receive,
  changed: connectionChanged,
  refused: () => location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.hash)}`),
});
const outbox = new Outbox({
  send: ({ client_id, conversation, internal, text }) =>
    send({ type: "message.post", conversation: conversation ?? "", client_id, text, internal }),
  changed: draw,
  drawer,
  now: Date.now,
  later: setTimeout,
});
const commands = new Commands(send, draw);
const typists = new TypingWatch(draw);
const marks = new ReadMarks((conversation, up_to) => send({ type: "messages.see", conversation, up_to }));
const repair = new Repair(
  (conversation) => state.timelines.get(conversation),
  (conversation, after_seq) => send({ type: "timeline.fetch", conversation, after_seq }),
);
let typing = typingIn(selected);

/** @param {StaffEvent} event */
function receive(event) {
  const before = state;
  state = apply(state, event);
  switch (event.type) {
    case "ack":
      commands.answered(event.client_id);
      outbox.acknowledge(event);
      break;
    case "rejected":
      if (commands.answered(event.client_id)) page.tell(event.code);
      outbox.reject(event);
      break;
    case "message.posted":
      typists.hear(event.conversation, event.message.author_name, false);
      arrived(event.conversation);
      break;
    case "timeline.page":
      arrived(event.conversation);
      repair.look(event.conversation, event.more);
      break;
    case "inbox.snapshot":
      if (event.part === event.parts) snapshotDone();
      break;
    case "inbox.changed":
      send({ type: "inbox.fetch" });
      break;
    case "typing.changed":
      if (event.who !== state.me.id) typists.hear(event.conversation, event.name, event.active);
      break;
    case "heartbeat":
      compare(event.digest);
      break;
  }
  if (state !== before) draw();
}

/** @param {string} conversation */
function arrived(conversation) {
  const timeline = state.timelines.get(conversation);
  if (timeline) outbox.arrived(conversation, timeline.entries);
  repair.look(conversation);
}

function snapshotDone() {
  differs = 0;
  for (const id of state.timelines.keys()) repair.look(id, true);
  turnTo(selected);
}

/**
 * Twice in a row different means that an event was lost; once may mean that it is on its way.
 * @param {string} theirs
 */
function compare(theirs) {
  differs = theirs === ownDigest(state) ? 0 : differs + 1;
  if (differs < 2) return;
  differs = 0;
  send({ type: "inbox.fetch" });
}

/** @param {StaffCommand} command */
function send(command) {
  return socket.send(command);
}

/** @param {import("../shared/socket.js").Status} status */
function connectionChanged(status) {
  page.strip.show(status);
  asked = watched = "";
  if (status === "open") {
    send({ type: "inbox.fetch" });
    outbox.connected();
    drawer.look().then(() => outbox.adopt());
  } else {
    outbox.disconnected();
    marks.forget();
    commands.forget();
  }
  draw();
}

/** Show a conversation, or none. @param {string} id */
function turnTo(id) {
  const other = id !== selected;
  if (other) {
    typing.stop();
    typing = typingIn(id);
    selected = id;
    pane.note = false;
    pane.composer.value = drafts.get(id, false);
  }
  watch();
  state = wanted(state, id);
  const timeline = state.timelines.get(id);
  if (timeline && !timeline.entries.length) fetchEarlier();
  draw();
  if (other && id && matchMedia("(hover: hover)").matches) pane.composer.focusText();
}

/** Listen to the shown conversation when we do not take part; stop listening to the last one. */
function watch() {
  const conversation = state.conversations.get(selected);
  const wants = conversation && conversation.state !== "closed" && !takesPart(state, conversation);
  const next = wants ? selected : "";
  if (next === watched) return;
  const left = state.conversations.get(watched);
  if (left && !takesPart(state, left)) send({ type: "conversation.unwatch", conversation: watched });
  watched = next && send({ type: "conversation.watch", conversation: next }) ? next : "";
}

function fetchEarlier() {
  const before_seq = (state.timelines.get(selected)?.before ?? 0) + 1;
  const question = `${selected} ${before_seq}`;
  if (before_seq === 1 || question === asked) return;
  if (send({ type: "timeline.fetch", conversation: selected, before_seq })) asked = question;
}

/** Mark as read what stands before the operator's eyes, when he answers for it. */
function see() {
  const conversation = state.conversations.get(selected);
  const timeline = state.timelines.get(selected);
  if (!conversation || !timeline || document.hidden || !document.hasFocus() || !pane.list.atEnd) return;
  const upTo = last(timeline);
  if (!timeline.entries.length || upTo <= (state.seen[selected] ?? 0)) return;
  if (takesPart(state, conversation)) marks.read(selected, upTo);
  // His own list need not wait for the server.
  state = { ...state, seen: { ...state.seen, [selected]: upTo } };
}

/** @param {string} conversation @returns {TypingSender} */
function typingIn(conversation) {
  return new TypingSender((active) => send({ type: "typing.set", conversation, active }));
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
  page.show(state, selected, {
    outgoing: outbox.entries.filter((entry) => entry.conversation === selected),
    typists: (id) => typists.names(id),
    busy: commands.isBusy(selected),
  });
}

/** @type {Record<string, (conversation: string, client_id: string) => StaffCommand>} */
const ACTIONS = {
  take: (conversation, client_id) => ({ type: "conversation.take", conversation, client_id }),
  join: (conversation, client_id) => ({ type: "conversation.join", conversation, client_id }),
  leave: (conversation, client_id) => ({ type: "conversation.leave", conversation, client_id }),
  close: (conversation, client_id) => ({ type: "conversation.close", conversation, client_id }),
};

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
  commands.give(channel, (client_id) => ({ type, channel, client_id }));
});
addEventListener("hashchange", () => turnTo(location.hash.slice(1)));
addEventListener("focus", draw);
document.addEventListener("visibilitychange", draw);

page.rail.admin = config.admin;
pane.composer.value = drafts.get(selected, false);
draw();
socket.start();
