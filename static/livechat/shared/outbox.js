const RETRY_SECONDS = 5;

/** Refusals that time alone may cure. */
const PASSING = new Set(["rate_limited", "unavailable"]);

/** Why a text failed whose file may still arrive. */
const MISSED = "upload";

/** @import { File as Stored } from "./wire.d.ts" */

/**
 * A file of a text on its way; `id` is "" until it has arrived at the server.
 * @typedef {Stored & { key?: string }} Attached
 *
 * A text on its way. `conversation` is null while it waits for, or is, the text that opens one.
 * @typedef {object} Outgoing
 * @property {string} client_id
 * @property {string | null} conversation
 * @property {string} text
 * @property {boolean} internal
 * @property {string} at  when it was written, RFC 3339
 * @property {Attached[]} [files]
 * @property {"uploading" | "waiting" | "in_flight" | "sent" | "failed"} state
 * @property {string} code  why it failed
 *
 * @typedef {object} Keeper
 * @property {(entry: Outgoing) => void} put
 * @property {(client_id: string) => void} remove
 * @property {() => Outgoing[]} adopt
 *
 * @typedef {object} Surroundings
 * @property {(entry: Outgoing) => boolean} send  false when there is no connection
 * @property {(entry: Outgoing) => string} line  texts of one line are stored in the order of writing
 * @property {() => void} changed
 * @property {Keeper} outboxStorage  where entries survive a reload
 * @property {() => number} now
 * @property {(callback: () => void, milliseconds: number) => void} later
 */

/**
 * What was written and is not known to be stored. A text is sent when the one before it in its line
 * has been answered, and again after every new connection with the same `client_id`, until the server
 * acknowledges or refuses it. A text that is refused for a while, or whose files are still on their
 * way, holds those behind it; one that is refused for good leaves the line.
 */
export class Outbox {
  /** @type {Outgoing[]} */
  entries = [];

  #connected = false;
  /** When the last text was written, so that no two have the same moment. Milliseconds. */
  #writtenAt = 0;
  /** Texts that the server has refused for a while, by `client_id`. @type {Set<string>} */
  #resting = new Set();
  #around;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#around = surroundings;
  }

  /** Take over what an earlier page, or a closed tab, left unsent. */
  adopt() {
    const known = new Set(this.entries.map((entry) => entry.client_id));
    const found = this.#around.outboxStorage.adopt().filter((entry) => !known.has(entry.client_id));
    if (!found.length) return;
    this.entries.push(...found.map(orphaned));
    this.entries.sort((one, other) => (one.at < other.at ? -1 : Number(one.at > other.at)));
    this.#writtenAt = Math.max(this.#writtenAt, Date.parse(this.entries.at(-1)?.at ?? "") || 0);
    this.#moved();
  }

  /** @param {Pick<Outgoing, "client_id" | "conversation" | "text" | "files"> & { internal?: boolean }} letter */
  add({ client_id, conversation, text, internal = false, files = [] }) {
    this.#put({
      client_id, conversation, text, internal, at: this.#moment(), files, state: ready(files), code: "",
    });
    this.#moved();
  }

  /**
   * A file of a text has arrived; with the last one the text may go.
   * @param {string} client_id @param {string} key @param {Stored} stored
   */
  uploaded(client_id, key, stored) {
    const entry = this.#find(client_id);
    if (!entry) return;
    const files = entry.files?.map((file) => (file.key === key ? { ...stored, key } : file));
    this.#change(client_id, { files, ...entry.state === "uploading" && { state: ready(files) } });
    if (entry.code === MISSED && ready(files) === "waiting") this.retry(client_id);
    this.#moved();
  }

  /**
   * A file of a text did not arrive. Without a connection that says nothing: it is brought again.
   * @param {string} client_id @param {string} code  MISSED when there was no answer
   */
  missed(client_id, code) {
    if (code === MISSED && !this.#connected) return;
    this.#fail(client_id, PASSING.has(code) ? MISSED : code);
  }

  /** Whether something is still to be sent or answered. */
  get isBusy() {
    return this.entries.some(isUnsettled);
  }

  /** @param {string} line @returns {boolean} whether something of it is still to be sent or answered */
  isHeld(line) {
    return this.entries.some((entry) => isUnsettled(entry) && this.#around.line(entry) === line);
  }

  connected() {
    this.#connected = true;
    this.#pump();
  }

  disconnected() {
    this.#connected = false;
    this.entries = this.entries.map((entry) => (entry.state === "in_flight" ? rested(entry) : entry));
  }

  /** @param {{ client_id: string, conversation: string | null }} ack */
  acknowledge({ client_id, conversation }) {
    const entry = this.#find(client_id);
    if (!entry) return;
    if (entry.conversation === null && conversation) this.#settle(conversation);
    this.#change(client_id, { state: "sent", conversation: entry.conversation ?? conversation });
    this.#around.outboxStorage.remove(client_id);
    this.#moved();
  }

  /** @param {{ client_id?: string | null, code: string, retry_after?: number | null, command?: string | null }} answer */
  reject({ client_id, code, retry_after, command }) {
    if (!client_id && !command && code === "rate_limited") {
      // The frame was not even read, so nobody can say whose it was: all of them go again.
      for (const { client_id: sent, state } of this.entries) {
        if (state === "in_flight") this.reject({ client_id: sent, code, retry_after });
      }
      return;
    }
    const entry = this.#find(client_id ?? "");
    // Of a text that is stored, only a repetition can be refused.
    if (!entry || entry.state === "sent") return;
    if (PASSING.has(code) || retry_after) this.#rest(entry.client_id, retry_after ?? RETRY_SECONDS);
    else this.#fail(entry.client_id, code);
  }

  /** Send a text that failed once more, as if it were written now. @param {string} client_id */
  retry(client_id) {
    const entry = this.#find(client_id);
    if (entry?.state !== "failed") return;
    this.entries = [...this.entries.filter((other) => other !== entry), entry];
    this.#change(client_id, { state: ready(entry.files), code: "", at: this.#moment() });
    this.#moved();
  }

  /** @param {string} client_id @returns {Outgoing | undefined} what was thrown away */
  remove(client_id) {
    const entry = this.#find(client_id);
    if (!entry) return undefined;
    this.entries = this.entries.filter((other) => other !== entry);
    this.#around.outboxStorage.remove(client_id);
    this.#moved();
    return entry;
  }

  /**
   * These are in the timeline now: however their acks fared, they are stored.
   * @param {string} conversation
   * @param {Iterable<{ client_id: string | null }>} messages
   */
  arrived(conversation, messages) {
    if (!this.entries.length) return;
    const ids = new Set(Array.from(messages, (message) => message.client_id));
    const left = this.entries.filter((entry) => !ids.has(entry.client_id));
    if (left.length === this.entries.length) return;
    const gone = this.entries.filter((entry) => ids.has(entry.client_id));
    for (const entry of gone) this.#around.outboxStorage.remove(entry.client_id);
    this.entries = left;
    if (gone.some((entry) => entry.conversation === null)) this.#settle(conversation);
    this.#moved();
  }

  /** The database is a restored one: whether it holds what the other one acknowledged is not known. */
  restored() {
    for (const { client_id, state } of this.entries) {
      if (state === "sent") this.#change(client_id, { state: "waiting" });
    }
  }

  /**
   * There is no such conversation any more: the text that was for it opens one, and those that were
   * for it too go there. @param {string} client_id
   */
  reopen(client_id) {
    const conversation = this.#find(client_id)?.conversation;
    if (!conversation) return;
    for (const entry of this.entries) {
      if (entry.conversation !== conversation || !isUnsettled(entry)) continue;
      this.#change(entry.client_id, { state: ready(entry.files), conversation: null });
    }
    this.#moved();
  }

  /** The conversations are not ours any more: what is unsent opens a new one. */
  detach() {
    for (const { client_id } of this.entries) this.#change(client_id, { conversation: null });
    this.#moved();
  }

  /** Those that waited for a conversation have one. @param {string} conversation */
  #settle(conversation) {
    for (const entry of this.entries) {
      if (entry.conversation === null && (entry.state === "waiting" || entry.state === "uploading")) {
        this.#change(entry.client_id, { conversation });
      }
    }
  }

  /** The server refuses it for now. @param {string} client_id @param {number} seconds */
  #rest(client_id, seconds) {
    this.#change(client_id, { state: "waiting" });
    this.#resting.add(client_id);
    this.#around.later(() => {
      this.#resting.delete(client_id);
      this.#pump();
    }, seconds * 1000);
    this.#moved();
  }

  /** @param {string} client_id @param {string} code */
  #fail(client_id, code) {
    this.#change(client_id, { state: "failed", code });
    this.#moved();
  }

  /** @returns {string} the time of writing: later than that of any text before, whatever the clock does */
  #moment() {
    this.#writtenAt = Math.max(this.#around.now(), this.#writtenAt + 1);
    return new Date(this.#writtenAt).toISOString();
  }

  #pump() {
    if (!this.#connected) return;
    /** @type {Set<string>} lines whose first text has been seen: the others wait for its answer */
    const held = new Set();
    for (const entry of this.entries.filter(isUnsettled)) {
      const line = this.#around.line(entry);
      if (held.has(line)) continue;
      held.add(line);
      if (entry.state !== "waiting" || this.#resting.has(entry.client_id)) continue;
      if (!this.#around.send(entry)) return;
      this.#change(entry.client_id, { state: "in_flight" });
    }
  }

  #moved() {
    this.#pump();
    this.#around.changed();
  }

  /** @param {string} client_id */
  #find(client_id) {
    return this.entries.find((entry) => entry.client_id === client_id);
  }

  /** @param {Outgoing} entry */
  #put(entry) {
    this.entries = [...this.entries, entry];
    this.#around.outboxStorage.put(entry);
  }

  /** @param {string} client_id @param {Partial<Outgoing>} change */
  #change(client_id, change) {
    this.entries = this.entries.map((entry) => {
      if (entry.client_id !== client_id) return entry;
      const next = { ...entry, ...change };
      if (next.state !== "in_flight" && next.state !== "sent") this.#around.outboxStorage.put(next);
      return next;
    });
  }
}

/** @param {Outgoing} entry @returns {boolean} whether it is still to be sent or answered */
function isUnsettled({ state }) {
  return state !== "sent" && state !== "failed";
}

/** @param {Outgoing} entry @returns {Outgoing} as it waits for its next attempt */
function rested(entry) {
  return entry.state === "in_flight" ? { ...entry, state: "waiting" } : entry;
}

/** @param {Outgoing} entry @returns {Outgoing} without the page that was uploading its files */
function orphaned(entry) {
  return ready(entry.files) === "waiting" ? rested(entry) : { ...entry, state: "failed", code: "file_gone" };
}

/** @param {Attached[]} [files] */
function ready(files = []) {
  return files.every(({ id }) => id) ? "waiting" : "uploading";
}

/** @param {Outgoing} entry @returns {string[]} what its command calls its files */
export function fileIds({ files = [] }) {
  return files.map(({ id }) => id);
}
