/** Map key presses to actions of the inbox. Pure. */

/** @import { Key } from "../texts.js" */

/**
 * The fields of a `KeyboardEvent` that matter.
 * @typedef {Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">} Press
 *
 * @typedef {"palette" | "next" | "previous" | "reply" | "note" | "take" | "close" | "closeNext" | "waiting"
 *   | "help" | "search" | "sheet" | "escape" | `chat${number}`} Meaning
 */

/** @type {Record<string, Meaning>} */
const SINGLE = {
  j: "next", k: "previous", r: "reply", n: "note", i: "take", e: "close", z: "waiting", h: "help",
  "/": "search", "?": "sheet",
};

/**
 * @param {Press} press
 * @param {{ writing: boolean, walking: boolean, singles: boolean }} where  `writing`: in a field;
 *   `walking`: where arrow keys step through conversations; `singles`: whether single keys are on
 * @returns {Meaning | null}
 */
export function meaningOf({ key, code, ctrlKey, metaKey, altKey, shiftKey }, { writing, walking, singles }) {
  const letter = latin(key, code);
  if ((ctrlKey || metaKey) && !altKey && !shiftKey && letter === "k") return "palette";
  if (altKey && !ctrlKey && !metaKey && !shiftKey && /^Digit[1-9]$/.test(code)) return `chat${Number(code.slice(5))}`;
  if (ctrlKey || metaKey || altKey) return null;
  if (key === "Escape") return "escape";
  if (walking && !shiftKey && key === "ArrowDown") return "next";
  if (walking && !shiftKey && key === "ArrowUp") return "previous";
  if (writing || !singles) return null;
  if (letter === "e" && shiftKey) return "closeNext";
  // Only letters must be without Shift: some layouts need it for "/".
  if (shiftKey && /[a-z]/.test(letter)) return null;
  return SINGLE[letter] ?? null;
}

/**
 * Return the key's letter on a Latin keyboard, so that J also works on an Arabic one.
 * @param {string} key
 * @param {string} code
 */
function latin(key, code) {
  if (key.length === 1 && key <= "~") return key.toLowerCase();
  return /^Key[A-Z]$/.test(code) ? code.slice(3).toLowerCase() : "";
}

/**
 * The cheat sheet: groups of actions and their keys. Each item of `ways` is a key combination;
 * ["9"] ends a range.
 * "Mod" is Ctrl, or ⌘ on a Mac.
 * @type {{ title: Key, keys: { label: Key, ways: string[][], single?: true }[] }[]}
 */
export const SHEET = [
  {
    title: "keys.groupEverywhere",
    keys: [
      { label: "keys.palette", ways: [["Mod", "K"]] },
      { label: "keys.next", ways: [["J"], ["↓"]], single: true },
      { label: "keys.previous", ways: [["K"], ["↑"]], single: true },
      { label: "keys.chat", ways: [["Alt", "1"], ["9"]] },
      { label: "keys.search", ways: [["/"]], single: true },
      { label: "keys.title", ways: [["?"]], single: true },
      { label: "keys.escape", ways: [["Esc"]] },
    ],
  },
  {
    title: "keys.groupChat",
    keys: [
      { label: "keys.take", ways: [["I"]], single: true },
      { label: "keys.reply", ways: [["R"]], single: true },
      { label: "keys.note", ways: [["N"]], single: true },
      { label: "keys.help", ways: [["H"]], single: true },
      { label: "keys.waiting", ways: [["Z"]], single: true },
      { label: "keys.close", ways: [["E"]], single: true },
      { label: "keys.closeNext", ways: [["Shift", "E"]], single: true },
    ],
  },
  {
    title: "keys.groupWriting",
    keys: [
      { label: "keys.send", ways: [["Mod", "Enter"]] },
      { label: "keys.sendClose", ways: [["Mod", "Shift", "Enter"]] },
      { label: "canned.title", ways: [[":"]] },
    ],
  },
];

/** @returns {string} the name of "Mod" on this computer */
export function mod() {
  return /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "") ? "⌘" : "Ctrl";
}

/**
 * @param {string[]} ids  in the order of the list
 * @param {string} here
 * @param {1 | -1} by
 * @returns {string} the id beside `here`; the first or last if `here` is unknown; "" at the end
 */
export function stepped(ids, here, by) {
  const index = ids.indexOf(here);
  if (index < 0) return (by > 0 ? ids[0] : ids.at(-1)) ?? "";
  return ids[index + by] ?? "";
}
