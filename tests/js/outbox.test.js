import assert from "node:assert/strict";
import { test } from "node:test";

import { fileIds } from "../../static/livechat/shared/outbox.js";
import { Desk, Shelf } from "./people.js";

test("what is written without a connection is sent in order when there is one", () => {
  const desk = new Desk();

  desk.write("one");
  desk.write("two");
  assert.deepEqual(desk.sent, []);
  assert.deepEqual(desk.states, ["one waiting", "two waiting"]);

  desk.box.connected();
  assert.deepEqual(desk.sent, ["c1:one"]);
  desk.box.acknowledge({ client_id: "one", conversation: "c1" });
  assert.deepEqual(desk.sent, ["c1:one", "c1:two"]);
});

test("a text goes when the one before it has been answered", () => {
  const desk = new Desk();
  desk.box.connected();

  for (const text of ["one", "two", "three"]) desk.write(text);
  assert.deepEqual(desk.states, ["one in_flight", "two waiting", "three waiting"]);

  desk.box.acknowledge({ client_id: "one", conversation: "c1" });
  assert.deepEqual(desk.states, ["one sent", "two in_flight", "three waiting"]);
  desk.box.reject({ client_id: "two", code: "too_long" });
  assert.deepEqual(desk.states, ["one sent", "two failed", "three in_flight"]);
});

test("a text that knows the conversation does not pass one that was written before it was opened", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one", null);
  desk.write("two", null);
  // conversation.changed comes before the ack.
  desk.write("three", "c7");
  assert.deepEqual(desk.sent, ["open:one"]);

  for (const client_id of ["one", "two", "three"]) desk.box.acknowledge({ client_id, conversation: "c7" });
  assert.deepEqual(desk.sent, ["open:one", "c7:two", "c7:three"]);
});

test("after a broken connection the unacknowledged ones are sent again, in order, and no others", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.write("two");
  desk.write("three");
  desk.box.acknowledge({ client_id: "one", conversation: null });

  desk.box.disconnected();
  desk.sent.length = 0;
  desk.box.connected();

  assert.deepEqual(desk.sent, ["c1:two"]);
  desk.box.acknowledge({ client_id: "two", conversation: null });
  assert.deepEqual(desk.sent, ["c1:two", "c1:three"]);
});

test("texts that follow the first wait until it has opened the conversation", () => {
  const desk = new Desk();
  desk.box.connected();

  desk.write("hello", null);
  desk.write("is anybody there?", null);
  assert.deepEqual(desk.sent, ["open:hello"]);

  desk.box.acknowledge({ client_id: "hello", conversation: "c7" });
  assert.deepEqual(desk.sent, ["open:hello", "c7:is anybody there?"]);
});

test("the opening text may arrive as a message before its ack", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("hello", null);
  desk.write("again", null);

  desk.box.arrived("c7", [{ client_id: "hello" }]);

  assert.deepEqual(desk.sent, ["open:hello", "c7:again"]);
  assert.deepEqual(desk.states, ["again in_flight"]);
});

test("when the opening text is refused the next one opens", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("bad", null);
  desk.write("good", null);

  desk.box.reject({ client_id: "bad", code: "too_long" });

  assert.deepEqual(desk.sent, ["open:bad", "open:good"]);
  assert.deepEqual(desk.states, ["bad failed", "good in_flight"]);
});

test("a refused text stays, says why, and does not hold up the others", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.write("two");

  desk.box.reject({ client_id: "one", code: "closed" });
  desk.box.acknowledge({ client_id: "two", conversation: null });

  assert.deepEqual(desk.states, ["one failed", "two sent"]);
  assert.equal(desk.box.entries[0]?.code, "closed");
});

test("too fast means later: the text waits by itself and keeps its place", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");

  desk.box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });
  desk.write("two");
  assert.deepEqual(desk.sent, ["c1:one"]);
  assert.deepEqual(desk.states, ["one waiting", "two waiting"]);

  desk.pass(2000);
  assert.deepEqual(desk.sent, ["c1:one", "c1:one"]);
  desk.box.acknowledge({ client_id: "one", conversation: "c1" });
  assert.deepEqual(desk.sent, ["c1:one", "c1:one", "c1:two"]);
});

test("a text waits no longer than it was told, whatever the clock of the page does", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });

  desk.skew = -5000;
  desk.pass(2000);

  assert.deepEqual(desk.sent, ["c1:one", "c1:one"]);
});

test("after a reload a text that was to wait waits for nothing", () => {
  const shelf = new Shelf();
  const before = new Desk(shelf);
  before.box.connected();
  before.write("one");
  before.box.reject({ client_id: "one", code: "rate_limited", retry_after: 600 });

  const after = new Desk(shelf);
  after.box.connected();

  assert.deepEqual(after.sent, ["c1:one"]);
});

test("what was written in one instant, or before the clock was set back, keeps its order after a reload", () => {
  const shelf = new Shelf();
  const before = new Desk(shelf);
  for (const text of ["3", "2", "1"]) before.write(text);
  before.skew = -60_000;
  before.write("0");
  shelf.shuffle();

  assert.deepEqual(new Desk(shelf).states, ["3 waiting", "2 waiting", "1 waiting", "0 waiting"]);
});

test("one slow conversation of an operator does not hold up another", () => {
  const desk = new Desk(new Shelf(), ({ conversation }) => conversation ?? "");
  desk.box.connected();
  desk.write("one", "c1");
  desk.box.reject({ client_id: "one", code: "unavailable" });

  desk.write("other", "c2");

  assert.deepEqual(desk.sent, ["c1:one", "c2:other"]);
});

test("a refusal of a repetition says nothing of the text, which is stored", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.box.acknowledge({ client_id: "one", conversation: "c1" });

  desk.box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });
  desk.box.reject({ client_id: "one", code: "closed" });

  assert.deepEqual(desk.states, ["one sent"]);
});

test("a text that is tried again goes behind those that were written meanwhile", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.box.reject({ client_id: "one", code: "forbidden" });
  desk.write("two");
  desk.write("three");

  desk.box.retry("one");

  assert.deepEqual(desk.states, ["two in_flight", "three waiting", "one waiting"]);
});

test("retry sends a refused text once more with the same id", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.box.reject({ client_id: "one", code: "forbidden" });

  desk.box.retry("one");

  assert.deepEqual(desk.sent, ["c1:one", "c1:one"]);
  assert.deepEqual(desk.states, ["one in_flight"]);
});

test("an acknowledged text is shown until the timeline has it", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");

  desk.box.acknowledge({ client_id: "one", conversation: null });
  assert.deepEqual(desk.states, ["one sent"]);

  desk.box.arrived("c1", [{ client_id: "one" }]);
  assert.deepEqual(desk.states, []);
});

test("a reload keeps what was not acknowledged, refused texts too", () => {
  const shelf = new Shelf();
  const before = new Desk(shelf);
  before.box.connected();
  for (const text of ["stored", "refused", "in flight"]) before.write(text);
  before.box.acknowledge({ client_id: "stored", conversation: null });
  before.box.reject({ client_id: "refused", code: "forbidden" });

  const after = new Desk(shelf);
  after.box.connected();

  assert.deepEqual(after.states, ["refused failed", "in flight in_flight"]);
  assert.deepEqual(after.sent, ["c1:in flight"]);
});

test("what is deleted is gone after a reload too", () => {
  const shelf = new Shelf();
  const desk = new Desk(shelf);
  desk.write("never mind");

  desk.box.remove("never mind");

  assert.deepEqual(new Desk(shelf).states, []);
});

test("texts of a lost identity open a new conversation", () => {
  const desk = new Desk();
  desk.write("one", "c-old");

  desk.box.detach();
  desk.box.connected();

  assert.deepEqual(desk.sent, ["open:one"]);
});

test("a refusal that names no text sends all that were in flight again", () => {
  const desk = new Desk(new Shelf(), ({ conversation }) => conversation ?? "");
  desk.box.connected();
  desk.write("one", "c1");
  desk.write("two", "c2");

  desk.box.reject({ code: "rate_limited", retry_after: 2 });
  assert.deepEqual(desk.states, ["one waiting", "two waiting"]);

  desk.sent.length = 0;
  desk.pass(2000);
  assert.deepEqual(desk.sent, ["c1:one", "c2:two"]);
});

/** @param {string} id @param {string} [key] */
const file = (id, key = "k") => ({
  id, key, name: "tea.png", content_type: "image/png", family: /** @type {"image"} */ ("image"), size: 7,
  width: 1, height: 1, url: "", thumbnail: "",
});

test("a text waits for its files, later ones wait for it, and it is sent once", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.box.add({ client_id: "slow", conversation: "c1", text: "slow", files: [file("", "a"), file("", "b")] });
  desk.write("quick");
  assert.deepEqual(desk.sent, []);
  assert.ok(desk.box.isBusy);

  desk.box.uploaded("slow", "a", file("id-a"));
  assert.deepEqual(desk.sent, []);
  desk.box.uploaded("slow", "b", file("id-b"));
  assert.deepEqual(desk.sent, ["c1:slow"]);
  assert.deepEqual(fileIds(desk.box.entries[0] ?? assert.fail()), ["id-a", "id-b"]);
  desk.box.acknowledge({ client_id: "slow", conversation: "c1" });
  assert.deepEqual(desk.sent, ["c1:slow", "c1:quick"]);
});

test("a text whose file does not arrive holds up no other, and goes when it has arrived after all", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.box.add({ client_id: "slow", conversation: "c1", text: "slow", files: [file("", "a")] });
  desk.write("quick");

  desk.box.missed("slow", "upload");
  assert.deepEqual(desk.states, ["slow failed", "quick in_flight"]);
  desk.box.uploaded("slow", "a", file("id-a"));
  assert.deepEqual(desk.states, ["quick in_flight", "slow waiting"]);
});

test("without a connection a file that does not arrive keeps its text in its place", () => {
  const desk = new Desk();
  desk.box.add({ client_id: "slow", conversation: "c1", text: "slow", files: [file("", "a")] });
  desk.write("quick");

  desk.box.missed("slow", "upload");
  desk.box.connected();
  desk.box.uploaded("slow", "a", file("id-a"));

  assert.deepEqual(desk.states, ["slow in_flight", "quick waiting"]);
});

test("a text whose file was refused is not sent, and may be tried again", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.box.add({ client_id: "x", conversation: "c1", text: "x", files: [file("", "a")] });
  desk.box.reject({ client_id: "x", code: "file_type" });
  assert.deepEqual(desk.states, ["x failed"]);

  desk.box.retry("x");
  assert.deepEqual([desk.states, desk.sent], [["x uploading"], []]);
});

test("what is written while the first text still uploads opens the conversation for both", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.box.add({ client_id: "first", conversation: null, text: "first", files: [file("", "a")] });
  desk.write("second", null);
  desk.box.uploaded("first", "a", file("id-a"));
  desk.box.acknowledge({ client_id: "first", conversation: "c9" });

  assert.deepEqual(desk.sent, ["open:first", "c9:second"]);
});

test("after a reload files that had arrived are sent with their text; the others are gone", () => {
  const shelf = new Shelf();
  const before = new Desk(shelf);
  before.box.add({ client_id: "whole", conversation: "c1", text: "whole", files: [file("id-a")] });
  before.box.add({ client_id: "half", conversation: "c1", text: "half", files: [file("id-a"), file("", "b")] });

  const after = new Desk(shelf);
  after.box.connected();
  assert.deepEqual(after.sent, ["c1:whole"]);
  const half = after.box.entries.find(({ client_id }) => client_id === "half");
  assert.deepEqual([half?.state, half?.code, half?.text], ["failed", "file_gone", "half"]);
});

test("a restored database may not hold what the other one acknowledged: it is sent again", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.write("two");
  desk.box.acknowledge({ client_id: "one", conversation: null });
  desk.box.disconnected();
  desk.sent.length = 0;

  desk.box.restored();
  desk.box.connected();
  desk.box.acknowledge({ client_id: "one", conversation: "c1" });

  assert.deepEqual(desk.sent, ["c1:one", "c1:two"]);
});

test("texts of a chat that is not there any more open another one, in order", () => {
  const desk = new Desk();
  desk.box.connected();
  desk.write("one");
  desk.write("two");
  desk.write("three", "c2");
  desk.sent.length = 0;

  desk.box.reopen("one");
  desk.box.reopen("one");
  assert.deepEqual(desk.sent, ["open:one"]);
  desk.box.acknowledge({ client_id: "one", conversation: "c2" });
  desk.box.acknowledge({ client_id: "two", conversation: "c2" });

  assert.deepEqual(desk.sent, ["open:one", "c2:two", "c2:three"]);
});
