import assert from "node:assert/strict";
import { test } from "node:test";

import { EndChat } from "../../static/livechat/widget/end-chat.js";

/** A request to end the chat, a connection that can be cut, and a manual clock. */
class EndChatHarness {
  connected = true;
  /** @type {string[]} */
  sent = [];
  /** @type {(() => void)[]} */
  later = [];
  #ids = 0;
  ending = new EndChat({
    send: (conversation, client_id) => this.connected && Boolean(this.sent.push(`${conversation}:${client_id}`)),
    changed: () => {},
    newId: () => `id-${(this.#ids += 1)}`,
    later: (callback) => this.later.push(callback),
  });
}

test("the wish goes out at once, and once", () => {
  const { ending, sent } = new EndChatHarness();

  ending.wish("c1");
  ending.move();

  assert.deepEqual(sent, ["c1:id-1"]);
  assert.equal(ending.stage, "wished");
});

test("without a connection the wish is kept, and goes out when there is one", () => {
  const harness = new EndChatHarness();
  harness.connected = false;
  harness.ending.wish("c1");
  assert.deepEqual([harness.sent, harness.ending.stage], [[], "wished"]);

  harness.connected = true;
  harness.ending.move();

  assert.deepEqual(harness.sent, ["c1:id-1"]);
});

test("an unanswered wish is repeated on the next connection, as the same one", () => {
  const { ending, sent } = new EndChatHarness();
  ending.wish("c1");

  ending.disconnected();
  ending.move();

  assert.deepEqual(sent, ["c1:id-1", "c1:id-1"]);
});

test("the wish is gone when the chat has ended, whether or not the visitor ended it", () => {
  const { ending } = new EndChatHarness();
  ending.wish("c1");

  ending.look("c1");
  assert.equal(ending.stage, "wished");
  ending.look(null);
  assert.equal(ending.stage, "");
});

test("a refusal is kept with its reason until it is put away", () => {
  const { ending } = new EndChatHarness();
  ending.wish("c1");

  ending.reject({ client_id: "of another command", code: "closed" });
  assert.equal(ending.stage, "wished");
  ending.reject({ client_id: "id-1", code: "forbidden" });
  assert.deepEqual([ending.stage, ending.code], ["refused", "forbidden"]);
  ending.withdraw();
  assert.equal(ending.stage, "");
});

test("a temporary refusal is followed by another attempt, unless the visitor stays", () => {
  const { ending, later, sent } = new EndChatHarness();
  ending.wish("c1");
  ending.reject({ client_id: "id-1", code: "rate_limited", retry_after: 1 });
  later[0]?.();
  assert.equal(sent.length, 2);

  ending.withdraw();
  later[0]?.();

  assert.equal(sent.length, 2);
});
