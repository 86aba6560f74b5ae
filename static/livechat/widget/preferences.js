/** What a visitor chooses in the widget's menu: sound and text size. */

/** @import { SafeStorage } from "../shared/storage.js" */

/**
 * The visitor's preferences in this browser. `size`: text size from 0 to 2.
 * @typedef {{ muted: boolean, size: number }} Choices
 */

const ZOOM = ["", "1.15", "1.3"];

/** Stores {@link Choices} and applies the text size. */
export class Preferences {
  /** @type {Choices} */
  chosen = { muted: false, size: 0 };

  #key;
  #storage;

  /** @param {SafeStorage} storage @param {string} channel */
  constructor(storage, channel) {
    this.#storage = storage;
    this.#key = `livechat:choices:${channel}`;
    try {
      this.#apply(JSON.parse(storage.get(this.#key) ?? "{}"));
    } catch {
      // The stored value is invalid: use the defaults.
    }
  }

  /** @param {Partial<Choices>} choice */
  choose(choice) {
    this.#apply(choice);
    this.#storage.set(this.#key, JSON.stringify(this.chosen));
  }

  /** @param {Partial<Choices>} choice */
  #apply({ muted = this.chosen.muted, size = this.chosen.size }) {
    this.chosen = { muted: Boolean(muted), size: Number.isInteger(size) && ZOOM[size] !== undefined ? size : 0 };
    document.documentElement.style.setProperty("zoom", ZOOM[this.chosen.size] ?? "");
  }
}
