/** Storage of the replies and notes that an operator has not sent. */

import { MAX_KEPT } from "../../shared/storage.js";

/** @import { SafeStorage } from "../../shared/storage.js" */

/** A user's unsent texts, one for each conversation and mode, kept until the tab closes. */
export class Drafts {
  #storage;
  #user;

  /**
   * @param {SafeStorage} storage
   * @param {string} user  the user's id, so that the next user of this tab does not see the drafts
   */
  constructor(storage, user) {
    this.#storage = storage;
    this.#user = user;
  }

  /** @param {string} conversation @param {boolean} note */
  get(conversation, note) {
    return (this.#storage.get(this.#key(conversation, note)) ?? "").slice(0, MAX_KEPT);
  }

  /** @param {string} conversation @param {boolean} note @param {string} text */
  keep(conversation, note, text) {
    if (text) this.#storage.set(this.#key(conversation, note), text);
    else this.#storage.remove(this.#key(conversation, note));
  }

  /** @param {string} conversation @param {boolean} note */
  #key(conversation, note) {
    return `livechat:draft:${this.#user}:${conversation}${note ? ":note" : ""}`;
  }
}
