/** English texts of parts that are loaded later, and their style sheet. */

import { element } from "../shared/element.js";
import { extend, t as shared } from "../shared/texts.js";

/** @import { Key as SharedKey } from "../shared/texts.js" */

/** Texts of the parts that are loaded later. The languages are those of `languages/`. */
const ENGLISH = {
  "widget.busy": "High demand right now. Your message is sent automatically.",
  "widget.chatGone": "Your earlier chat is no longer available. You can start a new one.",
  "widget.end": "End chat",
  "widget.endConfirm": "End this chat?",
  "widget.noConnection": "The chat has no connection right now. You can keep writing: your messages are saved and sent automatically.",
  "widget.noStorage": "Your browser blocks storage. This chat is lost when you leave this page.",
  "widget.received": "Message received",
  "widget.saveFailed": "The transcript is not available right now. Please try again later.",
  "widget.savePage": "Download transcript (web page)",
  "widget.saveText": "Download transcript (text)",
  "widget.sizeLarge": "Large text",
  "widget.sizeLargest": "Very large text",
  "widget.sizeNormal": "Normal text",
  "widget.sound": "Sound",
  "widget.textSize": "Text size",
  "widget.tooFast": "You are sending messages very fast. Sending continues automatically in a moment.",
  "widget.waitingHint": "You can keep browsing or leave this page. Our reply will be here.",
};

/** @typedef {SharedKey | keyof typeof ENGLISH} Key */

extend(ENGLISH);

const sheet = element("link", { rel: "stylesheet", href: new URL("../css/widget-more.css", import.meta.url).href });
document.head.append(sheet);
// Wait for the style sheet, so that nothing is shown unstyled.
await new Promise((done) => (sheet.onload = sheet.onerror = done));

/** The shared `t`, with the texts of this part as well. */
export const t = /** @type {(key: Key, values?: Record<string, string | number>) => string} */ (shared);
