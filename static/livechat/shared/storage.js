/**
 * What we need of `localStorage`, working in memory where the browser forbids it: then a chat
 * lives as long as its page.
 */
export class SafeStorage {
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @type {Storage | null} */
  #storage;

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

  /** @param {string} prefix @returns {string[]} */
  keys(prefix) {
    const found = new Set(this.#memory.keys());
    for (let index = 0; index < (this.#storage?.length ?? 0); index += 1) {
      found.add(this.#storage?.key(index) ?? "");
    }
    return [...found].filter((key) => key.startsWith(prefix));
  }
}
