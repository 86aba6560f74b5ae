import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { Drafts } from "../../static/livechat/dashboard/conversation/drafts.js";
import { BrowserPreferences, USUAL } from "../../static/livechat/dashboard/browser-preferences.js";
import { OutboxStorage } from "../../static/livechat/shared/outbox-storage.js";
import { Draft } from "../../static/livechat/shared/draft.js";
import { Recent } from "../../static/livechat/shared/emoji.js";
import { SafeStorage } from "../../static/livechat/shared/storage.js";
import { Preferences } from "../../static/livechat/widget/preferences.js";
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

  assert.equal(new Draft(storage, "livechat:draft:berlin").text.length, 16_000);
  assert.equal(new Drafts(storage, "1").of("c1", false).text.length, 16_000);
});

/** Return the draft of a duplicate of this tab. */
function duplicate() {
  const copy = new Map(kept);
  const tab = { ...STORAGE, getItem: (/** @type {string} */ key) => copy.get(key) ?? null,
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => copy.set(key, value),
    removeItem: (/** @type {string} */ key) => copy.delete(key) };
  return new Draft(new SafeStorage(() => /** @type {any} */ (tab)), "livechat:draft:berlin");
}

test("a draft that is sent from a tab and from its duplicate is one message", () => {
  const draft = new Draft(storage, "livechat:draft:berlin");
  draft.keep(" Hello\n");

  const copy = duplicate();

  assert.equal(draft.take("Hello"), copy.take("Hello"));
});

test("a draft that was sent from another tab goes, unless it was changed since", () => {
  const draft = new Draft(storage, "livechat:draft:berlin");
  draft.keep("Hello");
  const [copy, changed] = [duplicate(), duplicate()];
  changed.keep("Hello!");
  const client_id = draft.take("Hello");

  assert.equal(copy.sent([{ client_id: null }, { client_id: ENTRY.client_id }]), "");
  assert.equal(copy.sent([{ client_id: null }, { client_id }]), "Hello");
  assert.equal(copy.text, "");
  assert.equal(changed.sent([{ client_id }]), "");
  assert.equal(changed.text, "Hello!");
  assert.notEqual(changed.take("Hello!"), client_id);
});

test("messages that are no draft, or whose draft is damaged, get ids of their own", () => {
  const draft = new Draft(storage, "livechat:draft:berlin");
  const ids = ["Hello", "Hello", "Another", ""].map((text) => {
    draft.keep("Hello");
    return draft.take(text);
  });
  ids.push(draft.take(""), draft.take("Hello"));
  for (const damaged of ["", "1", "{}", "x".repeat(5_000_000)]) {
    draft.keep("Hello");
    kept.set("livechat:draft:berlin:id", damaged);
    assert.equal(draft.sent([{ client_id: null }]), "");
    ids.push(draft.take("Hello"));
  }

  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^[\da-f-]{36}$/);
  assert.equal(kept.size, 0);
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
