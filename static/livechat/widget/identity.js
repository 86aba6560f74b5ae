/** Storage of the token that identifies a visitor. */

/** @import { SafeStorage } from "../shared/storage.js" */

/** Format of the server's tokens (`livechat/auth.py`), and the longest one that it reads. */
const TOKEN = /^[\w.:-]{1,512}$/;

/** The visitor's identity on this channel: the server's signed token, in the frame's storage. */
export class Identity {
  #key;
  #storage;

  /** @param {SafeStorage} storage @param {string} channel */
  constructor(storage, channel) {
    this.#storage = storage;
    this.#key = `livechat:token:${channel}`;
  }

  /** @returns {string | null} null also if it is invalid: the visitor then starts as a new one */
  get token() {
    const kept = this.#storage.get(this.#key);
    return kept && TOKEN.test(kept) ? kept : null;
  }

  /** @param {string} token */
  keep(token) {
    if (token !== this.token) this.#storage.set(this.#key, token);
  }

  forget() {
    this.#storage.remove(this.#key);
  }
}
