import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { delay } from "../../static/livechat/shared/backoff.js";
import { askedToWait } from "../../static/livechat/shared/retry-after.js";
import { uuid } from "../../static/livechat/shared/identifiers.js";
import { ReadMarks } from "../../static/livechat/shared/read-marks.js";
import { SafeStorage } from "../../static/livechat/shared/storage.js";

test("waiting doubles from half a second to fifteen, with half of it by chance", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 50].map((attempt) => delay(attempt, 0.999999)),
    [500, 1000, 2000, 4000, 8000, 15000, 15000]);
  assert.deepEqual([0, 1, 50].map((attempt) => delay(attempt, 0)), [250, 500, 7500]);
});

test("an id is a UUID of version 4, also where the browser cannot make one", () => {
  const form = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(uuid(), form);

  Object.defineProperty(crypto, "randomUUID", { value: undefined, configurable: true });
  assert.match(uuid(), form);
  assert.notEqual(uuid(), uuid());
});

test("where storage is forbidden it is kept in memory", () => {
  const storage = new SafeStorage(() => {
    throw new Error("forbidden");
  });

  storage.set("a:1", "one");
  storage.set("b:1", "other");

  assert.equal(storage.get("a:1"), "one");
  assert.deepEqual(storage.keys("a:"), ["a:1"]);
  storage.remove("a:1");
  assert.equal(storage.get("a:1"), null);
});

test("where storage is full it is kept in memory", () => {
  /** @type {Storage} */
  const full = {
    getItem: () => null,
    setItem: () => {
      throw new Error("full");
    },
    removeItem: () => {},
    clear: () => {},
    key: () => null,
    length: 0,
  };
  const storage = new SafeStorage(() => full);

  storage.set("a", "one");

  assert.equal(storage.get("a"), "one");
});

/** @param {number} status @param {Record<string, string>} headers @returns {typeof fetch} */
function answering(status, headers = {}) {
  return async () => new Response(null, { status, headers });
}

test("a page stays away as long as the server asks it to", async () => {
  const wait = (/** @type {typeof fetch} */ ask) => askedToWait("wss://chat.example/ws/staff/", ask);

  assert.equal(await wait(answering(503, { "Retry-After": "7" })), 7);
  assert.equal(await wait(answering(429, { "Retry-After": "12" })), 12);
  assert.equal(await wait(answering(503, { "Retry-After": "86400" })), 120);
  assert.equal(await wait(answering(503)), 0);
  assert.equal(await wait(answering(204)), 0);
  assert.equal(await wait(answering(200, { "Retry-After": "7" })), 0);
  assert.equal(await wait(() => Promise.reject(new TypeError("no network"))), 0);
});

test("the address of a socket is asked by HTTP, and never from a cache", async () => {
  /** @type {unknown[]} */
  let asked = [];
  await askedToWait("ws://127.0.0.1/ws/visitor/a/", async (...what) => {
    asked = what;
    return new Response(null, { status: 204 });
  });

  assert.deepEqual(asked, ["http://127.0.0.1/ws/visitor/a/", { cache: "no-store" }]);
});

test("a read mark that the server rejects for good is not sent again", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {string[]} */
  const sent = [];
  const marks = new ReadMarks((conversation, upTo) => Boolean(sent.push(`${conversation} ${upTo}`)));
  marks.read("c1", 1);
  mock.timers.tick(400);

  for (const never of [undefined, null, 0]) marks.again(never);
  mock.timers.tick(60_000);
  mock.timers.reset();

  assert.deepEqual(sent, ["c1 1"]);
});

test("a read mark for which the server had no time is sent again, with the newest number", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {string[]} */
  const sent = [];
  const marks = new ReadMarks((conversation, upTo) => Boolean(sent.push(`${conversation} ${upTo}`)));
  for (const upTo of [1, 2]) {
    marks.read("c1", upTo);
    mock.timers.tick(400);
  }

  marks.again(6);
  mock.timers.tick(5_900);
  const early = sent.length;
  mock.timers.tick(200);
  mock.timers.reset();

  assert.equal(early, 2);
  assert.deepEqual(sent, ["c1 1", "c1 2", "c1 2"]);
});
