/** Rules for the status of operators: own choice, away, colleagues online. Pure. */

/** @import { Me, PresenceChanged, StaffColleague } from "../../shared/wire.d.ts" */

/** @typedef {"available" | "busy" | "invisible"} Choice */

/** The statuses that an operator can choose, in the order of the menu. @type {readonly Choice[]} */
export const CHOICES = ["available", "busy", "invisible"];

/**
 * The operator chose a status, came back, or began or ended a call; detail is {@link Chosen}.
 * @typedef {{ choice: Choice, in_call: boolean }} Chosen
 */
export const CHOSE = "presence:chose";

/**
 * The subject of commands about the operator's own status. Others name a conversation or channel.
 */
export const OWN = "presence";

/**
 * @param {Me} me
 * @returns {Choice} from `accepting` if a server of the previous version sent no `availability`
 */
export function choiceOf(me) {
  return me.availability ?? (me.accepting ? "available" : "busy");
}

/**
 * Return whether an available operator gets no new conversations, after half an hour without
 * activity.
 * @param {Me} me
 */
export function isAway(me) {
  return me.id !== null && me.presence === "away" && choiceOf(me) === "available";
}

/** @param {Me} me @returns {Choice | "away"} the status that the operator sees */
export function ownStatus(me) {
  return isAway(me) ? "away" : choiceOf(me);
}

/**
 * @param {string} client_id
 * @param {Chosen} chosen
 * @returns {import("../../shared/wire.d.ts").SetPresence}
 */
export function presenceSet(client_id, { choice, in_call }) {
  const accepting = choice === "available";
  // A server of the previous version rejects unknown fields: send `availability` only when needed.
  const availability = choice === "invisible" ? { availability: choice } : {};
  return { type: "presence.set", client_id, accepting, in_call, ...availability };
}

/**
 * @param {Me} me
 * @param {PresenceChanged} event  about the operator; the version for colleagues has no
 *   `availability` and changes nothing
 * @returns {Me}
 */
export function ownPresence(me, { accepting, availability, in_call, presence }) {
  return availability === null ? me : { ...me, accepting, availability, in_call, presence };
}

const ORDER = ["online", "busy", "away"];

/**
 * @param {Iterable<StaffColleague>} colleagues
 * @param {string} channel
 * @returns {StaffColleague[]} its operators who are not offline: online, busy, away; each by name
 */
export function teamOf(colleagues, channel) {
  const here = [...colleagues].filter(({ channels, presence }) => presence !== "offline" && channels.includes(channel));
  return here.sort((a, b) => ORDER.indexOf(a.presence) - ORDER.indexOf(b.presence) || a.name.localeCompare(b.name));
}
