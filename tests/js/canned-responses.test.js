import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { callIn, excerpt, found, matching } from "../../static/livechat/dashboard/conversation/canned-responses.js";
import { Commands } from "../../static/livechat/dashboard/conversation/actions.js";
import { Poller } from "../../static/livechat/dashboard/poller.js";
import { apply, joined, opensOrCloses, start } from "../../static/livechat/dashboard/store.js";
import { inkOn } from "../../static/livechat/dashboard/list/conversation-texts.js";
import { FILES } from "./people.js";

/** @import { CannedListed, CannedResponse, StaffConversation } from "../../static/livechat/shared/wire.d.ts" */

/** @param {number} id @param {string} shortcut @param {string} [substitution] @returns {CannedResponse} */
const response = (id, shortcut, substitution = "Some text") => ({ id, shortcut, substitution });

const HELLO = response(1, "hello", "Good morning! How can we help?");
const SHIPPING = response(2, "shipping", "We deliver within three days.");
const RETURNS = response(3, "help-returns", "Send it back within 30 days.");
const CAFE = response(4, "Café", "Our café is open until six, and then it says hello: closed.");
const ALL = [SHIPPING, RETURNS, HELLO, CAFE];

/** @param {string} typed  with | at the caret, by default at the end */
const call = (typed) => {
  const caret = typed.includes("|") ? typed.indexOf("|") : typed.length;
  return callIn(typed.replace("|", ""), caret);
};

/** @param {string} typed */
const names = (typed) => {
  const made = call(typed);
  return made && matching(ALL, made).map(({ shortcut }) => shortcut);
};

test("a colon with something behind it calls, at the start and after white space", () => {
  assert.deepEqual(call(":he"), { from: 0, query: "he", all: false });
  assert.deepEqual(call("Well, :he"), { from: 6, query: "he", all: false });
  assert.deepEqual(call("Well,\n:he"), { from: 6, query: "he", all: false });
  assert.deepEqual(call("::"), { from: 0, query: "", all: true });
  assert.deepEqual(call("Well, ::he"), { from: 6, query: "he", all: true });
});

test("only what stands before the caret counts", () => {
  assert.deepEqual(call(":he| how are you"), { from: 0, query: "he", all: false });
  assert.deepEqual(call(":h|ello"), { from: 0, query: "h", all: false });
  assert.equal(call("|:hello"), null);
  assert.equal(call(":hello there|"), null);
});

test("a lone colon, a time, an address and a sentence call nothing", () => {
  const typed = ["", ":", "Well :", ": ", ":: ", "10:30", "https://example.org", "note: this", "a:b", "a::b", ":hello "];
  for (const text of typed) assert.equal(call(text), null, text);
  assert.equal(call(`:${"x".repeat(41)}`), null);
});

test("faces find nothing, unless a shortcut begins like one", () => {
  for (const face of [":)", ":-)", ":(", ":D", ":P", ":3", ":/", ":'("]) assert.deepEqual(names(face) ?? [], [], face);
  const made = /** @type {import("../../static/livechat/dashboard/conversation/canned-responses.js").Call} */ (call(":)"));
  assert.deepEqual(matching([response(9, ")joy")], made).map(({ id }) => id), [9]);
});

test("shortcuts that begin so come first, then those that have it, then texts", () => {
  assert.deepEqual(names(":hel"), ["help-returns", "hello", "Café"]);
  assert.deepEqual(names(":help"), ["help-returns", "hello"]);
  assert.deepEqual(names(":returns"), ["help-returns"]);
  assert.deepEqual(names(":within"), ["shipping", "help-returns"]);
  assert.deepEqual(names(":nothing-of-it"), []);
});

test("one colon looks into texts only from three letters on; two always", () => {
  assert.deepEqual(names(":da"), []);
  assert.deepEqual(names(":day"), ["shipping", "help-returns"]);
  assert.deepEqual(names("::da"), ["shipping", "help-returns"]);
  assert.deepEqual(names("::"), ["shipping", "help-returns", "hello", "Café"]);
});

test("case and accents do not matter", () => {
  for (const typed of [":cafe", ":CAFÉ", ":caf", ":Cafe\u0301"]) assert.deepEqual(names(typed), ["Café"], typed);
});

test("an excerpt is one line and begins near what was searched for", () => {
  assert.equal(excerpt("Hello,\n\n  you", ""), "Hello, you");
  assert.equal(excerpt("Short, and found", "found"), "Short, and found");

  const long = `${"word ".repeat(20)}needle in hay`;

  assert.match(excerpt(long, "needle"), /^…word .*needle in hay$/);
  assert.ok(excerpt(long, "needle").length < 45);
  assert.equal(excerpt(`${"x".repeat(100)}needle`, "needle"), "…needle");
});

test("what was found is marked where it stands", () => {
  assert.deepEqual(found("Café", "fe"), [2, 4]);
  assert.equal(found("Café", ""), null);
  assert.equal(found("Café", "tea"), null);
  // When case folding changes the length, the position of a match is unknown.
  assert.equal(found("İstanbul tea", "zzz"), null);
});

/** @param {number} part @param {number} parts @param {CannedResponse[]} responses @returns {CannedListed} */
const listed = (part, parts, ...responses) => ({ type: "canned.listed", responses, part, parts });

test("the list is replaced when its last part is there", () => {
  const before = apply(start("Anna"), listed(1, 1, CAFE));
  const begun = apply(before, listed(1, 2, HELLO));

  assert.deepEqual(begun.canned, [CAFE]);
  assert.deepEqual(apply(begun, listed(2, 2, SHIPPING)).canned, [HELLO, SHIPPING]);
});

test("parts that do not belong together are no list", () => {
  const begun = apply(start("Anna"), listed(1, 3, HELLO));

  const holed = apply(begun, listed(3, 3, SHIPPING));

  assert.deepEqual(holed.canned, []);
  assert.deepEqual(apply(holed, listed(1, 1, CAFE)).canned, [CAFE]);
});

test("a chat that is new, ends or begins again changes the numbers of its channel", () => {
  const open = /** @type {StaffConversation} */ ({ id: "c1", state: "assigned" });
  const state = { ...start("Anna"), conversations: new Map([["c1", open]]) };

  assert.equal(opensOrCloses(state, { ...open, state: "queued" }), false);
  assert.equal(opensOrCloses(state, { ...open, state: "closed" }), true);
  assert.equal(opensOrCloses(state, { ...open, id: "c2" }), true);
});

test("what is looked at is fetched at once, every so often, and soon after something happened", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  let fetched = 0;
  const poller = new Poller(15_000, () => { fetched += 1; });
  const after = (/** @type {number} */ milliseconds) => {
    mock.timers.tick(milliseconds);
    return fetched;
  };

  poller.soon();
  assert.equal(after(60_000), 0);
  poller.turn(true);
  poller.turn(true);
  assert.equal(after(0), 1);
  assert.equal(after(14_999), 1);
  assert.equal(after(1), 2);
  poller.soon();
  mock.timers.tick(1_000);
  poller.soon();
  assert.equal(after(1_000), 3);
  assert.equal(after(14_999), 3);
  poller.turn(false);
  poller.soon();
  assert.equal(after(60_000), 3);
  mock.timers.reset();
});

test("a channel that was joined is shown so before the snapshot comes", () => {
  const channel = { id: "ch1", name: "Tea", colour: "#000000", joined: false, may_join: true, online: 0, sessions: 0,
    link: "/chat/tea/", amber_after: 60, red_after: 180, files: FILES };
  const state = { ...start("Anna"), channels: [channel, { ...channel, id: "ch2" }] };

  const after = joined(state, "ch1", true);

  assert.deepEqual(after.channels.map(({ id, joined }) => [id, joined]), [["ch1", true], ["ch2", false]]);
});

test("a command is busy until it is answered, and done only when it was accepted", () => {
  /** @type {string[]} */
  const sent = [];
  let done = 0;
  const commands = new Commands({
    send: (command) => Boolean(sent.push(/** @type {any} */ (command).client_id)),
    ready: () => true, changed: () => {}, unsent: () => {},
  });
  const give = () => commands.give("ch1", (client_id) => ({ type: "channel.join", channel: "ch1", client_id }), () => {
    done += 1;
  });

  give();
  assert.equal(commands.isBusy("ch1"), true);
  assert.equal(commands.answered("somebody else's", true), false);
  assert.equal(commands.answered(sent[0], false), true);
  assert.deepEqual([commands.isBusy("ch1"), done], [false, 0]);
  give();
  assert.equal(commands.answered(sent[1], true), true);
  assert.equal(commands.answered(sent[1], true), false);
  assert.deepEqual([commands.isBusy("ch1"), done], [false, 1]);
});

test("a command waits until what was written before it has arrived, and holds up no other chat", () => {
  /** @type {string[]} */
  const sent = [];
  const held = new Set(["c1"]);
  const commands = new Commands({
    send: (command) => Boolean(sent.push(/** @type {any} */ (command).conversation)),
    ready: (subject) => !held.has(subject), changed: () => {}, unsent: () => {},
  });
  for (const conversation of ["c1", "c2"]) {
    commands.give(conversation, (client_id) => ({ type: "conversation.close", conversation, client_id }));
  }
  assert.deepEqual([sent, commands.isBusy("c1")], [["c2"], true]);

  held.clear();
  commands.move();
  commands.move();
  assert.deepEqual(sent, ["c2", "c1"]);
});

test("a command without a connection is not kept", () => {
  let unsentCount = 0;
  const commands = new Commands({
    send: () => false, ready: () => true, changed: () => {}, unsent: () => { unsentCount += 1; },
  });

  commands.give("c1", (client_id) => ({ type: "conversation.take", conversation: "c1", client_id }));
  assert.deepEqual([unsentCount, commands.isBusy("c1")], [1, false]);
});

test("letters on a channel's colour can be read", () => {
  assert.equal(inkOn("#2f5d50"), "#fff");
  assert.equal(inkOn("#ffd400"), "#000");
  assert.equal(inkOn("#000000"), "#fff");
  assert.equal(inkOn("#FFFFFF"), "#000");
  assert.equal(inkOn(""), "#fff");
});
