import { element } from "../shared/element.js";
import { extend, t as shared } from "../shared/texts.js";

/** @import { Key as SharedKey } from "../shared/texts.js" */

/** Texts of the parts that are loaded later. The languages are those of `languages/`. */
const ENGLISH = {
  "widget.busy": "Very many people are here. Your message goes out by itself.",
  "widget.down": "We cannot be reached at the moment. What you write is kept, and sent as soon as possible.",
  "widget.end": "End chat",
  "widget.endConfirm": "End this chat?",
  "widget.fast": "You are writing very fast. Sending goes on by itself.",
  "widget.leave": "You can leave this page or go on browsing; the answer will be here.",
  "widget.lost": "Your earlier chat can no longer be shown here. You can start a new one.",
  "widget.nobodyYet": "Your message is kept",
  "widget.notKept": "Your browser does not let us keep anything: this chat lasts as long as this page.",
  "widget.savePage": "Download transcript (web page)",
  "widget.saveText": "Download transcript (text)",
  "widget.sizeLarge": "Large text",
  "widget.sizeLargest": "Very large text",
  "widget.sizeNormal": "Normal text",
  "widget.sound": "Sound",
  "widget.textSize": "Text size",
  "widget.unsaved": "The transcript cannot be made at the moment. Please try again.",
};

/** @typedef {SharedKey | keyof typeof ENGLISH} Key */

extend(ENGLISH);

const sheet = element("link", { rel: "stylesheet", href: new URL("../css/widget-more.css", import.meta.url).href });
document.head.append(sheet);
// Wait for the style sheet, so that nothing is shown unstyled.
await new Promise((done) => (sheet.onload = sheet.onerror = done));

/** The shared `t`, with the texts of this part as well. */
export const t = /** @type {(key: Key, values?: Record<string, string | number>) => string} */ (shared);
