/** @import { SafeStorage } from "../shared/storage.js" */

/** How the server writes a token (`livechat/auth.py`); it reads no longer one. */
const TOKEN = /^[\w.:-]{1,512}$/;

/** Who the visitor is on this channel: a signed token that the server gave, kept in the frame. */
export class Identity {
  #key;
  #storage;

  /** @param {SafeStorage} storage @param {string} channel */
  constructor(storage, channel) {
    this.#storage = storage;
    this.#key = `livechat:token:${channel}`;
  }

  /** @returns {string | null} null also for what is none: then the visitor begins anew */
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
