/** Storage of the text that a visitor has not sent. */

import { MAX_KEPT, SafeStorage } from "../shared/storage.js";

/** The unsent text, kept for this browser tab so that a reload does not lose it. */
export class Draft {
  storage = new SafeStorage(() => sessionStorage);
  key;

  /** @param {string} channel */
  constructor(channel) {
    this.key = `livechat:draft:${channel}`;
  }

  get text() {
    return (this.storage.get(this.key) ?? "").slice(0, MAX_KEPT);
  }

  /** @param {string} text */
  keep(text) {
    if (text) this.storage.set(this.key, text);
    else this.storage.remove(this.key);
  }
}
