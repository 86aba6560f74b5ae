import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { meaningOf, SHEET, stepped } from "../../static/livechat/dashboard/keys/keys.js";
import { isOver, situationOf } from "../../static/livechat/dashboard/alerts/alert-rules.js";
import { start } from "../../static/livechat/dashboard/store.js";
import { Viewers } from "../../static/livechat/dashboard/conversation/viewers.js";
import { FILES, me, message, person, staffConversation } from "./people.js";

/** @import { StaffConversation } from "../../static/livechat/shared/wire.d.ts" */

const ANNA = person("Anna");
const OUTSIDE = { writing: false, walking: false, singles: true };

/** @param {string} key @param {Partial<import("../../static/livechat/dashboard/keys/keys.js").Press>} [more] */
function press(key, more = {}) {
  return { key, code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more };
}

test("single keys mean something outside of fields, alone, and where they are wanted", () => {
  const meanings = [..."jkrnieZzh/?x"].map((key) => meaningOf(press(key), OUTSIDE));

  assert.deepEqual(meanings, [
    "next", "previous", "reply", "note", "take", "close", "waiting", "waiting", "help", "search", "sheet", null,
  ]);
  for (const key of "jkrniezh/?") {
    assert.equal(meaningOf(press(key), { ...OUTSIDE, writing: true }), null);
    assert.equal(meaningOf(press(key), { ...OUTSIDE, singles: false }), null);
    assert.equal(meaningOf(press(key, { altKey: true }), OUTSIDE), null);
    if (key !== "k") assert.equal(meaningOf(press(key, { ctrlKey: true }), OUTSIDE), null);
  }
});

test("Shift changes E alone, and is no matter where it is needed to write the sign", () => {
  assert.equal(meaningOf(press("E", { shiftKey: true }), OUTSIDE), "closeNext");
  assert.equal(meaningOf(press("J", { shiftKey: true }), OUTSIDE), null);
  assert.equal(meaningOf(press("/", { shiftKey: true }), OUTSIDE), "search");
  assert.equal(meaningOf(press("?", { shiftKey: true }), OUTSIDE), "sheet");
});

test("operators with a non-Latin keyboard have the keys in the same places", () => {
  assert.equal(meaningOf(press("ت", { code: "KeyJ" }), OUTSIDE), "next");
  assert.equal(meaningOf(press("о", { code: "KeyJ" }), OUTSIDE), "next");
});

test("the palette, the own chats and Escape work in fields, and with single keys switched off", () => {
  const inside = { writing: true, walking: false, singles: false };

  assert.equal(meaningOf(press("k", { ctrlKey: true }), inside), "palette");
  assert.equal(meaningOf(press("k", { metaKey: true }), inside), "palette");
  assert.equal(meaningOf(press("¡", { altKey: true, code: "Digit1" }), inside), "chat1");
  assert.equal(meaningOf(press("Escape"), inside), "escape");
});

test("arrows go from chat to chat where nothing else wants them", () => {
  assert.equal(meaningOf(press("ArrowDown"), { ...OUTSIDE, walking: true, singles: false }), "next");
  assert.equal(meaningOf(press("ArrowUp"), { ...OUTSIDE, walking: true }), "previous");
  assert.equal(meaningOf(press("ArrowDown"), OUTSIDE), null);
});

test("steps end where the list ends, and begin at its ends", () => {
  const ids = ["a", "b", "c"];
  assert.deepEqual([stepped(ids, "", 1), stepped(ids, "", -1), stepped(ids, "b", 1), stepped(ids, "c", 1), stepped([], "", 1)],
    ["a", "c", "c", "", ""]);
});

test("every key of the cheat sheet does something", () => {
  const single = SHEET.flatMap(({ keys }) => keys).filter(({ single }) => single).flatMap(({ ways }) => ways);
  for (const way of single) {
    const key = way.at(-1) ?? "";
    const arrow = { "↓": "ArrowDown", "↑": "ArrowUp" }[key];
    assert.ok(meaningOf(press(arrow ?? key, { shiftKey: way.length > 1 }), { ...OUTSIDE, walking: true }), key);
  }
});

/** @param {...StaffConversation} conversations */
function inbox(...conversations) {
  const channel = {
    id: "ch1", name: "Tea", colour: "", joined: true, may_join: true, online: 1, sessions: 1, link: "", amber_after: 60,
    red_after: 180, files: FILES,
  };
  return {
    ...start("Anna"), loaded: true, channels: [channel, { ...channel, id: "ch2", joined: false }],
    me: me(),
    conversations: new Map(conversations.map((one) => [one.id, one])),
  };
}

test("a waiting chat rings for operators who take chats, on their channels", () => {
  const state = inbox(staffConversation({ id: "a" }), staffConversation({ id: "b", channel: "ch2" }),
    staffConversation({ id: "c", state: "closed" }));

  assert.deepEqual(situationOf(state).waiting, ["a"]);
  assert.deepEqual(situationOf({ ...state, me: { ...state.me, accepting: false } }).waiting, []);
});

test("a visitor's message rings in one's own chats, and a note that names one rings anywhere", () => {
  const own = { state: /** @type {const} */ ("assigned"), operators: [ANNA] };
  /** @param {number} seq @param {string} author_id @param {string} text */
  const note = (seq, author_id, text) => (
    { ...message(seq, { author: "operator", author_id, text }), kind: /** @type {const} */ ("note") }
  );
  const { mine, mentions } = situationOf(inbox(
    staffConversation({ ...own, id: "a", last: message(3) }),
    staffConversation({ ...own, id: "b", last: message(4, { author: "operator" }) }),
    staffConversation({ ...own, id: "c", operators: [person("Ben")], last: message(5) }),
    staffConversation({ ...own, id: "d", last: note(6, "ben", "Ask @anna") }),
    staffConversation({ ...own, id: "e", last: note(7, "anna", "I am @Anna") }),
  ));

  assert.deepEqual([...mine], [["a", 3]]);
  assert.deepEqual([...mentions], [["d", 6]]);
});

test("a chat that is assigned to one rings, and one that is assigned to a colleague does not", () => {
  const assigned = message(2, { author: "system", kind: "system", line: { event: "assigned", name: "Anna" } });
  const both = { state: /** @type {const} */ ("assigned"), operators: [ANNA, person("Ben")], last: assigned };
  const { mine } = situationOf(inbox(
    staffConversation({ ...both, id: "a", operator: ANNA }),
    staffConversation({ ...both, id: "b", operator: person("Ben") }),
  ));

  assert.deepEqual([...mine], [["a", 2]]);
});

test("a viewer counts for half a minute, is announced repeatedly, and is greeted on arrival", () => {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  /** @type {string[]} */
  const sent = [];
  let changes = 0;
  const viewers = new Viewers((id, active) => Boolean(sent.push(`${id} ${active}`)), () => { changes += 1; });
  const ben = { conversation: "a", operator: "ben", name: "Ben", avatar: "", active: true };

  viewers.look("a");
  viewers.hear(ben);
  viewers.hear(ben);
  assert.deepEqual([sent, changes], [["a true", "a true"], 1]);
  mock.timers.tick(20_000);
  assert.equal(sent.length, 3);
  viewers.hear(ben);
  mock.timers.tick(29_000);
  assert.deepEqual(viewers.of("a").map(({ name }) => name), ["Ben"]);
  mock.timers.tick(1_000);
  assert.deepEqual([viewers.of("a"), changes], [[], 2]);

  viewers.look("b");
  assert.deepEqual(sent.slice(-2), ["a false", "b true"]);
  viewers.forget();
  mock.timers.reset();
});

test("a notification is over when its chat is taken, read or closed", () => {
  const situation = { waiting: ["a"], mine: new Map([["b", 5]]), mentions: new Map([["c", 7]]) };

  assert.equal(isOver("waiting", "a", situation, 9), false);
  assert.equal(isOver("waiting", "b", situation, 0), true);
  assert.equal(isOver("message", "b", situation, 4), false);
  assert.equal(isOver("message", "b", situation, 5), true);
  assert.equal(isOver("message", "c", situation, 0), true);
  assert.equal(isOver("mention", "c", situation, 6), false);
  assert.equal(isOver("mention", "c", situation, 7), true);
});
