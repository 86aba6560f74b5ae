/** Where unsent messages survive a reload or a closed tab. */

import { isUuid } from "./identifiers.js";
import { MAX_KEPT } from "./storage.js";

/** @import { Outgoing } from "./outbox.js" */
/** @import { SafeStorage } from "./storage.js" */

const LOCK = "livechat-tab-";
const STATES = ["uploading", "waiting", "in_flight", "failed"];
const FAMILIES = ["image", "audio", "video", "document", "archive"];

/**
 * Stores one outbox in the browser's storage, one key per message, so that two tabs never overwrite
 * each other. Each tab holds a lock while it is open. Messages of a tab without its lock are
 * adopted.
 */
export class OutboxStorage {
  /** @type {Set<string> | null} tabs that held their lock at the last `look` */
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

  /** Take this tab's lock and list the tabs that hold theirs. Call before every `adopt`. */
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
      // Locks are forbidden wherever storage is, as some browsers do in a frame of another site.
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
   * Take over and return the messages of closed tabs. Without Web Locks (plain http) closed tabs
   * are not known: the first call takes all other tabs' messages, later calls none. A message that
   * two tabs send is harmless, because the server recognises its `client_id`.
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
      const { tab, ...kept } = JSON.parse(this.#storage.get(key) ?? "");
      if (!isEntry(kept) || key !== this.#prefix + kept.client_id) throw new TypeError("damaged");
      if (tab === this.#tab || this.#alive?.has(tab)) return [];
      this.put(kept);
      return [kept];
    } catch {
      this.#storage.remove(key);
      return [];
    }
  }
}

/**
 * Whether a stored value can be sent and shown; a browser's storage may contain anything.
 * @param {any} kept @returns {kept is Outgoing}
 */
function isEntry(kept) {
  const { client_id, conversation, text, internal, at, files = [], state, code } = kept;
  return isUuid(client_id) && (conversation === null || isUuid(conversation))
    && typeof text === "string" && text.length <= MAX_KEPT
    && typeof internal === "boolean" && typeof at === "string" && !Number.isNaN(Date.parse(at))
    && Array.isArray(files) && files.every(isFile) && STATES.includes(state) && typeof code === "string";
}

/** @param {any} file */
function isFile(file) {
  return (file?.id === "" || isUuid(file?.id)) && FAMILIES.includes(file.family)
    && [file.name, file.content_type, file.url, file.thumbnail].every((value) => typeof value === "string")
    && [file.size, file.width, file.height].every(Number.isFinite);
}
