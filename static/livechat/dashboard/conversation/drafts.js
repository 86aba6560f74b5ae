/** Storage of the replies and notes that an operator has not sent. */

import { Draft } from "../../shared/draft.js";

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
  of(conversation, note) {
    return new Draft(this.#storage, `livechat:draft:${this.#user}:${conversation}${note ? ":note" : ""}`);
  }
}
