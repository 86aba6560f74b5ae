import assert from "node:assert/strict";
import { test } from "node:test";

import { outbox, Shelf } from "./people.js";

test("what is written without a connection is sent in order when there is one", () => {
  const { box, sent, states, write } = outbox();

  write("one");
  write("two");
  assert.deepEqual(sent, []);
  assert.deepEqual(states(), ["one waiting", "two waiting"]);

  box.connected();
  assert.deepEqual(sent, ["c1:one", "c1:two"]);
});

test("at most five texts are in flight", () => {
  const { box, sent, write } = outbox();
  box.connected();

  for (const text of ["1", "2", "3", "4", "5", "6", "7"]) write(text);
  assert.equal(sent.length, 5);

  box.acknowledge({ client_id: "1", conversation: null });
  assert.deepEqual(sent.slice(5), ["c1:6"]);
});

test("after a broken connection the unacknowledged ones are sent again, in order, and no others", () => {
  const around = outbox();
  const { box, sent, write } = around;
  box.connected();
  write("one");
  write("two");
  write("three");
  box.acknowledge({ client_id: "one", conversation: null });

  box.disconnected();
  sent.length = 0;
  box.connected();

  assert.deepEqual(sent, ["c1:two", "c1:three"]);
});

test("texts that follow the first wait until it has opened the conversation", () => {
  const { box, sent, write } = outbox();
  box.connected();

  write("hello", null);
  write("is anybody there?", null);
  assert.deepEqual(sent, ["open:hello"]);

  box.acknowledge({ client_id: "hello", conversation: "c7" });
  assert.deepEqual(sent, ["open:hello", "c7:is anybody there?"]);
});

test("the opening text may arrive as a message before its ack", () => {
  const { box, sent, states, write } = outbox();
  box.connected();
  write("hello", null);
  write("again", null);

  box.arrived("c7", [{ client_id: "hello" }]);

  assert.deepEqual(sent, ["open:hello", "c7:again"]);
  assert.deepEqual(states(), ["again in_flight"]);
});

test("when the opening text is refused the next one opens", () => {
  const { box, sent, states, write } = outbox();
  box.connected();
  write("bad", null);
  write("good", null);

  box.reject({ client_id: "bad", code: "too_long" });

  assert.deepEqual(sent, ["open:bad", "open:good"]);
  assert.deepEqual(states(), ["bad failed", "good in_flight"]);
});

test("a refused text stays, says why, and does not hold up the others", () => {
  const { box, states, write } = outbox();
  box.connected();
  write("one");
  write("two");

  box.reject({ client_id: "one", code: "closed" });
  box.acknowledge({ client_id: "two", conversation: null });

  assert.deepEqual(states(), ["one failed", "two sent"]);
  assert.equal(box.entries[0].code, "closed");
});

test("too fast means later: the text waits by itself and keeps its place", () => {
  const around = outbox();
  const { box, sent, pass, states, write } = around;
  box.connected();
  write("one");

  box.reject({ client_id: "one", code: "rate_limited", retry_after: 2 });
  write("two");
  assert.deepEqual(sent, ["c1:one"]);
  assert.deepEqual(states(), ["one waiting", "two waiting"]);

  pass(2000);
  assert.deepEqual(sent, ["c1:one", "c1:one", "c1:two"]);
});

test("one slow conversation does not hold up another", () => {
  const { box, sent, write } = outbox();
  box.connected();
  write("one", "c1");
  box.reject({ client_id: "one", code: "unavailable" });

  write("other", "c2");

  assert.deepEqual(sent, ["c1:one", "c2:other"]);
});

test("retry sends a refused text once more with the same id", () => {
  const { box, sent, states, write } = outbox();
  box.connected();
  write("one");
  box.reject({ client_id: "one", code: "forbidden" });

  box.retry("one");

  assert.deepEqual(sent, ["c1:one", "c1:one"]);
  assert.deepEqual(states(), ["one in_flight"]);
});

test("an acknowledged text is shown until the timeline has it", () => {
  const { box, states, write } = outbox();
  box.connected();
  write("one");

  box.acknowledge({ client_id: "one", conversation: null });
  assert.deepEqual(states(), ["one sent"]);

  box.arrived("c1", [{ client_id: "one" }]);
  assert.deepEqual(states(), []);
});

test("a reload keeps what was not acknowledged, refused texts too", () => {
  const shelf = new Shelf();
  const before = outbox(shelf);
  before.box.connected();
  for (const text of ["stored", "in flight", "refused"]) {
    before.time += 1;
    before.write(text);
  }
  before.box.acknowledge({ client_id: "stored", conversation: null });
  before.box.reject({ client_id: "refused", code: "forbidden" });

  const after = outbox(shelf);
  after.box.connected();

  assert.deepEqual(after.states(), ["in flight in_flight", "refused failed"]);
  assert.deepEqual(after.sent, ["c1:in flight"]);
});

test("what is deleted is gone after a reload too", () => {
  const shelf = new Shelf();
  const { box, write } = outbox(shelf);
  write("never mind");

  box.remove("never mind");

  assert.deepEqual(outbox(shelf).states(), []);
});

test("texts of a lost identity open a new conversation", () => {
  const { box, sent, write } = outbox();
  write("one", "c-old");

  box.detach();
  box.connected();

  assert.deepEqual(sent, ["open:one"]);
});
