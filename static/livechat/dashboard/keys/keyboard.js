/** Runs the action of a pressed key; `keys.js` says which one. */

import { meaningOf, stepped } from "./keys.js";

/** @import { InboxPage } from "../inbox-page.js" */
/** @import { Meaning } from "./keys.js" */

/**
 * Actions of the inbox that keys trigger.
 * @typedef {object} KeyActions
 * @property {() => string} selected  the shown conversation, "" for none
 * @property {(id: string) => void} open
 * @property {(id: string) => void} walk  shows it and focuses its row; "" does nothing
 * @property {() => void} leave  goes from the conversation back to the list
 * @property {(action: string) => void} act
 * @property {() => void} take  takes a waiting conversation, joins an assigned one
 * @property {() => void} closeAndNext
 * @property {(status: "need_help" | "waiting_for_customer") => void} toggle
 * @property {() => void} palette
 */

/**
 * The inbox's keyboard shortcuts. Single keys work outside of fields, if the profile allows them.
 */
export class Keyboard {
  #actions;
  #page;
  #singles;

  /**
   * @param {InboxPage} page
   * @param {boolean} singles  whether single keys are enabled
   * @param {KeyActions} actions
   */
  constructor(page, singles, actions) {
    this.#page = page;
    this.#singles = singles;
    this.#actions = actions;
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

  /**
   * Leave the field, then the conversation.
   * @param {HTMLElement} target
   * @param {boolean} writing
   */
  #escape(target, writing) {
    if (writing) target.blur();
    else if (this.#actions.selected()) this.#actions.leave();
    else return false;
    return true;
  }

  /** @param {Exclude<Meaning, "escape">} meaning */
  #mean(meaning) {
    const { act, closeAndNext, open, palette, take, toggle } = this.#actions;
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
    this.#actions.walk(stepped(list.ids, list.focused || this.#actions.selected(), by));
  }
}
