/** Opens and closes the page's emoji picker above a composer. */

import { EmojiPicker } from "./emoji-picker.js";

/** @import { MessageComposer } from "./message-composer.js" */

const picker = new EmojiPicker();
/** @type {MessageComposer | null} that the picker writes into; null while the picker is closed */
let composer = null;
/** @type {HTMLButtonElement | null} */
let button = null;

/**
 * Open the picker above a composer, or close it if it is open.
 * @param {MessageComposer} writer @param {HTMLButtonElement} opener
 */
export function toggle(writer, opener) {
  if (composer) return close(true);
  composer = writer;
  button = opener;
  picker.storage = writer.storage;
  opener.ariaExpanded = "true";
  opener.before(picker);
  picker.focus({ preventScroll: true });
}

/** @param {boolean} returns  whether the focus returns to the text */
function close(returns) {
  const writer = composer;
  composer = null;
  if (button) button.ariaExpanded = "false";
  picker.remove();
  if (returns) writer?.focusText();
}

picker.addEventListener("emoji:close", () => close(true));
picker.addEventListener("emoji:pick", (event) => {
  const writer = composer;
  const emoji = /** @type {CustomEvent} */ (event).detail;
  close(true);
  writer?.insert(emoji);
});
document.addEventListener("pointerdown", (event) => {
  const path = event.composedPath();
  if (composer && !path.includes(picker) && button && !path.includes(button)) close(false);
});
// Close when the focus leaves the picker, as by Tab.
picker.addEventListener("focusout", (event) => {
  const to = /** @type {Node | null} */ (event.relatedTarget);
  if (composer && to && !picker.contains(to) && to !== button) close(false);
});
