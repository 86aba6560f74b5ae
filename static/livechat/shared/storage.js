/** The browser's storage, with memory in its place where it is forbidden. */

/** Longest text that is read back, in UTF-16 units: twice the characters of the longest message. */
export const MAX_KEPT = 16_000;

/**
 * The needed part of `localStorage`. Works in memory where the browser forbids storage: the chat
 * then lasts as long as its page.
 */
export class SafeStorage {
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @type {Storage | null} */
  #storage;

  /** @type {Storage | null} the storage while it must not be used; see `permit` */
  #forbidden = null;

  /** @param {() => Storage} storage  a function, because access to a forbidden one throws */
  constructor(storage) {
    try {
      this.#storage = storage();
      this.#storage.getItem("");
    } catch {
      this.#storage = null;
    }
  }

  /** @param {string} key @returns {string | null} */
  get(key) {
    return this.#memory.get(key) ?? this.#storage?.getItem(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  set(key, value) {
    try {
      if (!this.#storage) throw new Error("no storage");
      this.#storage.setItem(key, value);
      this.#memory.delete(key);
    } catch {
      // Storage is forbidden or full: keep the value for this page.
      this.#memory.set(key, value);
    }
  }

  /** @param {string} key */
  remove(key) {
    this.#memory.delete(key);
    this.#storage?.removeItem(key);
  }

  /** Use memory only, until `permit`. Safe to repeat. */
  hold() {
    this.#forbidden ??= this.#storage;
    this.#storage = null;
  }

  /** As `hold`; also move stored keys with these prefixes to memory. @param {string[]} prefixes */
  forbid(prefixes) {
    this.permit();
    for (const key of prefixes.flatMap((prefix) => this.keys(prefix))) {
      this.#memory.set(key, this.get(key) ?? "");
      this.#storage?.removeItem(key);
    }
    this.hold();
  }

  /** End `hold`: use the storage again, and move memory to it. Safe to repeat. */
  permit() {
    if (!this.#forbidden) return;
    this.#storage = this.#forbidden;
    this.#forbidden = null;
    for (const [key, value] of this.#memory) this.set(key, value);
  }

  /** @param {string} prefix @returns {string[]} */
  keys(prefix) {
    const found = new Set(this.#memory.keys());
    for (let index = 0; index < (this.#storage?.length ?? 0); index += 1) {
      found.add(this.#storage?.key(index) ?? "");
    }
    return [...found].filter((key) => key.startsWith(prefix));
  }
}
