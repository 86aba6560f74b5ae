/** @import { BrowserPreferences } from "./browser-preferences.js" */
/** @import { State } from "./store.js" */

/** @typedef {"answers" | "introduced" | "sounds" | "embedded" | "chatted"} Step */

/** In the order in which they make sense: the last is a chat with oneself. @type {Step[]} */
export const STEPS = ["answers", "introduced", "sounds", "embedded", "chatted"];

/**
 * @param {State} state
 * @param {Pick<BrowserPreferences, "get">} preferences
 * @returns {Record<Step, boolean> | null} what is done; null when the list is not to be shown
 */
export function stepsOf({ loaded, me, steps }, preferences) {
  if (!loaded || !steps || me.id === null || preferences.get("dismissed")) return null;
  const done = { ...steps, sounds: preferences.get("heard") };
  return STEPS.every((step) => done[step]) ? null : done;
}
