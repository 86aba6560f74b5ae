/** Characters of a text that are taken back from the storage; a message has half as many at most. */
export const MAX_KEPT = 16_000;

/**
 * What we need of `localStorage`, working in memory where the browser forbids it: then a chat
 * lives as long as its page.
 */
export class SafeStorage {
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @type {Storage | null} */
  #storage;

  /** @type {Storage | null} the storage that may not be used, for when it may again */
  #forbidden = null;

  /** @param {() => Storage} storage  a function, because merely naming a forbidden one throws */
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
      // Forbidden or full: this page still keeps it.
      this.#memory.set(key, value);
    }
  }

  /** @param {string} key */
  remove(key) {
    this.#memory.delete(key);
    this.#storage?.removeItem(key);
  }

  /** Keep what comes for this page alone, until `permit`. */
  hold() {
    this.#forbidden ??= this.#storage;
    this.#storage = null;
  }

  /** As `hold`, and delete what was kept under these prefixes. @param {string[]} prefixes */
  forbid(prefixes) {
    this.permit();
    for (const key of prefixes.flatMap((prefix) => this.keys(prefix))) {
      this.#memory.set(key, this.get(key) ?? "");
      this.#storage?.removeItem(key);
    }
    this.hold();
  }

  /** Keep what this page has, and what comes, beyond it. */
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
