/** The widget's entry point. Events and the website's page change `state`; `draw` shows it. */

import { ChatConnection } from "../shared/chat-connection.js";
import { element } from "../shared/element.js";
import { Draft } from "../shared/draft.js";
import { uuid } from "../shared/identifiers.js";
import { ACTED, EARLIER, SCROLLED } from "../shared/message-list-events.js";
import { INPUT, SEND } from "../shared/message-composer.js";
import { now, setServerNow } from "../shared/server-time.js";
import { fileIds } from "../shared/outbox.js";
import { SafeStorage } from "../shared/storage.js";
import { t } from "../shared/texts.js";
import { TypingSender } from "../shared/typing.js";
import { SUGGEST } from "./chat-greeting.js";
import { CHOOSE, CLOSE, END, SAVE, STAY, WIDEN } from "./chat-header.js";
import { ChatPanel, READY, START } from "./chat-panel.js";
import { Preferences } from "./preferences.js";
import { Host } from "./host.js";
import { Identity } from "./identity.js";
import { named, namedChannel } from "./operator-names.js";
import { apply, current, dismiss, isAnswer, isElsewhere, lastSeq, start, unread } from "./store.js";

/** @import { Page, PublicChannel, VisitorCommand, VisitorEvent, VisitorHello } from "../shared/wire.d.ts" */
/** @import { Outgoing } from "../shared/outbox.js" */

/** @type {{ key: string, socket: string, languages: string, channel: PublicChannel, now: string }} */
const config = JSON.parse(document.getElementById("livechat-config")?.textContent ?? "");
const panel = /** @type {ChatPanel} */ (document.querySelector("chat-panel"));
const tab = uuid();
const storage = new SafeStorage(() => localStorage);
const identity = new Identity(storage, config.key);
const preferences = new Preferences(storage, config.key);
const tabStorage = new SafeStorage(() => sessionStorage);
const draft = new Draft(tabStorage, `livechat:draft:${config.key}`);
/** Without a connection for this long, a notice says so and names other ways of contact. */
const DOWN_MS = 15_000;
const NOTICE_MS = 8_000;
/** Commands whose delay is shown to the visitor. */
const SENDING = new Set(["message.post", "conversation.open"]);
const FORBIDDEN_STATUS = new Set(["forbidden", "replaced"]);
/** State of the notices. @type {Omit<import("./chat-notices.js").NoticeState, "waiting" | "hint">} */
const noticeState = { fast: 0, busy: false, down: "", lost: false, unkept: isForbidden(), forgotten: false, unsaved: false };
/** What the page around the frame stores for a frame that can store nothing. */
const pageKey = {
  /** The key that an earlier page stored, "" for none; null until the page has said so. */
  given: /** @type {string | null} */ (null),
  /** The conversation for which a new key was requested. */
  requested: "",
};

let state = start(namedChannel(config.channel, t("widget.operator")));
let visible = false;
/** @type {Page | null} */
let page = null;
/** The visitor's request to end the chat. @type {import("./end-chat.js").EndChat | null} */
let ending = null;
const NO_WISH = /** @type {const} */ ({ stage: "", code: "" });
let wide = false;
/** Whether the window fills the screen: assumed until the page around it says otherwise. */
let phone = true;
let goingDown = 0;
/** @type {Promise<typeof import("./sound.js")> | null} */
let chimes = null;

const connection = new ChatConnection({
  path: config.socket, storage, owner: config.key, tab,
  hello, receive, changed: connectionChanged, refused, frame, outboxChanged, typistsChanged: draw,
  // One queue, as there is one chat at a time: messages of an earlier chat keep their place.
  line: () => "",
  timeline: (conversation) => (conversation === state.conversation?.id ? state.timeline : undefined),
});
const { marks, outbox, repair, send, socket, typists } = connection;
const typing = new TypingSender((active) => {
  const conversation = openConversation();
  if (conversation) send({ type: "typing.set", conversation, active });
});
/** Consent given by the website; null: the visitor's first action counts. @type {boolean | null} */
let consent = null;
/** What the website says about the visitor; the server stores it from the first message on. */
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
  attributes(changes) {
    attributes = { ...attributes, ...changes };
    send({ type: "attributes.set", attributes: changes });
  },
  keeps(keeps) {
    tell("unkept", isForbidden() && !keeps);
  },
  resume(key) {
    pageKey.given = key;
    if (!key || identity.token) return;
    prepare();
    socket.start();
  },
  prefill(text) {
    if (!panel.composer.value) panel.composer.value = text;
  },
  consent(given) {
    consent = given;
    tell("forgotten", !given);
    if (given) permit();
    else {
      storage.forbid(["token", "outbox", "choices"].map((kind) => `livechat:${kind}:${config.key}`));
      tabStorage.forbid([draft.key]);
    }
  },
  phone(filled) {
    phone = filled;
    draw();
  },
});

/** Whether the browser forbids all storage. */
function isForbidden() {
  try {
    return !localStorage;
  } catch {
    return true;
  }
}

/** @returns {VisitorHello} */
function hello() {
  /** @type {VisitorHello} */
  const command = {
    type: "hello",
    version: 1,
    tab,
    token: identity.token,
    page,
    language: config.languages,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone.slice(0, 64),
  };
  if (!identity.token && pageKey.given) {
    Object.assign(command, { page_key: pageKey.given, origin: host.origin });
  }
  if (!state.conversation) return command;
  return { ...command, conversation: state.conversation.id, after_seq: lastSeq(state) };
}

/** @param {VisitorEvent} sent */
function receive(sent) {
  const event = named(sent, t("widget.operator"));
  const before = state;
  state = apply(state, event);
  const id = state.conversation?.id ?? "";
  connection.hear(event, before.epoch);
  switch (event.type) {
    case "welcome":
      identity.keep(event.token);
      panel.composer.wake();
      if (id !== before.conversation?.id) panel.returned(state.conversation?.seen ?? 0);
      break;
    case "rejected":
      if (event.code === "not_found" && event.command !== "conversation.open") outbox.reopen(event.client_id ?? "");
      else outbox.reject(event);
      ending?.reject(event);
      if (event.command === "attributes.set") attributesRefused(event);
      else if (event.command === "transcript.open") notice("unsaved");
      else if (event.command === "messages.see") marks.again(event.retry_after);
      else if (!event.command || SENDING.has(event.command)) slowed(event);
      break;
    case "page_key.made":
      if (event.conversation === id) host.tellKey(event.key);
      break;
    case "transcript.opened":
      element("a", { href: event.url, download: "" }).click();
      break;
    case "message.posted":
      // The author is no longer typing this message.
      typists.hear(id, event.message.author_name, false);
      if (isAnswer(event.message)) chime();
      break;
    case "typing.changed":
      typists.hear(event.conversation, event.name, event.active);
      break;
    case "heartbeat":
      if (isElsewhere(state, event)) socket.restart();
      repair.look(id);
      break;
  }
  if (state === before) return;
  if (state.timeline !== before.timeline) arrived(id, state.timeline.entries);
  repair.look(id, event.type === "timeline.page" || event.type === "welcome");
  // After a restored backup only the length of the timeline may be known.
  if (!state.timeline.entries.length && state.timeline.before) connection.fetchEarlier(id);
  ending?.look(openConversation());
  draw();
}

/** @param {string} conversation @param {{ client_id: string | null }[]} entries */
function arrived(conversation, entries) {
  outbox.arrived(conversation, entries);
  const { composer } = panel;
  // Sent from another tab, which had a copy of the draft.
  const sent = draft.sent(entries);
  if (!sent || composer.value !== sent) return;
  composer.value = "";
  typing.stop();
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
  ending?.move();
  draw();
}

/** @param {Outgoing} entry @returns {VisitorCommand} */
function frame(entry) {
  const { client_id, conversation, text } = entry;
  const files = fileIds(entry);
  return conversation
    ? { type: "message.post", conversation, client_id, text, files }
    : { type: "conversation.open", client_id, text, page, files };
}

/** @param {import("../shared/socket.js").Status} status */
function connectionChanged(status) {
  panel.strip.show(status);
  clearTimeout(goingDown);
  if (status === "connecting" || status === "busy") goingDown = setTimeout(() => tell("down", "down"), DOWN_MS);
  else noticeState.down = status === "forbidden" ? status : "";
  if (status === "open") {
    tellAttributes();
    connection.resume();
    ending?.move();
  } else {
    connection.pause();
    ending?.disconnected();
  }
  draw();
}

/** Start again as a new visitor. */
function refused() {
  noticeState.lost = true;
  identity.forget();
  state = start(state.channel);
  outbox.detach();
  return true;
}

/** @param {boolean} focus  the visitor opened the chat; it did not open by itself */
function opened(focus) {
  visible = true;
  came();
  if (focus) acted();
  socket.start();
  // On a touch screen the keyboard would cover the messages.
  if (focus && matchMedia("(hover: hover)").matches) panel.composer.focusText();
  see();
}

/** Allow storage at an action of the visitor; a chat that opened by itself stores nothing. */
function acted() {
  if (consent !== false) permit();
  if (openConversation()) sounding();
}

function permit() {
  storage.permit();
  tabStorage.permit();
}

/** Load what may be needed later without a connection. */
function warm() {
  prepare();
  sounding();
}

function prepare() {
  panel.warm();
  import("./end-chat.js").catch(() => {});
}

/** Load and unlock sounds, which browsers allow only after a click or key press. */
function sounding() {
  // Before any action in this frame the attempt would only log a warning of the browser.
  if (preferences.chosen.muted || navigator.userActivation?.hasBeenActive === false) return null;
  chimes ??= import("./sound.js");
  chimes.then(({ arm }) => arm(), () => (chimes = null));
  return chimes;
}

/** Play the sound of a new message if the chat is not visible. */
function chime() {
  if (!visible || document.hidden) sounding()?.then((module) => module.chime(), () => {});
}

/** @template {keyof typeof noticeState} Name @param {Name} name @param {typeof noticeState[Name]} value */
function tell(name, value) {
  noticeState[name] = value;
  draw();
}

/** Show a notice for 8 s. @param {"unsaved"} name */
function notice(name) {
  tell(name, true);
  setTimeout(tell, NOTICE_MS, name, false);
}

/**
 * Show that nothing is sent for a while: the visitor exceeded the rate limit, or the server is
 * overloaded.
 * @param {import("../shared/wire.d.ts").Rejected} rejected
 */
function slowed({ code, retry_after }) {
  const seconds = retry_after ?? 0;
  const busy = code === "unavailable";
  // Skip waits that are too short to read about, and rejections that are not temporary.
  if (seconds < (busy ? 2 : 1) || (!busy && code !== "rate_limited")) return;
  noticeState.busy = busy;
  const until = now().getTime() + seconds * 1_000;
  tell("fast", Math.max(noticeState.fast, until));
  setTimeout(() => noticeState.fast <= now().getTime() + 50 && tell("fast", 0), seconds * 1_000);
}

/** @param {"html" | "text"} format */
function save(format) {
  const conversation = state.conversation?.id;
  if (conversation && !send({ type: "transcript.open", conversation, format })) notice("unsaved");
}

/** @param {string} conversation */
async function wish(conversation) {
  const { EndChat } = await import("./end-chat.js");
  ending ??= new EndChat({
    // Send earlier messages first, because an ended chat accepts none.
    send: (id, client_id) =>
      !outbox.isBusy && send({ type: "conversation.close", conversation: id, client_id }),
    changed: draw,
    newId: uuid,
    later: (callback, milliseconds) => setTimeout(callback, milliseconds),
  });
  ending.wish(conversation);
}

function closed() {
  visible = false;
  typing.stop();
}

/** @param {Page} next */
function moved(next) {
  // Global Privacy Control: do not report visited pages.
  if (/** @type {any} */ (navigator).globalPrivacyControl) return;
  const known = page?.url === next.url && page.title === next.title;
  page = next;
  if (!known) send({ type: "page.view", page });
}

/** Have the page keep a key to an open conversation, if the frame can store nothing. */
function keepPageKey() {
  if (!state.epoch) return;
  const conversation = openConversation();
  if (!conversation) {
    if (pageKey.given || pageKey.requested) host.tellKey("");
  } else if (isForbidden() && !noticeState.unkept && consent !== false && pageKey.requested !== conversation) {
    if (send({ type: "page_key.make", conversation, origin: host.origin })) pageKey.requested = conversation;
  }
}

/** @returns {string | null} id of the current conversation if it is open */
function openConversation() {
  const conversation = current(state);
  return conversation && conversation.state !== "closed" ? conversation.id : null;
}

/** @param {string} text @param {import("../shared/outbox.js").Attached[]} [files] */
function post(text, files) {
  typing.stop();
  const client_id = draft.take(text);
  noticeState.lost = false;
  if (current(state)?.state === "closed") state = dismiss(state);
  outbox.add({
    client_id, conversation: openConversation(), text,
    files: files ?? panel.composer.takeFiles(client_id, outbox),
  });
}

/** Mark the conversation as read if the visitor sees the end of it. */
function see() {
  const conversation = current(state);
  const looking = visible && !document.hidden && document.hasFocus() && panel.atEnd;
  if (!conversation || !looking || lastSeq(state) <= conversation.seen) return;
  marks.read(conversation.id, lastSeq(state));
}

/** Mark what is new, as the visitor sees the chat again. */
function came() {
  if (visible && !document.hidden && state.conversation) panel.returned(state.conversation.seen);
  if (visible) draw();
}

function draw() {
  const conversation = current(state);
  panel.composer.rules = state.channel.files;
  panel.show(state, {
    outgoing: outbox.entries,
    typists: typists.names(conversation?.id ?? ""),
    ending: ending ?? NO_WISH,
    connected: socket.status === "open",
    usable: !FORBIDDEN_STATUS.has(socket.status),
    known: Boolean(state.epoch) || !identity.token,
    alone: host.alone,
    wide: host.alone || phone ? null : wide,
    choices: preferences.chosen,
    noticeState,
  });
  const count = unread(state);
  const newest = count && !visible ? state.timeline.entries.findLast(isAnswer) : null;
  const unreadText = t("widget.unread", { count });
  // Send the author, never the text: the page around the frame must not read the chat.
  host.tellUnread(count, unreadText, newest ? { name: newest.author_name, text: unreadText } : null);
  if (openConversation()) prepare();
  keepPageKey();
  // A returning visitor may have a chat: report nothing before the server's welcome.
  const has = Boolean(openConversation()) || outbox.entries.length > 0;
  const isNew = !identity.token && (!isForbidden() || pageKey.given === "");
  if (has || state.epoch || isNew) host.tellChat(has);
  see();
}

panel.addEventListener(SEND, (event) => post(/** @type {CustomEvent} */ (event).detail));
panel.addEventListener(INPUT, (event) => {
  draft.keep(/** @type {CustomEvent} */ (event).detail);
  typing.input();
  warm();
});
panel.addEventListener(SUGGEST, (event) => post(/** @type {CustomEvent} */ (event).detail, []));
panel.addEventListener(CHOOSE, (event) => {
  preferences.choose(/** @type {CustomEvent} */ (event).detail);
  draw();
});
panel.addEventListener(SAVE, (event) => save(/** @type {CustomEvent} */ (event).detail));
panel.addEventListener(WIDEN, () => {
  wide = !wide;
  host.tellWide(wide);
  draw();
});
panel.addEventListener(READY, draw);
panel.addEventListener(EARLIER, () => connection.fetchEarlier(state.conversation?.id ?? ""));
panel.addEventListener(SCROLLED, see);
panel.addEventListener(CLOSE, () => host.close());
panel.addEventListener(END, () => {
  const conversation = openConversation();
  // If end-chat.js cannot be loaded, the visitor can press the button again.
  if (conversation) wish(conversation).catch(() => {});
});
panel.addEventListener(STAY, () => ending?.withdraw());
panel.addEventListener(START, () => {
  state = dismiss(state);
  noticeState.lost = false;
  draw();
  panel.composer.focusText();
});
panel.addEventListener(ACTED, (event) => {
  const { action, clientId } = /** @type {CustomEvent} */ (event).detail;
  if (action === "retry") outbox.retry(clientId);
  else if (action === "without") outbox.sendWithout(clientId);
  else {
    const gone = outbox.remove(clientId);
    if (gone && action === "restart") post(gone.text, gone.files);
    // Keep the text of a deleted message with files.
    else if (gone?.files?.length && !panel.composer.value) panel.composer.value = gone.text;
  }
});
addEventListener("focus", see);
document.addEventListener("visibilitychange", came);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing && !panel.header.dismiss()) host.close();
});

for (const act of ["pointerdown", "keydown"]) addEventListener(act, acted, { capture: true });
// A visitor with the pointer over the chat may write next.
addEventListener("pointermove", prepare, { once: true });
setServerNow(config.now);
panel.composer.value = draft.text;
panel.composer.storage = storage;
panel.composer.uploadTarget = () => identity.token ? {
  url: `/widget/${config.key}/files/`, headers: { Authorization: `Visitor ${identity.token}` },
} : null;
draw();
if (identity.token) {
  prepare();
  connection.adopt();
  socket.start();
} else {
  storage.hold();
  tabStorage.hold();
}
if (host.alone) opened(true);
