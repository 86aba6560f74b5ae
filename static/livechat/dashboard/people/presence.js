/** @import { Me, PresenceChanged, StaffColleague } from "../../shared/wire.d.ts" */

/** @typedef {"available" | "busy" | "invisible"} Choice */

/** What an operator chooses for himself, in the order of the menu. @type {readonly Choice[]} */
export const CHOICES = ["available", "busy", "invisible"];

/**
 * He chooses, comes back, or begins or ends a call; detail is {@link Chosen}.
 * @typedef {{ choice: Choice, in_call: boolean }} Chosen
 */
export const CHOSE = "presence:chose";

/** What commands about one's own status are about; others are about a conversation or a channel. */
export const OWN = "presence";

/** @param {Me} me @returns {Choice} a server of the version before only tells whether he accepts */
export function choiceOf(me) {
  return me.availability ?? (me.accepting ? "available" : "busy");
}

/** Whether he wants new chats and gets none, because he has touched nothing for half an hour. @param {Me} me */
export function isAway(me) {
  return me.id !== null && me.presence === "away" && choiceOf(me) === "available";
}

/** @param {Me} me @returns {Choice | "away"} how he is shown to himself */
export function standing(me) {
  return isAway(me) ? "away" : choiceOf(me);
}

/**
 * @param {string} client_id
 * @param {Chosen} chosen
 * @returns {import("../../shared/wire.d.ts").SetPresence}
 */
export function presenceSet(client_id, { choice, in_call }) {
  const accepting = choice === "available";
  // A server of the version before refuses what it does not know: it is told no more than it must be.
  const availability = choice === "invisible" ? { availability: choice } : {};
  return { type: "presence.set", client_id, accepting, in_call, ...availability };
}

/**
 * @param {Me} me
 * @param {PresenceChanged} event  about himself; he hears what his colleagues hear, too
 * @returns {Me}
 */
export function ownPresence(me, { accepting, availability, in_call, presence }) {
  return availability === null ? me : { ...me, accepting, availability, in_call, presence };
}

const ORDER = ["online", "busy", "away"];

/**
 * @param {Iterable<StaffColleague>} colleagues
 * @param {string} channel
 * @returns {StaffColleague[]} those who answer there and are not offline, first those who take chats
 */
export function teamOf(colleagues, channel) {
  const here = [...colleagues].filter(({ channels, presence }) => presence !== "offline" && channels.includes(channel));
  return here.sort((a, b) => ORDER.indexOf(a.presence) - ORDER.indexOf(b.presence) || a.name.localeCompare(b.name));
}
