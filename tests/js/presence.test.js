import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceOf, isAway, ownStatus, presenceSet, teamOf } from "../../static/livechat/dashboard/people/presence.js";
import { apply, start } from "../../static/livechat/dashboard/store.js";
import { me, person } from "./people.js";

/** @import { InboxSnapshot, PresenceChanged, StaffColleague } from "../../static/livechat/shared/wire.d.ts" */

/** @param {string} name @param {Partial<StaffColleague>} [changes] @returns {StaffColleague} */
const colleague = (name, changes = {}) => ({
  ...person(name), presence: "online", in_call: false, channels: ["ch1"], ...changes,
});

/** @param {Partial<PresenceChanged>} changes @returns {PresenceChanged} */
const changed = (changes) => ({
  type: "presence.changed", operator: "anna", name: "Anna", accepting: true, in_call: false, presence: "online",
  availability: null, ...changes,
});

/** @param {StaffColleague[]} colleagues @param {number} [part] @param {number} [parts] @returns {InboxSnapshot} */
const snapshot = (colleagues, part = 1, parts = 1) => ({
  type: "inbox.snapshot", me: me(), channels: [], conversations: [], seen: {}, digest: "",
  steps: { answers: true, introduced: true, embedded: true, chatted: true }, colleagues, part, parts,
});

/** @param {...StaffColleague} colleagues */
const inbox = (...colleagues) => apply(start("Anna"), snapshot(colleagues));

test("an operator sees the chosen availability, and *Away* without having chosen it", () => {
  assert.equal(ownStatus(me()), "available");
  assert.equal(ownStatus(me({ presence: "away" })), "away");
  assert.equal(ownStatus(me({ presence: "offline", accepting: false, availability: "invisible" })), "invisible");
  assert.equal(ownStatus(me({ presence: "busy", accepting: false, availability: "busy" })), "busy");
  assert.equal(isAway(me({ presence: "away", id: null })), false);
});

test("a server of the previous version sends only `accepting`, and that is understood", () => {
  const old = /** @type {any} */ (changed({ accepting: false, presence: "away" }));
  delete old.availability;

  const state = apply(inbox(), old);

  assert.deepEqual([choiceOf(state.me), isAway(state.me)], ["busy", false]);
  assert.equal(choiceOf(apply(state, { ...old, accepting: true, presence: "online" }).me), "available");
});

test("a server of the previous version gets only fields that it knows: it refuses others", () => {
  const sent = (/** @type {any} */ choice) => presenceSet("1", { choice, in_call: true });
  const command = { type: "presence.set", client_id: "1", in_call: true };

  assert.deepEqual(sent("available"), { ...command, accepting: true });
  assert.deepEqual(sent("busy"), { ...command, accepting: false });
  assert.deepEqual(sent("invisible"), { ...command, accepting: false, availability: "invisible" });
});

test("of the two frames about the operator's own presence, the personal one counts", () => {
  const own = changed({ accepting: false, in_call: true, presence: "offline", availability: "invisible" });
  const others = changed({ accepting: false, presence: "offline" });

  for (const frames of [[others, own], [own, others]]) {
    const state = frames.reduce(apply, inbox());
    assert.deepEqual([state.me.availability, state.me.in_call], ["invisible", true]);
  }
});

test("colleagues change, unknown ones come with the next inbox, and an old server sends none", () => {
  const state = inbox(colleague("Ben"));

  const busy = apply(state, changed({ operator: "ben", name: "Benny", presence: "busy", in_call: true }));
  const unknown = apply(state, changed({ operator: "carl", name: "Carl" }));

  assert.deepEqual(busy.colleagues.get("ben"), colleague("Ben", { name: "Benny", presence: "busy", in_call: true }));
  assert.equal(unknown, state);
  const old = /** @type {any} */ (snapshot([]));
  delete old.colleagues;
  assert.equal(apply(state, old).colleagues.size, 0);
});

test("colleagues come in parts, as conversations do", () => {
  const state = [snapshot([colleague("Ben")], 1, 2), snapshot([colleague("Carl")], 2, 2)].reduce(apply, start("Anna"));

  assert.deepEqual([...state.colleagues.keys()], ["ben", "carl"]);
});

test("a channel's team are its operators who are not offline, those who take chats first", () => {
  const team = teamOf([
    colleague("Zoe", { presence: "away" }), colleague("Carl", { presence: "busy" }), colleague("Ben"),
    colleague("Dora", { presence: "offline" }), colleague("Emil", { channels: ["ch2"] }), colleague("Alma"),
  ], "ch1");

  assert.deepEqual(team.map(({ name }) => name), ["Alma", "Ben", "Carl", "Zoe"]);
});
