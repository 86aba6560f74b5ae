import assert from "node:assert/strict";
import { test } from "node:test";

import { Comparison, digest } from "../../static/livechat/dashboard/digest.js";
import { sections } from "../../static/livechat/dashboard/list/sections.js";
import { apply, ownDigest, said, start, unread, wanted } from "../../static/livechat/dashboard/store.js";
import { me, message, messages, person, staffConversation } from "./people.js";

/** @import { State } from "../../static/livechat/dashboard/store.js" */
/** @import { InboxSnapshot, StaffConversation, StaffEvent } from "../../static/livechat/shared/wire.d.ts" */

const ANNA = person("Anna");

/**
 * @param {StaffConversation[]} conversations
 * @param {Partial<InboxSnapshot>} [changes]
 * @returns {InboxSnapshot}
 */
const snapshot = (conversations, changes = {}) => ({
  type: "inbox.snapshot", me: me(), channels: [], conversations, seen: {}, digest: "",
  steps: { answers: true, introduced: true, embedded: true, chatted: true }, colleagues: [], part: 1, parts: 1, ...changes,
});

/** @param {...StaffConversation} conversations */
const inbox = (...conversations) => apply(start("Anna"), snapshot(conversations));

/** @param {State} state @param {...StaffEvent} events */
const after = (state, ...events) => events.reduce(apply, state);

test("the digest is the one that Python makes", () => {
  const a = { id: "00000000-0000-4000-8000-000000000001", revision: 1, head: 3 };
  const b = { id: "ffffffff-0000-4000-8000-000000000002", revision: 2, head: 40 };
  const c = { id: "7d444840-9dc0-11d1-b245-5ffdce74fad2", revision: 12, head: 0 };

  assert.equal(digest([]), "811c9dc5");
  assert.equal(digest([a]), "f6552920");
  assert.equal(digest([c, b, a]), "1dfbce4b");
  assert.equal(digest([a, b, c]), "1dfbce4b");
});

test("the list shows the last message, when the timeline ends with a system line", () => {
  const line = message(2, { kind: "system", author: "system" });
  const conversation = staffConversation({ head: 2, last: line });
  const known = after(inbox(conversation), {
    type: "timeline.page", conversation: "c1", messages: [message(1), line], head: 2, more: false,
  });
  assert.equal(said(known, conversation), line);

  const read = apply(wanted(inbox(conversation), "c1"), {
    type: "timeline.page", conversation: "c1", messages: [message(1), line], head: 2, more: false,
  });

  assert.equal(said(read, conversation)?.text, "message 1");
  assert.equal(said(read, staffConversation({ last: message(3) }))?.text, "message 3");
});

test("one difference is patience, two in a row are a loss", () => {
  const comparison = new Comparison();

  const losses = ["other", "same", "other", "other", "other", "other"].map((theirs) => comparison.isLoss("same", theirs));

  assert.deepEqual(losses, [false, false, false, true, false, true]);
});

test("heads count in the digest where messages are pushed to us, and closed ones not at all", () => {
  const state = inbox(
    staffConversation({ id: "a", state: "queued", head: 3 }),
    staffConversation({ id: "b", state: "assigned", operators: [ANNA], head: 4 }),
    staffConversation({ id: "c", state: "assigned", operators: [person("Ben")], head: 5 }),
    staffConversation({ id: "d", state: "closed", head: 6 }),
  );

  assert.equal(ownDigest(state), digest([
    { id: "a", revision: 1, head: 3 }, { id: "b", revision: 1, head: 4 }, { id: "c", revision: 1, head: 0 },
  ]));
});

test("a snapshot in parts replaces the inbox only when it is whole", () => {
  const a = staffConversation({ id: "a" });
  const b = staffConversation({ id: "b" });
  const before = inbox(staffConversation({ id: "old" }));

  const half = apply(before, snapshot([a], { part: 1, parts: 2 }));
  assert.deepEqual([...half.conversations.keys()], ["old"]);

  const whole = apply(half, snapshot([b], { part: 2, parts: 2 }));
  assert.deepEqual([...whole.conversations.keys()], ["a", "b"]);
});

test("the average answer time of today is updated, and the newest value counts", () => {
  const answersOf = (/** @type {number} */ seconds) =>
    /** @type {const} */ ({ type: "answers.told", since: "2026-11-27T00:00:00Z", count: 2, seconds });

  assert.equal(start("Anna").answers, null);
  assert.equal(after(inbox(), answersOf(42), answersOf(30)).answers?.seconds, 30);
});

test("a message moves the row it belongs to", () => {
  const state = apply(inbox(staffConversation()), { type: "message.posted", conversation: "c1", message: message(1) });

  const row = state.conversations.get("c1");
  assert.deepEqual([row?.head, row?.last?.text, row?.waiting_since], [1, "message 1", message(1).at]);
});

test("an answer ends the wait, a note does not", () => {
  const waiting = inbox(staffConversation({ waiting_since: "2026-03-02T09:00:00Z" }));
  const answer = message(1, { author: "operator" });

  const noted = apply(waiting, { type: "message.posted", conversation: "c1", message: { ...answer, kind: "note" } });
  const answered = apply(waiting, { type: "message.posted", conversation: "c1", message: answer });

  assert.equal(noted.conversations.get("c1")?.waiting_since, "2026-03-02T09:00:00Z");
  assert.equal(answered.conversations.get("c1")?.waiting_since, null);
});

test("an older view does not take back newer messages or marks", () => {
  const state = after(
    inbox(staffConversation()),
    { type: "message.posted", conversation: "c1", message: message(2) },
    { type: "messages.seen", conversation: "c1", by: "visitor", reader: null, up_to: 2 },
    { type: "conversation.changed", conversation: staffConversation({ revision: 3, last: message(1), head: 1 }) },
    { type: "conversation.changed", conversation: staffConversation({ revision: 2, state: "closed" }) },
  );

  const row = state.conversations.get("c1");
  assert.deepEqual([row?.head, row?.last?.seq, row?.seen_by_visitor, row?.state], [2, 2, 2, "queued"]);
});

test("unread are the visitor's messages after my mark", () => {
  const state = after(
    wanted(inbox(staffConversation({ head: 3 })), "c1"),
    { type: "timeline.page", conversation: "c1", messages: messages(1, 3), head: 3, more: false },
    { type: "messages.seen", conversation: "c1", by: "staff", reader: "anna", up_to: 1 },
    { type: "message.posted", conversation: "c1", message: message(4, { author: "operator" }) },
  );

  assert.equal(unread(state, staffConversation({ head: 4 })), 2);
});

test("a colleague's mark is not mine", () => {
  const state = apply(
    inbox(staffConversation({ head: 3 })),
    { type: "messages.seen", conversation: "c1", by: "staff", reader: "ben", up_to: 3 },
  );

  assert.equal(state.seen["c1"], undefined);
  assert.equal(state.conversations.get("c1")?.seen_by_staff, 3);
});

test("a conversation that may no longer be read is gone with its timeline", () => {
  const state = apply(wanted(inbox(staffConversation()), "c1"), snapshot([]));

  assert.deepEqual([state.conversations.size, state.timelines.size], [0, 0]);
});

test("the list has its sections; the longest wait is on top", () => {
  const at = (/** @type {string} */ minute) => `2026-03-02T10:${minute}:00Z`;
  /** @type {Partial<StaffConversation>} */
  const assigned = { state: "assigned", operators: [ANNA] };
  const found = sections([
    staffConversation({ id: "new", waiting_since: at("05") }),
    staffConversation({ id: "old", waiting_since: at("01") }),
    staffConversation({ id: "answered", ...assigned, last: message(1, { at: at("06") }) }),
    staffConversation({ id: "asks", ...assigned, waiting_since: at("03") }),
    staffConversation({ id: "ben's", state: "assigned", operators: [person("Ben")] }),
    staffConversation({ id: "first", state: "closed", closed_at: at("01") }),
    staffConversation({ id: "last", state: "closed", closed_at: at("09") }),
  ], "anna");

  const ids = Object.fromEntries(Object.entries(found).map(([name, list]) => [name, list.map(({ id }) => id)]));
  assert.deepEqual(ids, {
    waiting: ["old", "new"], mine: ["asks", "answered"], help: [], customer: [], bot: [], team: ["ben's"],
    closed: ["last", "first"],
  });
});

test("another epoch means a restored backup: only the person stays", () => {
  /** @param {string} epoch @returns {StaffEvent} */
  const welcome = (epoch) => ({ type: "welcome", version: 1, epoch, now: "2026-03-02T10:00:00Z", heartbeat_seconds: 20 });
  const later = staffConversation({ revision: 9, head: 9 });
  const known = after(start("Anna"), welcome("e1"), snapshot([later], { seen: { c1: 9 } }));
  assert.equal(apply(known, welcome("e1")).conversations.get("c1")?.revision, 9);

  const restored = after(wanted(known, "c1"), welcome("e2"));
  assert.deepEqual([restored.conversations.size, restored.timelines.size, restored.loaded], [0, 0, false]);
  assert.equal(restored.me.id, "anna");

  const again = apply(restored, snapshot([staffConversation({ revision: 2, head: 2 })]));
  assert.equal(again.conversations.get("c1")?.head, 2);
  assert.equal(again.seen["c1"], undefined);
});
