import assert from "node:assert/strict";
import { test } from "node:test";

import { items, places } from "../../static/livechat/shared/log-items.js";
import { status } from "../../static/livechat/widget/status-line.js";
import { CHANNEL, message, publicConversation, person } from "./people.js";

/** @import { Reader } from "../../static/livechat/shared/log-items.js" */
/** @import { Outgoing } from "../../static/livechat/shared/outbox.js" */

/** @type {Reader} */
const VISITOR = {
  isOwn: (author) => author === "visitor", author: "visitor", name: "You", visitor: "You", seenUpTo: 0,
  wordLine: ({ line }) => `${line?.name} joined`,
};

/** @param {string} client_id @param {Outgoing["state"]} state @returns {Outgoing} */
const outgoing = (client_id, state) => ({
  client_id, state, conversation: "c1", text: client_id, internal: false, at: message(1).at, code: "",
});

test("a text is shown once, whether it is on its way or stored", () => {
  const shown = items([message(1)], [outgoing("client-1", "sent"), outgoing("next", "in_flight")], VISITOR);

  assert.deepEqual(shown.map(({ key, seq, state }) => [key, seq, state]),
    [["client-1", 1, "sent"], ["next", 0, "pending"]]);
});

test("a mark stands under the last own message only, and under each that was not sent", () => {
  const entries = [message(1), message(2, { author: "operator" }), message(3)];
  const shown = items(entries, [outgoing("x", "failed"), outgoing("y", "waiting")], { ...VISITOR, seenUpTo: 1 });

  assert.deepEqual(shown.map(({ state }) => state), ["seen", "", "sent", "failed", "pending"]);
  assert.deepEqual(places(shown).map(({ showState }) => showState), [false, false, false, true, true]);
});

test("messages of one author within three minutes form a group", () => {
  const at = (/** @type {number} */ minute) => `2026-03-02T10:0${minute}:00Z`;
  const shown = items([
    message(1, { at: at(0) }), message(2, { at: at(2) }), message(3, { at: at(6) }),
    message(4, { at: at(6), author: "operator", author_name: "Anna" }),
    message(5, { at: at(6), author: "operator", author_name: "Ben" }),
  ], [], VISITOR);

  assert.deepEqual(places(shown).map(({ first, last }) => [first, last]),
    [[true, false], [false, true], [true, true], [true, true], [true, true]]);
});

test("a system line has its own words and breaks a group", () => {
  const shown = items([
    message(1), message(2, { kind: "system", author: "system", line: { event: "joined", name: "Anna" } }), message(3),
  ], [], VISITOR);

  assert.deepEqual(shown.map(({ side, text }) => [side, text]),
    [["own", "message 1"], ["line", "Anna joined"], ["own", "message 3"]]);
  assert.deepEqual(places(shown).map(({ first }) => first), [true, true, true]);
});

test("each day is announced once", () => {
  const shown = items([
    message(1, { at: "2026-03-01T12:00:00Z" }), message(2, { at: "2026-03-01T12:01:00Z" }),
    message(3, { at: "2026-03-03T12:00:00Z" }),
  ], [], VISITOR);

  assert.deepEqual(places(shown).map(({ newDay }) => newDay), [true, false, true]);
});

test("the status line says what is true", () => {
  const away = { ...CHANNEL, available: false };
  const anna = [person("Anna")];

  assert.equal(status(CHANNEL, null), "We are here");
  assert.equal(status(away, null), "We are away right now");
  assert.equal(status(CHANNEL, publicConversation()), "Waiting for a reply");
  assert.equal(status(away, publicConversation()), "We are away right now");
  assert.equal(status(away, publicConversation({ state: "assigned", operators: anna })), "You are chatting with Anna");
  assert.equal(status(CHANNEL, publicConversation({ state: "closed", operators: anna })), "This chat has ended.");
});

test("files are shown with their message, on its way and stored", () => {
  /** @type {import("../../static/livechat/shared/wire.d.ts").File} */
  const file = {
    id: "f1", name: "tea.png", content_type: "image/png", family: "image", size: 7, width: 2, height: 1,
    url: "/files/a/", thumbnail: "/files/b/",
  };
  const onTheWay = { ...outgoing("next", "uploading"), files: [{ ...file, id: "", key: "k" }] };
  const shown = items([message(1, { text: "", files: [file] })], [onTheWay], VISITOR);

  assert.deepEqual(shown.map(({ files, state }) => [files?.map(({ id }) => id), state]), [[["f1"], "sent"], [[""], "pending"]]);
});
