/** @import { Outgoing } from "./outbox.js" */
/** @import { SafeStorage } from "./storage.js" */

const LOCK = "livechat-tab-";

/**
 * Keeps one outbox in the browser's storage, an entry a key, so that two tabs never overwrite each
 * other. Each tab holds a lock while it lives; what a tab without its lock left is adopted.
 */
export class Drawer {
  /** @type {Set<string> | null} tabs that were alive when we last looked */
  #alive = null;
  /** @type {Promise<void> | null} */
  #locked = null;
  #adopted = false;
  #prefix;
  #storage;
  #tab;

  /** @param {SafeStorage} storage @param {string} name @param {string} tab */
  constructor(storage, name, tab) {
    this.#storage = storage;
    this.#prefix = `livechat:outbox:${name}:`;
    this.#tab = tab;
  }

  /** Hold our own lock and see which tabs hold theirs. To be called before every `adopt`. */
  async look() {
    if (!navigator.locks) return;
    this.#locked ??= new Promise((granted) => {
      const forLife = () => new Promise(() => granted());
      navigator.locks.request(LOCK + this.#tab, forLife).catch(() => granted());
    });
    await this.#locked;
    try {
      const { held = [] } = await navigator.locks.query();
      this.#alive = new Set(held.map((lock) => (lock.name ?? "").replace(LOCK, "")));
    } catch {
      // Locks are forbidden where storage is: in a frame of another site, if the visitor wants it so.
    }
  }

  /** @param {Outgoing} entry */
  put(entry) {
    this.#storage.set(this.#prefix + entry.client_id, JSON.stringify({ ...entry, tab: this.#tab }));
  }

  /** @param {string} client_id */
  remove(client_id) {
    this.#storage.remove(this.#prefix + client_id);
  }

  /**
   * Make the entries of dead tabs ours. Without Web Locks (plain http) nobody can tell: then all
   * are adopted, once; a double is harmless, for the server knows its `client_id`.
   * @returns {Outgoing[]}
   */
  adopt() {
    if (!this.#alive && this.#adopted) return [];
    this.#adopted = true;
    return this.#storage.keys(this.#prefix).flatMap((key) => this.#take(key));
  }

  /** @param {string} key @returns {Outgoing[]} */
  #take(key) {
    try {
      const { tab, ...entry } = JSON.parse(this.#storage.get(key) ?? "");
      if (tab === this.#tab || this.#alive?.has(tab)) return [];
      this.put(entry);
      return [entry];
    } catch {
      this.#storage.remove(key);
      return [];
    }
  }
}
