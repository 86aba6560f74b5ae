import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";

import { Visitors } from "../../static/livechat/dashboard/list/visitors.js";
import { whereaboutsWords } from "../../static/livechat/dashboard/list/conversation-texts.js";

const NOON = new Date(2026, 4, 4, 12, 0);
let changes = 0;
/** @type {Visitors} */
let visitors;

beforeEach(() => {
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  changes = 0;
  visitors = new Visitors(() => { changes += 1; });
});
afterEach(() => mock.timers.reset());

/** @param {boolean} present @param {string} [socket] */
const hear = (present, socket = "one") => visitors.hear({ conversation: "a", socket, present }, NOON);

/** @param {number} seconds  in which the server says something, of others */
function pass(seconds) {
  for (let passed = 0; passed < seconds; passed += 1) {
    mock.timers.tick(1_000);
    visitors.heard();
  }
}

test("an announced visitor is there, until three heartbeats are missed", () => {
  assert.equal(visitors.of("a").is, "unknown");
  hear(true);
  hear(true);
  assert.deepEqual([visitors.of("a").is, changes], ["here", 1]);
  pass(64);
  assert.equal(visitors.of("a").is, "here");
  pass(1);
  assert.deepEqual([visitors.of("a"), changes], [{ is: "gone", since: NOON }, 2]);
  hear(true, "two");
  assert.deepEqual([visitors.of("a").is, changes], ["here", 3]);
});

test("a visitor who changes pages has not left", () => {
  hear(true);
  hear(false);
  mock.timers.tick(2_000);
  hear(true, "two");
  mock.timers.tick(10_000);
  assert.deepEqual([visitors.of("a").is, changes], ["here", 1]);
});

test("a visitor who closes one of two tabs is still there, one who closes the last is gone after five seconds", () => {
  visitors.of("a");
  pass(25);
  hear(true);
  hear(true, "two");
  hear(false);
  mock.timers.tick(6_000);
  assert.equal(visitors.of("a").is, "here");
  hear(false, "two");
  mock.timers.tick(4_000);
  assert.equal(visitors.of("a").is, "here");
  mock.timers.tick(1_000);
  assert.equal(visitors.of("a").is, "gone");
});

test("a tab without an event yet is awaited, if its chat is new to this page", () => {
  visitors.of("a");
  hear(true);
  pass(2);
  hear(false);
  pass(5);
  assert.equal(visitors.of("a").is, "unknown");
  pass(12);
  hear(true, "two");
  assert.equal(visitors.of("a").is, "here");
  pass(7);
  hear(false, "two");
  pass(5);
  assert.equal(visitors.of("a").is, "gone");
});

test("a visitor is gone when no other tab has sent its heartbeat", () => {
  visitors.of("a");
  hear(true);
  hear(false);
  pass(24);
  assert.equal(visitors.of("a").is, "unknown");
  pass(1);
  assert.deepEqual(visitors.of("a"), { is: "gone", since: NOON });
});

test("the departure of an unknown tab says nothing: there may be others", () => {
  hear(false);
  mock.timers.tick(6_000);
  assert.equal(visitors.of("a").is, "unknown");
});

test("a visitor without any event is not there, and the time of leaving is unknown", () => {
  visitors.of("a");
  pass(65);
  assert.deepEqual([visitors.of("a"), changes], [{ is: "gone", since: null }, 1]);
});

test("when nothing comes from the server at all, this page was disconnected", () => {
  hear(true);
  visitors.of("b");
  mock.timers.tick(65_000);
  assert.deepEqual([visitors.of("a").is, visitors.of("b").is], ["unknown", "unknown"]);
});

test("of chats that are not in the inbox any more nothing is kept", () => {
  hear(true);
  hear(false);
  pass(5);
  assert.equal(visitors.of("a").is, "gone");
  visitors.keep(new Set(["b"]));
  assert.equal(visitors.of("a").is, "unknown");
});

test("after a lost connection, and without further events, nothing is known of a visitor", () => {
  hear(true);
  visitors.forget();
  assert.equal(visitors.of("a").is, "unknown");
  hear(true);
  visitors.drop("a");
  pass(64);
  assert.deepEqual([visitors.of("a").is, changes], ["unknown", 2]);
});

test("the words tell the time, and the day when it was another", () => {
  Object.assign(globalThis, { document: { documentElement: { lang: "en-GB" } } });
  const later = new Date(2026, 4, 5, 9, 0);
  const gone = /** @type {const} */ ({ is: "gone", since: NOON });
  assert.match(whereaboutsWords(gone, NOON), /^Left the website at 12:00/);
  assert.match(whereaboutsWords(gone, later), /^Left the website \(yesterday, 12:00/);
  assert.equal(whereaboutsWords({ is: "gone", since: null }, NOON), "Not on the website now");
  assert.equal(whereaboutsWords({ is: "here" }, NOON), "On the website now");
  assert.equal(whereaboutsWords({ is: "unknown" }, NOON), "");
});
