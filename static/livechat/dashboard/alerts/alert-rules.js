/** Which conversations may cause a sound or a notification. */

import { sectionOf } from "../list/sections.js";
import { takesPart } from "../store.js";

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
    if (last.author === "visitor" && takesPart(state, conversation)) mine.set(id, last.seq);
    if (last.kind === "note" && last.author_id !== me.id && last.text.toLowerCase().includes(called)) {
      mentions.set(id, last.seq);
    }
  }
  return { waiting, mine, mentions };
}
