/** A new operator's first steps, and which of them are done. */

/** @import { BrowserPreferences } from "./browser-preferences.js" */
/** @import { State } from "./store.js" */

/** @typedef {"answers" | "introduced" | "sounds" | "embedded" | "chatted"} Step */

/** In the order shown; the last is a test conversation with oneself. @type {Step[]} */
export const STEPS = ["answers", "introduced", "sounds", "embedded", "chatted"];

/**
 * @param {State} state
 * @param {Pick<BrowserPreferences, "get">} preferences
 * @returns {Record<Step, boolean> | null} which steps are done; null when the list is hidden
 */
export function stepsOf({ loaded, me, steps }, preferences) {
  if (!loaded || !steps || me.id === null || preferences.get("dismissed")) return null;
  const done = { ...steps, sounds: preferences.get("heard") };
  return STEPS.every((step) => done[step]) ? null : done;
}
