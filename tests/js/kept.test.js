import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Drafts } from "../../static/livechat/dashboard/conversation/drafts.js";
import { BrowserPreferences, USUAL } from "../../static/livechat/dashboard/browser-preferences.js";
import { OutboxStorage } from "../../static/livechat/shared/outbox-storage.js";
import { Recent } from "../../static/livechat/shared/emoji.js";
import { SafeStorage } from "../../static/livechat/shared/storage.js";
import { Preferences } from "../../static/livechat/widget/preferences.js";
import { Draft } from "../../static/livechat/widget/draft.js";
import { Identity } from "../../static/livechat/widget/identity.js";

/** @type {Map<string, string>} the contents of the browser's storage */
const kept = new Map();
/** @type {Record<string, string>} the properties of the page's style */
const style = {};

const STORAGE = {
  get length() {
    return kept.size;
  },
  key: (/** @type {number} */ index) => [...kept.keys()][index] ?? null,
  getItem: (/** @type {string} */ key) => kept.get(key) ?? null,
  setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
  removeItem: (/** @type {string} */ key) => kept.delete(key),
};

Object.assign(globalThis, {
  sessionStorage: STORAGE,
  document: { documentElement: { style: { setProperty: (/** @type {string} */ name, /** @type {string} */ value) => (style[name] = value) } } },
});

const storage = new SafeStorage(() => /** @type {any} */ (STORAGE));
const TOKEN = "5f0c1e4a9d3b4c5d8e7f001122334455.a4fe095bcbc4:1tXy2Z:q3vJmA-_0123456789abcdefghijklmnopqrstuvwxyzABCDE";
const ENTRY = {
  client_id: "11111111-1111-4111-8111-111111111111", conversation: null, text: "Hello", internal: false,
  at: "2026-03-02T10:00:00Z", state: "waiting", code: "",
};
const FILE = {
  id: "22222222-2222-4222-8222-222222222222", name: "a.png", content_type: "image/png", family: "image",
  size: 9, width: 3, height: 3, url: "/files/x", thumbnail: "",
};

beforeEach(() => kept.clear());

test("a token is kept", () => {
  new Identity(storage, "a4fe095bcbc4").keep(TOKEN);

  assert.equal(new Identity(storage, "a4fe095bcbc4").token, TOKEN);
});

test("what the server cannot read as a token is none", () => {
  for (const damaged of ["", "x".repeat(513), `${TOKEN}\n`, "{}", "[object Object]", "ü", "\ud83d", " ", "x".repeat(5_000_000)]) {
    kept.set("livechat:token:berlin", damaged);

    assert.equal(new Identity(storage, "berlin").token, null, damaged.slice(0, 20));
  }
});

/** Return the entries that a page adopts. @param {string} value  stored by a closed tab @param {string} [name] */
function adopted(value, name = ENTRY.client_id) {
  kept.set(`livechat:outbox:berlin:${name}`, value);
  return new OutboxStorage(storage, "berlin", "mine").adopt();
}

test("what an earlier page left unsent is adopted, and may go at once", () => {
  for (const changes of [{}, { conversation: FILE.id }, { files: [FILE] }, { state: "failed", code: "too_long" }]) {
    const entry = { ...ENTRY, ...changes };

    assert.deepEqual(adopted(JSON.stringify({ ...entry, tab: "another" })), [entry]);
  }
});

test("what is damaged in the outbox is deleted, and stops nothing", () => {
  const damaged = [
    "", "null", "5", '"text"', "[]", "{}", "{", { client_id: "1" }, { client_id: FILE.id }, { text: 5 }, { text: null },
    { text: "x".repeat(20_000) }, { conversation: "c1" }, { conversation: 5 }, { at: "yesterday" }, { at: 5 },
    { state: "sent" }, { state: 1 }, { internal: "no" }, { code: null }, { files: 5 }, { files: {} }, { files: [null] },
    { files: [{ ...FILE, id: "1" }] }, { files: [{ ...FILE, family: "virus" }] }, { files: [{ ...FILE, size: "9" }] },
    { files: [{ ...FILE, name: null }] },
  ];
  for (const value of damaged) {
    const text = typeof value === "string" ? value : JSON.stringify({ ...ENTRY, ...value });

    assert.deepEqual(adopted(text), [], text.slice(0, 200));
    assert.equal(kept.size, 0, text.slice(0, 200));
  }
});

test("a draft is cut to what a browser can show", () => {
  const huge = "x".repeat(5_000_000);
  kept.set("livechat:draft:berlin", huge);
  kept.set("livechat:draft:1:c1", huge);

  assert.equal(new Draft("berlin").text.length, 16_000);
  assert.equal(new Drafts(storage, "1").get("c1", false).length, 16_000);
});

test("preferences of another type are as if they were not there", () => {
  for (const damaged of ["null", "5", "[]", '"text"', "{", '{"list":"wide","muted":1,"folded":[]}', '{"__proto__":{"list":1}}', '{"toString":5}']) {
    kept.set("livechat:inbox:1", damaged);

    const preferences = new BrowserPreferences(storage, "1");

    for (const name of Object.keys(USUAL)) assert.equal(preferences.get(/** @type {any} */ (name)), /** @type {any} */ (USUAL)[name], damaged);
  }
});

test("choices of another type are as if they were not there", () => {
  for (const damaged of ["null", "5", '"text"', "{", '{"size":"length"}', '{"size":"1"}', '{"size":9}', '{"size":null}', '{"size":-1}']) {
    kept.set("livechat:choices:berlin", damaged);

    const { chosen } = new Preferences(storage, "berlin");

    assert.deepEqual(chosen, { muted: false, size: 0 }, damaged);
    assert.equal(style["zoom"] ?? "", "", damaged);
  }
});

test("what is no emoji is not offered as one", () => {
  kept.set("livechat:emoji", `👍 ${"x".repeat(100_000)} 👨‍👩‍👧‍👦`);

  assert.deepEqual(new Recent(storage).emoji, ["👍", "👨‍👩‍👧‍👦"]);
});
