/** @import { SafeStorage } from "../shared/storage.js" */

/** Who the visitor is on this channel: a signed token that the server gave, kept in the frame. */
export class Identity {
  #key;
  #storage;

  /** @param {SafeStorage} storage @param {string} channel */
  constructor(storage, channel) {
    this.#storage = storage;
    this.#key = `livechat:token:${channel}`;
  }

  get token() {
    return this.#storage.get(this.#key);
  }

  /** @param {string} token */
  keep(token) {
    if (token !== this.token) this.#storage.set(this.#key, token);
  }

  forget() {
    this.#storage.remove(this.#key);
  }
}
