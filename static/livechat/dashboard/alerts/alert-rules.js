/** Which conversations may cause a sound or a notification. */

import { sectionOf } from "../list/sections.js";
import { takesPart } from "../store.js";

/** @import { Sound } from "../../shared/sounds.js" */
/** @import { Situation } from "./alarm.js" */
/** @import { State } from "../store.js" */

/**
 * Return what may ring or notify in this state of the inbox. Pure.
 * @param {State} state
 * @returns {Pick<Situation, "waiting" | "mine" | "mentions">}
 */
export function situationOf(state) {
  const { channels, conversations, me } = state;
  const answers = new Set(me.accepting ? channels.filter(({ joined }) => joined).map(({ id }) => id) : []);
  const called = `@${me.name}`.toLowerCase();
  /** @type {string[]} */
  const waiting = [];
  /** @type {Map<string, number>} */
  const mine = new Map();
  /** @type {Map<string, number>} */
  const mentions = new Map();
  for (const conversation of conversations.values()) {
    const { id, last } = conversation;
    const section = sectionOf(conversation, me.id);
    if (section === "waiting" && answers.has(conversation.channel)) waiting.push(id);
    if (!last || section === "closed" || me.id === null) continue;
    // The first message of a new chat comes together with the line that says who was assigned.
    const given = last.line?.event === "assigned" && conversation.operator?.id === me.id;
    if (given || (last.author === "visitor" && takesPart(state, conversation))) mine.set(id, last.seq);
    if (last.kind === "note" && last.author_id !== me.id && last.text.toLowerCase().includes(called)) {
      mentions.set(id, last.seq);
    }
  }
  return { waiting, mine, mentions };
}

/**
 * Return whether a notification has nothing to tell any more: the conversation no longer waits, was
 * read, or is closed. Pure.
 * @param {Sound} kind @param {string} conversation
 * @param {Pick<Situation, "waiting" | "mine" | "mentions">} situation
 * @param {number} seen  seq up to which the operator has read
 */
export function isOver(kind, conversation, { waiting, mine, mentions }, seen) {
  if (kind === "waiting") return ![...waiting].includes(conversation);
  const newest = (kind === "message" ? mine : mentions).get(conversation);
  return newest === undefined || newest <= seen;
}
