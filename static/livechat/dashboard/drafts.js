/** @import { SafeStorage } from "../shared/storage.js" */

/** Unsent texts, one for each conversation and mode, kept while this tab lives. */
export class Drafts {
  #storage;

  /** @param {SafeStorage} storage */
  constructor(storage) {
    this.#storage = storage;
  }

  /** @param {string} conversation @param {boolean} note */
  get(conversation, note) {
    return this.#storage.get(key(conversation, note)) ?? "";
  }

  /** @param {string} conversation @param {boolean} note @param {string} text */
  keep(conversation, note, text) {
    if (text) this.#storage.set(key(conversation, note), text);
    else this.#storage.remove(key(conversation, note));
  }
}

/** @param {string} conversation @param {boolean} note */
function key(conversation, note) {
  return `livechat:draft:${conversation}${note ? ":note" : ""}`;
}
