import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, has, best } from "../../static/livechat/dashboard/list/search.js";
import { BrowserPreferences } from "../../static/livechat/dashboard/browser-preferences.js";
import { stepsOf } from "../../static/livechat/dashboard/first-steps.js";
import { sections, SECTIONS } from "../../static/livechat/dashboard/list/sections.js";
import { apply, start } from "../../static/livechat/dashboard/store.js";
import { lastLine } from "../../static/livechat/dashboard/list/conversation-texts.js";
import { me, message, person, staffConversation } from "./people.js";

/** @import { StaffConversation } from "../../static/livechat/shared/wire.d.ts" */

const ANNA = person("Anna");
const BEN = person("Ben");

/** @param {...StaffConversation} conversations  listed by section, in the order of the list */
const listed = (...conversations) => {
  const found = sections(conversations, "anna");
  return SECTIONS.flatMap((name) => found[name].map(({ id }) => `${name} ${id}`));
};

/** @param {string} id @param {Partial<StaffConversation>} changes */
const mine = (id, changes = {}) => staffConversation({ id, state: "assigned", operators: [ANNA], ...changes });
/** @param {string} id @param {Partial<StaffConversation>} changes */
const bens = (id, changes = {}) => staffConversation({ id, state: "assigned", operators: [BEN], ...changes });

test("every chat is in one section, by its operator and by whose turn it is", () => {
  assert.deepEqual(
    listed(
      staffConversation({ id: "gone", state: "closed", status: "need_help" }),
      bens("his"), bens("stuck", { status: "need_help" }), bens("resting", { status: "waiting_for_customer" }),
      mine("own"), mine("resting-too", { status: "waiting_for_customer" }), mine("stuck-too", { status: "need_help" }),
      staffConversation({ id: "robot", state: "bot" }), staffConversation({ id: "new" }),
    ),
    ["waiting new", "mine own", "mine stuck-too", "help stuck", "customer resting-too", "bot robot", "team his",
      "team resting", "closed gone"],
  );
});

test("visitors who wait for an answer come first, the longest wait on top; then the newest activity", () => {
  const at = (/** @type {string} */ hour) => `2026-03-02T${hour}:00:00Z`;
  assert.deepEqual(
    listed(
      mine("old", { last: message(1, { at: at("08") }) }), mine("fresh", { last: message(1, { at: at("09") }) }),
      mine("waits", { waiting_since: at("10") }), mine("waits-longer", { waiting_since: at("07") }),
    ),
    ["mine waits-longer", "mine waits", "mine fresh", "mine old"],
  );
});

test("a message with files only is summarized by their names", () => {
  const file = {
    id: "f", name: "tin.png", content_type: "image/png", family: /** @type {const} */ ("image"), size: 1, width: 1,
    height: 1, url: "", thumbnail: "",
  };
  assert.equal(lastLine(message(1, { text: "", files: [file] }), null), "📎 tin.png");
  assert.equal(lastLine(message(1, { text: "", files: [file, file, file] }), null), "📎 tin.png and 2 more");
  assert.equal(lastLine(message(1, { text: "Look", files: [file] }), null), "Look");
});

test("the list is searched without regard to case, accents and the order of words", () => {
  assert.ok(has("muller TEA", ["Jörg Müller", "", "I like tea"]));
  assert.ok(!has("muller coffee", ["Jörg Müller", "", "I like tea"]));
});

test("what begins as it was typed is found before what only has it somewhere", () => {
  const values = ["Close", "Clos", "pany", "Cse", "xyz"].map((query) => fit(query, query === "pany" ? "Company" : "Close"));
  assert.deepEqual(values.map(Boolean), [true, true, true, true, false]);
  assert.ok(fit("wait", "Waiting for customer") > fit("wait", "Long wait"));
  assert.ok(fit("wait", "Long wait") > fit("ait", "Waiting"));
  assert.equal(fit("zq", "A very long text in which scattered letters prove nothing at all, z q"), 0);

  const people = ["Ben", "Benedikt", "Ruben", "Anna"];
  const found = best("ben", people, (name) => [{ text: name, weight: 1 }], 2);
  assert.deepEqual(found, ["Ben", "Benedikt"]);
});

/** A storage as in browsers. */
function fakeStorage() {
  /** @type {Map<string, string>} */
  const kept = new Map();
  return /** @type {any} */ ({
    kept,
    get: (/** @type {string} */ key) => kept.get(key) ?? null,
    set: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value),
    remove: (/** @type {string} */ key) => kept.delete(key),
  });
}

test("preferences last, those of one user are not another's, and what is usual is not kept", () => {
  const storage = fakeStorage();
  new BrowserPreferences(storage, "1").set("list", 400);

  assert.equal(new BrowserPreferences(storage, "1").get("list"), 400);
  assert.equal(new BrowserPreferences(storage, "2").get("list"), 320);
  new BrowserPreferences(storage, "1").set("list", 320);
  assert.deepEqual([...storage.kept.keys()], []);
});

test("preferences that make no sense are forgotten", () => {
  for (const text of ["", "[", "null", "7", '{"list":"wide","muted":1,"other":true}']) {
    const storage = fakeStorage();
    storage.set("livechat:inbox:1", text);
    const preferences = new BrowserPreferences(storage, "1");
    assert.deepEqual([preferences.get("list"), preferences.get("muted")], [320, false], text);
  }
});

test("the first steps are shown until all are done, or until they are dismissed", () => {
  const preferences = new BrowserPreferences(fakeStorage(), "1");
  const steps = { answers: true, introduced: true, embedded: true, chatted: true };
  const state = { ...start("Anna"), loaded: true, me: me(), steps };

  assert.equal(stepsOf({ ...state, loaded: false }, preferences), null);
  assert.equal(stepsOf({ ...state, me: me({ id: null }) }, preferences), null);
  assert.deepEqual(stepsOf(state, preferences), { ...steps, sounds: false });
  preferences.set("heard", true);
  assert.equal(stepsOf(state, preferences), null);
  const unfinished = { ...state, steps: { ...steps, chatted: false } };
  assert.ok(stepsOf(unfinished, preferences));
  preferences.set("dismissed", true);
  assert.equal(stepsOf(unfinished, preferences), null);
});

test("a visitor's move lengthens the trail that was asked for, once", () => {
  const page = { url: "https://example.org/tea", title: "Tea" };
  /** @type {import("../../static/livechat/shared/wire.d.ts").StaffEvent[]} */
  const events = [
    { type: "conversation.changed", conversation: staffConversation() },
    { type: "visitor.told", conversation: "c1", trail: [], earlier: [], total: 0 },
    { type: "visitor.moved", conversation: "c1", page, at: "2026-03-02T10:00:00Z" },
    { type: "visitor.moved", conversation: "c1", page, at: "2026-03-02T10:00:01Z" },
    { type: "visitor.moved", conversation: "unknown", page, at: "2026-03-02T10:00:02Z" },
  ];

  const state = events.reduce(apply, start("Anna"));

  assert.deepEqual(state.visitorDetails.get("c1")?.trail.map(({ title }) => title), ["Tea"]);
  assert.equal(state.conversations.get("c1")?.visitor.page?.title, "Tea");
});
