/** Storage of a text that is not sent yet. */

import { isUuid, uuid } from "./identifiers.js";
import { MAX_KEPT } from "./storage.js";

/** @import { SafeStorage } from "./storage.js" */

/**
 * An unsent text, kept for its browser tab so that a reload does not lose it. A duplicated tab, or
 * one that is reopened, has a copy. So every version of the text has an id, which becomes the
 * `client_id` of its message: sent from both tabs, it is one message.
 */
export class Draft {
  key;
  #id;
  #storage;

  /** @param {SafeStorage} storage  of the tab @param {string} key */
  constructor(storage, key) {
    this.#storage = storage;
    this.key = key;
    this.#id = `${key}:id`;
  }

  get text() {
    return (this.#storage.get(this.key) ?? "").slice(0, MAX_KEPT);
  }

  /** @param {string} text */
  keep(text) {
    if (!text) return this.#remove();
    this.#storage.set(this.key, text);
    this.#storage.set(this.#id, uuid());
  }

  /**
   * Remove the draft, as its message is sent.
   * @param {string} text  of the message, without white space around it
   * @returns {string} the `client_id` of the message
   */
  take(text) {
    const id = this.#storage.get(this.#id) ?? "";
    const isUnchanged = text !== "" && this.text.trim() === text;
    this.#remove();
    return isUnchanged && isUuid(id) ? id : uuid();
  }

  /**
   * Remove the draft if one of the messages is it, sent from another tab.
   * @param {Iterable<{ client_id: string | null }>} messages
   * @returns {string} the removed text; "" if there was none
   */
  sent(messages) {
    const { text } = this;
    const id = text && this.#storage.get(this.#id);
    if (!id) return "";
    for (const { client_id } of messages) {
      if (client_id !== id) continue;
      this.#remove();
      return text;
    }
    return "";
  }

  #remove() {
    this.#storage.remove(this.key);
    this.#storage.remove(this.#id);
  }
}
