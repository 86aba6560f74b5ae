import assert from "node:assert/strict";
import { test } from "node:test";

import { named } from "../../static/livechat/widget/operator-names.js";
import { CHANNEL, message, person, publicConversation } from "./people.js";

/** @import { VisitorEvent } from "../../static/livechat/shared/wire.d.ts" */

const NOBODY = { ...person("Nobody"), name: "" };
const written = message(1, { author: "operator" });
const joined = message(2, { author: "system", kind: "system", line: { event: "joined", name: "" } });
const conversation = publicConversation({ operators: [NOBODY] });

/** @type {[VisitorEvent, number][]} */
const EVENTS = [
  [{
    type: "welcome", version: 1, epoch: "e1", token: "t", visitor: "v", more: false,
    channel: { ...CHANNEL, team: [NOBODY] }, conversation, messages: [written, joined],
    now: "2026-03-02T10:00:00Z", heartbeat_seconds: 20,
  }, 4],
  [{ type: "conversation.changed", conversation }, 1],
  [{ type: "message.posted", conversation: "c1", message: written }, 1],
  [{ type: "timeline.page", conversation: "c1", messages: [written, joined], head: 2, more: false }, 2],
  [{ type: "typing.changed", conversation: "c1", name: "", active: true }, 1],
];

test("an operator without a name has a word for one wherever visitors read a name", () => {
  for (const [event, names] of EVENTS) {
    assert.equal(JSON.stringify(named(event, "Mitarbeiter")).split("Mitarbeiter").length - 1, names, event.type);
  }
});

test("names stay, and so do visitors without one", () => {
  const anna = message(1, { author: "operator", author_name: "Anna" });
  const vera = message(2);

  for (const event of [anna, vera].map((said) => (
    /** @type {const} */ ({ type: "message.posted", conversation: "c1", message: said })
  ))) assert.deepEqual(named(event, "Operator"), event);
});
