/**
 * Whether a person types on a real keyboard or on the screen, which no browser tells. Android's
 * keyboards on the screen report no `code`. Those of iOS may, but they report the press and the
 * release of a key together, when the finger leaves it, and have no modifier keys.
 */

/** A key that is held for less was not pressed by a finger. */
const HELD_MS = 20;
const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "CapsLock"]);

/**
 * `isReal`: whether the last key that says so was one of a real keyboard. `code` and `at`: the key
 * that was pressed last, and when.
 * @typedef {{ isReal: boolean, code: string, at: number }} KeyboardKind
 */

/** @type {KeyboardKind} until a key is pressed */
export const UNKNOWN = { isReal: false, code: "", at: 0 };

/**
 * Return what is known of the keyboard after one more event. Pure.
 * @param {KeyboardKind} known
 * @param {Pick<KeyboardEvent, "type" | "code" | "key" | "repeat" | "timeStamp">} event  keydown or keyup
 * @returns {KeyboardKind}
 */
export function learned(known, { type, code, key, repeat, timeStamp }) {
  if (!code || code === "Unidentified") return UNKNOWN;
  if (MODIFIERS.has(key)) return { ...known, isReal: true };
  if (type === "keydown") return repeat ? known : { ...known, code, at: timeStamp };
  if (code !== known.code) return known;
  return { isReal: timeStamp - known.at >= HELD_MS, code: "", at: 0 };
}
