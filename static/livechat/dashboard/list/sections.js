/** Sections of the list, and the order of conversations in each. Pure. */

/** @import { StaffConversation } from "../../shared/wire.d.ts" */

/** @typedef {"waiting" | "mine" | "help" | "customer" | "bot" | "team" | "closed"} Section */

/** @type {Section[]} */
export const SECTIONS = ["waiting", "mine", "help", "customer", "bot", "team", "closed"];

/**
 * Sort conversations into the sections of the list. In a section, visitors who wait for a response
 * come first, the longest wait on top; then the newest entry. Closed ones: last closed first.
 * @param {Iterable<StaffConversation>} conversations
 * @param {string | null} me
 * @returns {Record<Section, StaffConversation[]>}
 */
export function sections(conversations, me) {
  /** @type {Record<Section, StaffConversation[]>} */
  const found = { waiting: [], mine: [], help: [], customer: [], bot: [], team: [], closed: [] };
  for (const conversation of conversations) found[sectionOf(conversation, me)].push(conversation);
  found.waiting.sort((one, other) => compare(waits(one), waits(other)));
  for (const name of /** @type {Section[]} */ (["mine", "help", "customer", "bot", "team"])) found[name].sort(byNeed);
  found.closed.sort((one, other) => compare(other.closed_at ?? "", one.closed_at ?? ""));
  return found;
}

/**
 * A conversation that needs help is under "mine" for its operators and under "help" for colleagues.
 * One that waits for the customer is under "customer" for its operators, under "team" for others.
 * @param {StaffConversation} conversation @param {string | null} me @returns {Section}
 */
export function sectionOf({ operators, state, status }, me) {
  if (state === "closed") return "closed";
  if (state === "queued") return "waiting";
  if (state === "bot") return "bot";
  const mine = operators.some(({ id }) => id === me);
  if (mine) return status === "waiting_for_customer" ? "customer" : "mine";
  return status === "need_help" ? "help" : "team";
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

/**
 * Compare ISO times as text, as all have the same form.
 * @param {string} one
 * @param {string} other
 */
function compare(one, other) {
  return one < other ? -1 : Number(one > other);
}
