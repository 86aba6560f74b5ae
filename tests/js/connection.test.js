import assert from "node:assert/strict";
import { test } from "node:test";

import { delay } from "../../static/livechat/shared/backoff.js";
import { uuid } from "../../static/livechat/shared/identifiers.js";
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
