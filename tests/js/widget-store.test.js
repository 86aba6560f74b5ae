import assert from "node:assert/strict";
import { test } from "node:test";

import { apply, current, dismiss, isElsewhere, start, unread } from "../../static/livechat/widget/store.js";
import { CHANNEL, message, messages, publicConversation, seqs } from "./people.js";

/** @import { State } from "../../static/livechat/widget/store.js" */
/** @import { VisitorEvent, VisitorWelcome } from "../../static/livechat/shared/wire.d.ts" */

/** @param {Partial<VisitorWelcome>} [changes] @returns {VisitorWelcome} */
const welcome = (changes = {}) => ({
  type: "welcome", version: 1, epoch: "e1", token: "t", visitor: "v", channel: CHANNEL,
  conversation: publicConversation({ head: 2 }), messages: messages(1, 2), more: false,
  now: "2026-03-02T10:00:00Z", heartbeat_seconds: 20, ...changes,
});

const welcomed = () => apply(start(CHANNEL), welcome());

/** @param {State} state @param {...VisitorEvent} events */
const after = (state, ...events) => events.reduce(apply, state);

test("a welcome after a broken connection adds only what was missed", () => {
  const conversation = publicConversation({ head: 4, revision: 2 });

  const state = apply(welcomed(), welcome({ conversation, messages: messages(3, 4) }));

  assert.deepEqual(seqs(state.timeline), [1, 2, 3, 4]);
});

test("another epoch means a restored backup: what we knew is dropped", () => {
  const conversation = publicConversation({ head: 1 });

  const state = apply(welcomed(), welcome({ epoch: "e2", conversation, messages: messages(1, 1) }));

  assert.deepEqual(seqs(state.timeline), [1]);
});

test("a view with a lower revision is ignored", () => {
  const closed = publicConversation({ revision: 5, state: "closed" });
  const late = publicConversation({ revision: 4, state: "assigned" });

  const state = after(
    welcomed(),
    { type: "conversation.changed", conversation: closed },
    { type: "conversation.changed", conversation: late },
  );

  assert.equal(state.conversation?.state, "closed");
});

test("a new conversation, opened in another tab, begins with an empty log", () => {
  const conversation = publicConversation({ id: "c2", opened_at: "2026-03-03T10:00:00Z", head: 1 });

  const state = apply(welcomed(), { type: "conversation.changed", conversation });

  assert.equal(state.conversation?.id, "c2");
  assert.deepEqual(seqs(state.timeline), []);
});

test("late news of an older conversation do not bring it back", () => {
  const conversation = publicConversation({ id: "c0", revision: 9, opened_at: "2026-03-01T10:00:00Z" });

  const state = apply(welcomed(), { type: "conversation.changed", conversation });

  assert.equal(state.conversation?.id, "c1");
});

test("messages of another conversation do not appear in this one", () => {
  const state = apply(welcomed(), { type: "message.posted", conversation: "c9", message: message(3) });

  assert.deepEqual(seqs(state.timeline), [1, 2]);
});

test("marks only grow", () => {
  const conversation = publicConversation({ revision: 2, seen_by_staff: 1 });

  const state = after(
    welcomed(),
    { type: "messages.seen", conversation: "c1", by: "staff", up_to: 2 },
    { type: "messages.seen", conversation: "c1", by: "staff", up_to: 1 },
    { type: "conversation.changed", conversation },
  );

  assert.equal(state.conversation?.seen_by_staff, 2);
});

test("unread are the answers beyond one's mark, not one's own words", () => {
  const answer = message(3, { author: "operator" });
  const state = apply(welcomed(), { type: "message.posted", conversation: "c1", message: answer });

  assert.equal(unread(state), 1);

  const read = apply(state, { type: "messages.seen", conversation: "c1", by: "visitor", up_to: 3 });

  assert.equal(unread(read), 0);
});

test("an ended conversation can be put away; the next one is shown", () => {
  const state = dismiss(welcomed());
  assert.equal(current(state), null);

  const conversation = publicConversation({ id: "c2", opened_at: "2026-03-03T10:00:00Z" });
  const next = apply(state, { type: "conversation.changed", conversation });

  assert.equal(current(next)?.id, "c2");
});

test("a heartbeat reveals that the page shows the wrong conversation or an old view of it", () => {
  const state = welcomed();

  assert.equal(isElsewhere(state, { conversation: "c1", revision: 1 }), false);
  assert.equal(isElsewhere(state, { conversation: "c1", revision: 2 }), true);
  assert.equal(isElsewhere(state, { conversation: "c2", revision: 1 }), true);
});
