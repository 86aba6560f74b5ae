import { Drawer } from "../shared/drawer.js";
import { uuid } from "../shared/identifiers.js";
import { ACTED, EARLIER, SCROLLED } from "../shared/message-list.js";
import { INPUT, SEND } from "../shared/message-composer.js";
import { Outbox } from "../shared/outbox.js";
import { checkPage } from "../shared/page-check.js";
import { ReadMarks } from "../shared/read-marks.js";
import { Repair } from "../shared/repair.js";
import { Socket } from "../shared/socket.js";
import { SafeStorage } from "../shared/storage.js";
import { t } from "../shared/texts.js";
import { TypingSender, TypingWatch } from "../shared/typing.js";
import { CLOSE, END, STAY } from "./chat-header.js";
import { ChatPanel, START } from "./chat-panel.js";
import { Ending } from "./ending.js";
import { Host } from "./host.js";
import { Identity } from "./identity.js";
import { apply, current, dismiss, isElsewhere, lastSeq, start, unread } from "./store.js";

/** @import { Page, PublicChannel, VisitorCommand, VisitorEvent, VisitorHello } from "../shared/wire.d.ts" */
/** @import { Outgoing } from "../shared/outbox.js" */

/** @type {{ key: string, socket: string, language: string, channel: PublicChannel }} */
const config = JSON.parse(document.getElementById("livechat-config")?.textContent ?? "");
const panel = /** @type {ChatPanel} */ (document.querySelector("chat-panel"));
const tab = uuid();
const storage = new SafeStorage(() => localStorage);
const identity = new Identity(storage, config.key);
const drawer = new Drawer(storage, config.key, tab);

let state = start(config.channel);
let visible = false;
/** Before which number entries were asked for on this connection: scrolling asks many times. */
let asked = 0;
/** @type {Page | null} */
let page = null;

const socket = new Socket(config.socket, {
  hello, receive, changed: connectionChanged, refused, unopened,
});
const outbox = new Outbox({
  send: (entry) => send(frame(entry)),
  changed: outboxChanged,
  drawer,
  now: Date.now,
  later: setTimeout,
});
// What was written before has to arrive first: an ended chat takes no texts.
const ending = new Ending({
  send: (conversation, client_id) =>
    !outbox.isBusy && send({ type: "conversation.close", conversation, client_id }),
  changed: draw,
  newId: uuid,
  later: setTimeout,
});
const typing = new TypingSender((active) => {
  const conversation = openConversation();
  if (conversation) send({ type: "typing.set", conversation, active });
});
const typists = new TypingWatch(draw);
const marks = new ReadMarks((conversation, up_to) => send({ type: "messages.see", conversation, up_to }));
const repair = new Repair(
  (conversation) => (conversation === state.conversation?.id ? state.timeline : undefined),
  (conversation, after_seq) => send({ type: "timeline.fetch", conversation, after_seq }),
);
/** What the website says of storing; without it the visitor's first act counts. @type {boolean | null} */
let consent = null;
/** What the website told of the visitor; the server keeps it from his first message on. */
let attributes = {};
let tellingAgain = 0;
const host = new Host({
  opened,
  closed,
  page: moved,
  available(available) {
    state = { ...state, channel: { ...state.channel, available } };
    draw();
  },
  attributes(told) {
    attributes = { ...attributes, ...told };
    send({ type: "attributes.set", attributes: told });
  },
  prefill(text) {
    if (!panel.composer.value) panel.composer.value = text;
  },
  consent(given) {
    consent = given;
    if (given) storage.permit();
    else storage.forbid([`livechat:token:${config.key}`, `livechat:outbox:${config.key}:`]);
  },
});

/** @returns {VisitorHello} */
function hello() {
  /** @type {VisitorHello} */
  const command = {
    type: "hello",
    version: 1,
    tab,
    token: identity.token,
    page,
    language: new URLSearchParams(location.search).get("lang") || navigator.language,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
  if (!state.conversation) return command;
  return { ...command, conversation: state.conversation.id, after_seq: lastSeq(state) };
}

/** @param {VisitorEvent} event */
function receive(event) {
  const before = state;
  state = apply(state, event);
  const id = state.conversation?.id ?? "";
  switch (event.type) {
    case "welcome":
      identity.keep(event.token);
      break;
    case "ack":
      outbox.acknowledge(event);
      break;
    case "rejected":
      outbox.reject(event);
      ending.reject(event);
      if (event.command === "attributes.set") attributesRefused(event);
      break;
    case "message.posted":
      // Who has said it no longer writes it.
      typists.hear(id, event.message.author_name, false);
      break;
    case "typing.changed":
      typists.hear(event.conversation, event.name, event.active);
      break;
    case "heartbeat":
      if (isElsewhere(state, event)) socket.restart();
      // What was asked in vain is asked again.
      asked = 0;
      repair.look(id);
      break;
  }
  if (state === before) return;
  if (state.timeline !== before.timeline) outbox.arrived(id, state.timeline.entries);
  repair.look(id, event.type === "timeline.page" || event.type === "welcome");
  // A timeline of which nothing is known but its length: after a restored backup.
  if (!state.timeline.entries.length && state.timeline.before) fetchEarlier();
  ending.look(openConversation());
  draw();
}

/** @param {{ code: string, retry_after?: number | null }} rejected */
function attributesRefused({ code, retry_after }) {
  if (!retry_after) console.warn("Livechat.set:", code);
  else {
    clearTimeout(tellingAgain);
    tellingAgain = setTimeout(tellAttributes, retry_after * 1_000);
  }
}

function tellAttributes() {
  if (Object.keys(attributes).length) send({ type: "attributes.set", attributes });
}

function outboxChanged() {
  ending.move();
  draw();
}

/** @param {Outgoing} entry @returns {VisitorCommand} */
function frame({ client_id, conversation, text }) {
  return conversation
    ? { type: "message.post", conversation, client_id, text }
    : { type: "conversation.open", client_id, text, page };
}

/** @param {VisitorCommand} command */
function send(command) {
  return socket.send(command);
}

/** @param {import("../shared/socket.js").Status} status */
function connectionChanged(status) {
  panel.strip.show(status);
  asked = 0;
  if (status === "open") {
    tellAttributes();
    outbox.connected();
    ending.move();
    adopt();
  } else {
    outbox.disconnected();
    ending.disconnected();
    marks.forget();
  }
  draw();
}

function adopt() {
  drawer.look().then(() => outbox.adopt());
}

function refused() {
  identity.forget();
  state = start(state.channel);
  outbox.detach();
}

async function unopened() {
  if (await checkPage() === "refused") socket.stop("forbidden");
}

/** @param {boolean} focus  the visitor opened it himself */
function opened(focus) {
  visible = true;
  if (focus) acted();
  socket.start();
  // On a touch screen the keyboard would cover what there is to read.
  if (focus && matchMedia("(hover: hover)").matches) panel.composer.focusText();
  see();
}

/** Nothing is stored before the visitor does something himself: not by a chat that opened itself. */
function acted() {
  if (consent !== false) storage.permit();
}

function closed() {
  visible = false;
  typing.stop();
}

/** @param {Page} next */
function moved(next) {
  // Global Privacy Control: no trail of pages.
  if (/** @type {any} */ (navigator).globalPrivacyControl) return;
  const known = page?.url === next.url && page.title === next.title;
  page = next;
  if (!known) send({ type: "page.view", page });
}

/** @returns {string | null} the conversation that can be written into */
function openConversation() {
  const conversation = current(state);
  return conversation && conversation.state !== "closed" ? conversation.id : null;
}

/** @param {string} text */
function post(text) {
  typing.stop();
  if (current(state)?.state === "closed") state = dismiss(state);
  outbox.add({ client_id: uuid(), conversation: openConversation(), text });
}

/** Mark as read what stands before the visitor's eyes. */
function see() {
  const conversation = current(state);
  const looking = visible && !document.hidden && document.hasFocus() && panel.list.atEnd;
  if (!conversation || !looking || lastSeq(state) <= conversation.seen) return;
  marks.read(conversation.id, lastSeq(state));
}

function fetchEarlier() {
  const conversation = state.conversation?.id;
  const before_seq = state.timeline.before + 1;
  if (!conversation || before_seq === 1 || before_seq === asked) return;
  if (send({ type: "timeline.fetch", conversation, before_seq })) asked = before_seq;
}

function draw() {
  const conversation = current(state);
  panel.show(state, {
    outgoing: outbox.entries,
    typists: typists.names(conversation?.id ?? ""),
    ending,
    connected: socket.status === "open",
    alone: host.alone,
  });
  const count = unread(state);
  host.tellUnread(count, t("widget.unread", { count }));
  // Who has been here may have a chat: until the server says so, nobody knows.
  const has = Boolean(openConversation()) || outbox.entries.length > 0;
  if (has || state.epoch || !identity.token) host.tellChat(has);
  see();
}

panel.addEventListener(SEND, (event) => post(/** @type {CustomEvent} */ (event).detail));
panel.addEventListener(INPUT, () => typing.input());
panel.addEventListener(EARLIER, fetchEarlier);
panel.addEventListener(SCROLLED, see);
panel.addEventListener(CLOSE, () => host.close());
panel.addEventListener(END, () => {
  const conversation = openConversation();
  if (conversation) ending.wish(conversation);
});
panel.addEventListener(STAY, () => ending.withdraw());
panel.addEventListener(START, () => {
  state = dismiss(state);
  draw();
  panel.composer.focusText();
});
panel.addEventListener(ACTED, (event) => {
  const { action, clientId } = /** @type {CustomEvent} */ (event).detail;
  if (action === "retry") outbox.retry(clientId);
  else {
    const gone = outbox.remove(clientId);
    if (gone && action === "restart") post(gone.text);
  }
});
addEventListener("focus", see);
document.addEventListener("visibilitychange", see);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !panel.header.dismiss()) host.close();
});

for (const act of ["pointerdown", "keydown"]) addEventListener(act, acted, { capture: true });
draw();
if (identity.token) {
  adopt();
  socket.start();
} else storage.hold();
if (host.alone) opened(true);
