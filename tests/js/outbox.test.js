import assert from "node:assert/strict";
import { test } from "node:test";

import { fileIds } from "../../static/livechat/shared/outbox.js";
import { OutboxHarness, FakeStorage } from "./people.js";

test("what is written without a connection is sent in order when there is one", () => {
  const harness = new OutboxHarness();

  harness.write("one");
  harness.write("two");
  assert.deepEqual(harness.sent, []);
  assert.deepEqual(harness.states, ["one waiting", "two waiting"]);

  harness.box.connected();
  assert.deepEqual(harness.sent, ["c1:one"]);
  harness.box.acknowledge({ client_id: "one", conversation: "c1" });
  assert.deepEqual(harness.sent, ["c1:one", "c1:two"]);
});

test("a text goes when the one before it has been answered", () => {
  const harness = new OutboxHarness();
  harness.box.connected();

  for (const text of ["one", "two", "three"]) harness.write(text);
  assert.deepEqual(harness.states, ["one in_flight", "two waiting", "three waiting"]);

  harness.box.acknowledge({ client_id: "one", conversation: "c1" });
  assert.deepEqual(harness.states, ["one sent", "two in_flight", "three waiting"]);
  harness.box.reject({ client_id: "two", code: "too_long" });
  assert.deepEqual(harness.states, ["one sent", "two failed", "three in_flight"]);
});

test("a text that knows the conversation does not pass one that was written before it was opened", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one", null);
  harness.write("two", null);
  // conversation.changed comes before the ack.
  harness.write("three", "c7");
  assert.deepEqual(harness.sent, ["open:one"]);

  for (const client_id of ["one", "two", "three"]) harness.box.acknowledge({ client_id, conversation: "c7" });
  assert.deepEqual(harness.sent, ["open:one", "c7:two", "c7:three"]);
});

test("after a broken connection the unacknowledged ones are sent again, in order, and no others", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.write("two");
  harness.write("three");
  harness.box.acknowledge({ client_id: "one", conversation: null });

  harness.box.disconnected();
  harness.sent.length = 0;
  harness.box.connected();

  assert.deepEqual(harness.sent, ["c1:two"]);
  harness.box.acknowledge({ client_id: "two", conversation: null });
  assert.deepEqual(harness.sent, ["c1:two", "c1:three"]);
});

test("texts that follow the first wait until it has opened the conversation", () => {
  const harness = new OutboxHarness();
  harness.box.connected();

  harness.write("hello", null);
  harness.write("is anybody there?", null);
  assert.deepEqual(harness.sent, ["open:hello"]);

  harness.box.acknowledge({ client_id: "hello", conversation: "c7" });
  assert.deepEqual(harness.sent, ["open:hello", "c7:is anybody there?"]);
});

test("the opening text may arrive as a message before its ack", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("hello", null);
  harness.write("again", null);

  harness.box.arrived("c7", [{ client_id: "hello" }]);

  assert.deepEqual(harness.sent, ["open:hello", "c7:again"]);
  assert.deepEqual(harness.states, ["again in_flight"]);
});

test("when the opening text is refused the next one opens", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("bad", null);
  harness.write("good", null);

  harness.box.reject({ client_id: "bad", code: "too_long" });

  assert.deepEqual(harness.sent, ["open:bad", "open:good"]);
  assert.deepEqual(harness.states, ["bad failed", "good in_flight"]);
});

test("a refused text stays, says why, and does not hold up the others", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.write("two");

  harness.box.reject({ client_id: "one", code: "closed" });
  harness.box.acknowledge({ client_id: "two", conversation: null });

  assert.deepEqual(harness.states, ["one failed", "two sent"]);
  assert.equal(harness.box.entries[0]?.code, "closed");
});

test("too fast means later: the text waits by itself and keeps its place", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");

  harness.box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });
  harness.write("two");
  assert.deepEqual(harness.sent, ["c1:one"]);
  assert.deepEqual(harness.states, ["one waiting", "two waiting"]);

  harness.pass(2000);
  assert.deepEqual(harness.sent, ["c1:one", "c1:one"]);
  harness.box.acknowledge({ client_id: "one", conversation: "c1" });
  assert.deepEqual(harness.sent, ["c1:one", "c1:one", "c1:two"]);
});

test("a text waits no longer than `retry_after`, whatever the clock of the page does", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });

  harness.skew = -5000;
  harness.pass(2000);

  assert.deepEqual(harness.sent, ["c1:one", "c1:one"]);
});

test("after a reload a text that was to wait waits for nothing", () => {
  const storage = new FakeStorage();
  const before = new OutboxHarness(storage);
  before.box.connected();
  before.write("one");
  before.box.reject({ client_id: "one", code: "rate_limited", retry_after: 600 });

  const after = new OutboxHarness(storage);
  after.box.connected();

  assert.deepEqual(after.sent, ["c1:one"]);
});

test("what was written in one instant, or before the clock was set back, keeps its order after a reload", () => {
  const storage = new FakeStorage();
  const before = new OutboxHarness(storage);
  for (const text of ["3", "2", "1"]) before.write(text);
  before.skew = -60_000;
  before.write("0");
  storage.shuffle();

  assert.deepEqual(new OutboxHarness(storage).states, ["3 waiting", "2 waiting", "1 waiting", "0 waiting"]);
});

test("one slow conversation of an operator does not hold up another", () => {
  const harness = new OutboxHarness(new FakeStorage(), ({ conversation }) => conversation ?? "");
  harness.box.connected();
  harness.write("one", "c1");
  harness.box.reject({ client_id: "one", code: "unavailable" });

  harness.write("other", "c2");

  assert.deepEqual(harness.sent, ["c1:one", "c2:other"]);
});

test("a refusal of a repetition says nothing of the text, which is stored", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.box.acknowledge({ client_id: "one", conversation: "c1" });

  harness.box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });
  harness.box.reject({ client_id: "one", code: "closed" });

  assert.deepEqual(harness.states, ["one sent"]);
});

test("a text that is tried again goes behind those that were written meanwhile", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.box.reject({ client_id: "one", code: "forbidden" });
  harness.write("two");
  harness.write("three");

  harness.box.retry("one");

  assert.deepEqual(harness.states, ["two in_flight", "three waiting", "one waiting"]);
});

test("retry sends a refused text once more with the same id", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.box.reject({ client_id: "one", code: "forbidden" });

  harness.box.retry("one");

  assert.deepEqual(harness.sent, ["c1:one", "c1:one"]);
  assert.deepEqual(harness.states, ["one in_flight"]);
});

test("an acknowledged text is shown until the timeline has it", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");

  harness.box.acknowledge({ client_id: "one", conversation: null });
  assert.deepEqual(harness.states, ["one sent"]);

  harness.box.arrived("c1", [{ client_id: "one" }]);
  assert.deepEqual(harness.states, []);
});

test("a reload keeps what was not acknowledged, refused texts too", () => {
  const storage = new FakeStorage();
  const before = new OutboxHarness(storage);
  before.box.connected();
  for (const text of ["stored", "refused", "in flight"]) before.write(text);
  before.box.acknowledge({ client_id: "stored", conversation: null });
  before.box.reject({ client_id: "refused", code: "forbidden" });

  const after = new OutboxHarness(storage);
  after.box.connected();

  assert.deepEqual(after.states, ["refused failed", "in flight in_flight"]);
  assert.deepEqual(after.sent, ["c1:in flight"]);
});

test("what is deleted is gone after a reload too", () => {
  const storage = new FakeStorage();
  const harness = new OutboxHarness(storage);
  harness.write("never mind");

  harness.box.remove("never mind");

  assert.deepEqual(new OutboxHarness(storage).states, []);
});

test("texts of a lost identity open a new conversation", () => {
  const harness = new OutboxHarness();
  harness.write("one", "c-old");

  harness.box.detach();
  harness.box.connected();

  assert.deepEqual(harness.sent, ["open:one"]);
});

test("a refusal that names no text sends all that were in flight again", () => {
  const harness = new OutboxHarness(new FakeStorage(), ({ conversation }) => conversation ?? "");
  harness.box.connected();
  harness.write("one", "c1");
  harness.write("two", "c2");

  harness.box.reject({ code: "rate_limited", retry_after: 2 });
  assert.deepEqual(harness.states, ["one waiting", "two waiting"]);

  harness.sent.length = 0;
  harness.pass(2000);
  assert.deepEqual(harness.sent, ["c1:one", "c2:two"]);
});

/** @param {string} id @param {string} [key] */
const file = (id, key = "k") => ({
  id, key, name: "tea.png", content_type: "image/png", family: /** @type {"image"} */ ("image"), size: 7,
  width: 1, height: 1, url: "", thumbnail: "",
});

test("a text waits for its files, later ones wait for it, and it is sent once", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.box.add({ client_id: "slow", conversation: "c1", text: "slow", files: [file("", "a"), file("", "b")] });
  harness.write("quick");
  assert.deepEqual(harness.sent, []);
  assert.ok(harness.box.isBusy);

  harness.box.uploaded("slow", "a", file("id-a"));
  assert.deepEqual(harness.sent, []);
  harness.box.uploaded("slow", "b", file("id-b"));
  assert.deepEqual(harness.sent, ["c1:slow"]);
  assert.deepEqual(fileIds(harness.box.entries[0] ?? assert.fail()), ["id-a", "id-b"]);
  harness.box.acknowledge({ client_id: "slow", conversation: "c1" });
  assert.deepEqual(harness.sent, ["c1:slow", "c1:quick"]);
});

test("a text whose file does not arrive holds up no other, and goes when it has arrived after all", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.box.add({ client_id: "slow", conversation: "c1", text: "slow", files: [file("", "a")] });
  harness.write("quick");

  harness.box.missed("slow", "upload");
  assert.deepEqual(harness.states, ["slow failed", "quick in_flight"]);
  harness.box.uploaded("slow", "a", file("id-a"));
  assert.deepEqual(harness.states, ["quick in_flight", "slow waiting"]);
});

test("without a connection a file that does not arrive keeps its text in its place", () => {
  const harness = new OutboxHarness();
  harness.box.add({ client_id: "slow", conversation: "c1", text: "slow", files: [file("", "a")] });
  harness.write("quick");

  harness.box.missed("slow", "upload");
  harness.box.connected();
  harness.box.uploaded("slow", "a", file("id-a"));

  assert.deepEqual(harness.states, ["slow in_flight", "quick waiting"]);
});

test("a text whose file was refused is not sent, and may be tried again", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.box.add({ client_id: "x", conversation: "c1", text: "x", files: [file("", "a")] });
  harness.box.reject({ client_id: "x", code: "file_type" });
  assert.deepEqual(harness.states, ["x failed"]);

  harness.box.retry("x");
  assert.deepEqual([harness.states, harness.sent], [["x uploading"], []]);
});

test("what is written while the first text still uploads opens the conversation for both", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.box.add({ client_id: "first", conversation: null, text: "first", files: [file("", "a")] });
  harness.write("second", null);
  harness.box.uploaded("first", "a", file("id-a"));
  harness.box.acknowledge({ client_id: "first", conversation: "c9" });

  assert.deepEqual(harness.sent, ["open:first", "c9:second"]);
});

test("after a reload files that had arrived are sent with their text; the others are gone", () => {
  const storage = new FakeStorage();
  const before = new OutboxHarness(storage);
  before.box.add({ client_id: "whole", conversation: "c1", text: "whole", files: [file("id-a")] });
  before.box.add({ client_id: "half", conversation: "c1", text: "half", files: [file("id-a"), file("", "b")] });

  const after = new OutboxHarness(storage);
  after.box.connected();
  assert.deepEqual(after.sent, ["c1:whole"]);
  const half = after.box.entries.find(({ client_id }) => client_id === "half");
  assert.deepEqual([half?.state, half?.code, half?.text], ["failed", "file_gone", "half"]);
});

test("a text whose file cannot be sent goes without it, once and with its other files", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.box.add({ client_id: "x", conversation: "c1", text: "x", files: [file("id-a", "a"), file("", "b"), file("", "c")] });
  harness.box.sendWithout("x");
  assert.deepEqual(harness.states, ["x uploading"]);

  harness.box.missed("x", "file_unreadable", "b");
  harness.box.sendWithout("x");
  harness.box.sendWithout("x");
  assert.deepEqual([harness.states, harness.sent], [["x uploading"], []]);
  harness.box.uploaded("x", "c", file("id-c"));
  assert.deepEqual([harness.states, harness.sent], [["x in_flight"], ["c1:x"]]);
  assert.deepEqual(harness.box.entries.flatMap(fileIds), ["id-a", "id-c"]);
});

test("after a reload, and when the server refuses the files, the text can be sent without them", () => {
  const storage = new FakeStorage();
  const before = new OutboxHarness(storage);
  before.box.add({ client_id: "half", conversation: "c1", text: "half", files: [file("id-a"), file("", "b")] });
  const after = new OutboxHarness(storage);
  after.box.connected();
  after.box.sendWithout("half");
  assert.deepEqual(after.box.entries.flatMap(fileIds), ["id-a"]);

  after.box.reject({ client_id: "half", code: "file_gone" });
  after.box.sendWithout("half");
  assert.deepEqual(after.box.entries.flatMap(fileIds), []);
  assert.deepEqual([after.states, after.sent], [["half in_flight"], ["c1:half", "c1:half"]]);
});

test("a restored database may not hold what the other one acknowledged: it is sent again", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.write("two");
  harness.box.acknowledge({ client_id: "one", conversation: null });
  harness.box.disconnected();
  harness.sent.length = 0;

  harness.box.restored();
  harness.box.connected();
  harness.box.acknowledge({ client_id: "one", conversation: "c1" });

  assert.deepEqual(harness.sent, ["c1:one", "c1:two"]);
});

test("texts of a chat that is not there any more open another one, in order", () => {
  const harness = new OutboxHarness();
  harness.box.connected();
  harness.write("one");
  harness.write("two");
  harness.write("three", "c2");
  harness.sent.length = 0;

  harness.box.reopen("one");
  harness.box.reopen("one");
  assert.deepEqual(harness.sent, ["open:one"]);
  harness.box.acknowledge({ client_id: "one", conversation: "c2" });
  harness.box.acknowledge({ client_id: "two", conversation: "c2" });

  assert.deepEqual(harness.sent, ["open:one", "c2:two", "c2:three"]);
});
