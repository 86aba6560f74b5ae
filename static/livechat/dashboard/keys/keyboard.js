import { meaningOf, stepped } from "./keys.js";

/** @import { InboxPage } from "../inbox-page.js" */
/** @import { Meaning } from "./keys.js" */

/**
 * What the inbox does when it is told to.
 * @typedef {object} Deeds
 * @property {() => string} selected  the conversation that is shown, "" for none
 * @property {(id: string) => void} open
 * @property {(id: string) => void} walk  go to it by keys, the list keeping up; "" for none: nothing happens
 * @property {() => void} leave  the conversation, for the list
 * @property {(action: string) => void} act
 * @property {() => void} take  or join, whichever it is time for
 * @property {() => void} closeAndNext
 * @property {(status: "need_help" | "waiting_for_customer") => void} toggle
 * @property {() => void} palette
 */

/** The inbox's keys: single ones outside of fields, as one's profile allows. */
export class Keyboard {
  #deeds;
  #page;
  #singles;

  /** @param {InboxPage} page @param {boolean} singles  whether single keys are wanted @param {Deeds} deeds */
  constructor(page, singles, deeds) {
    this.#page = page;
    this.#singles = singles;
    this.#deeds = deeds;
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open], :popover-open")) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const writing = target.matches("input, textarea, select, [contenteditable]");
    const walking = target === document.body || Boolean(target.closest("conversation-list"));
    const meaning = meaningOf(event, { writing, walking, singles: this.#singles });
    if (!meaning) return;
    if (meaning === "escape") {
      if (!this.#escape(target, writing)) return;
    } else if (event.repeat && meaning !== "next" && meaning !== "previous") return;
    else this.#mean(meaning);
    event.preventDefault();
  }

  /** Leave the field, then the chat. @param {HTMLElement} target @param {boolean} writing */
  #escape(target, writing) {
    if (writing) target.blur();
    else if (this.#deeds.selected()) this.#deeds.leave();
    else return false;
    return true;
  }

  /** @param {Exclude<Meaning, "escape">} meaning */
  #mean(meaning) {
    const { act, closeAndNext, open, palette, take, toggle } = this.#deeds;
    switch (meaning) {
      case "palette":
        return palette();
      case "next":
        return this.#step(1);
      case "previous":
        return this.#step(-1);
      case "take":
        return take();
      case "close":
        return act("askToClose");
      case "closeNext":
        return closeAndNext();
      case "waiting":
        return toggle("waiting_for_customer");
      case "help":
        return toggle("need_help");
      case "note":
      case "reply":
      case "search":
      case "sheet":
        return act(meaning);
      default: {
        const id = this.#page.list.mine[Number(meaning.slice(4)) - 1];
        if (id) open(id);
      }
    }
  }

  /** @param {1 | -1} by */
  #step(by) {
    const { list } = this.#page;
    this.#deeds.walk(stepped(list.ids, list.focused || this.#deeds.selected(), by));
  }
}
