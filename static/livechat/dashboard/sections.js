/** @import { StaffConversation } from "../shared/wire.d.ts" */

/** @typedef {"waiting" | "mine" | "team" | "closed"} Section */

/** @type {Section[]} */
export const SECTIONS = ["waiting", "mine", "team", "closed"];

/**
 * Sort conversations into the sections of the list. Who waits for us comes first, the longest
 * wait on top; then whatever happened last.
 * @param {Iterable<StaffConversation>} conversations
 * @param {string | null} me
 * @returns {Record<Section, StaffConversation[]>}
 */
export function sections(conversations, me) {
  /** @type {Record<Section, StaffConversation[]>} */
  const found = { waiting: [], mine: [], team: [], closed: [] };
  for (const conversation of conversations) found[sectionOf(conversation, me)].push(conversation);
  found.waiting.sort((one, other) => compare(waits(one), waits(other)));
  found.mine.sort(byNeed);
  found.team.sort(byNeed);
  found.closed.sort((one, other) => compare(other.closed_at ?? "", one.closed_at ?? ""));
  return found;
}

/** @param {StaffConversation} conversation @param {string | null} me @returns {Section} */
export function sectionOf(conversation, me) {
  if (conversation.state === "closed") return "closed";
  if (conversation.state === "queued") return "waiting";
  return conversation.operators.some(({ id }) => id === me) ? "mine" : "team";
}

/** @param {StaffConversation} one @param {StaffConversation} other */
function byNeed(one, other) {
  if (one.waiting_since && other.waiting_since) return compare(one.waiting_since, other.waiting_since);
  if (one.waiting_since || other.waiting_since) return one.waiting_since ? -1 : 1;
  return compare(other.last?.at ?? "", one.last?.at ?? "");
}

/** @param {StaffConversation} conversation */
function waits(conversation) {
  return conversation.waiting_since ?? conversation.opened_at;
}

/** Moments of the same form compare as text. @param {string} one @param {string} other */
function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}
