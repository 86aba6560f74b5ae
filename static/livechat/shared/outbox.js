/** The queues of messages on their way to the server. */

const RETRY_SECONDS = 5;

/** Codes of temporary rejections: the same message may be sent again later. */
const PASSING = new Set(["rate_limited", "unavailable"]);

/** Code of a message that failed because of an upload, which may still succeed. */
const MISSED = "upload";

/** @import { File as Stored } from "./wire.d.ts" */

/**
 * A file of an outgoing message; `id` is "" until it is uploaded. `failed`: its upload failed.
 * @typedef {Stored & { key?: string, failed?: boolean }} Attached
 *
 * An outgoing message. `conversation` is null if the message opens one, or waits for the message
 * that does.
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
 * @typedef {object} EntryStorage
 * @property {(entry: Outgoing) => void} put
 * @property {(client_id: string) => void} remove
 * @property {() => Outgoing[]} adopt
 *
 * @typedef {object} Dependencies
 * @property {(entry: Outgoing) => boolean} send  false when there is no connection
 * @property {(entry: Outgoing) => string} line  queue of a message; a queue keeps its order
 * @property {() => void} changed
 * @property {EntryStorage} outboxStorage  where messages survive a reload
 * @property {() => number} now
 * @property {(callback: () => void, milliseconds: number) => void} later
 */

/**
 * Messages that are not known to be stored. In each queue (`line`) a message is sent when the one
 * before it is acknowledged or has failed. It is sent again after every reconnect, with the same
 * `client_id`, until the server acknowledges or rejects it. A message that is rejected for a while,
 * or whose files are still being uploaded, blocks those behind it; a failed one leaves the queue.
 */
export class Outbox {
  /** @type {Outgoing[]} */
  entries = [];

  #connected = false;
  /** Time of the last message in milliseconds, so that no two messages have the same time. */
  #writtenAt = 0;
  /** `client_id` of messages that the server rejected for a while. @type {Set<string>} */
  #resting = new Set();
  #dependencies;

  /** @param {Dependencies} dependencies */
  constructor(dependencies) {
    this.#dependencies = dependencies;
  }

  /** Take over unsent messages of an earlier page or a closed tab. */
  adopt() {
    const known = new Set(this.entries.map((entry) => entry.client_id));
    const found = this.#dependencies.outboxStorage.adopt().filter((entry) => !known.has(entry.client_id));
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
   * Note that a file of a message is uploaded; after the last one the message can be sent.
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
   * Note that an upload failed. Without a connection a missing response is ignored: the upload is
   * retried later.
   * @param {string} client_id @param {string} code  MISSED when there was no response
   * @param {string} [key]  of the file
   */
  missed(client_id, code, key) {
    if (code === MISSED && !this.#connected) return;
    const files = this.#find(client_id)?.files?.map((file) => (file.key === key ? { ...file, failed: true } : file));
    this.#change(client_id, { files });
    this.#fail(client_id, PASSING.has(code) ? MISSED : code);
  }

  /** Whether a message is still to be sent or acknowledged. */
  get isBusy() {
    return this.entries.some(isUnsettled);
  }

  /** @param {string} line @returns {boolean} as `isBusy`, for one queue */
  isHeld(line) {
    return this.entries.some((entry) => isUnsettled(entry) && this.#dependencies.line(entry) === line);
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
    this.#dependencies.outboxStorage.remove(client_id);
    this.#moved();
  }

  /** @param {{ client_id?: string | null, code: string, retry_after?: number | null, command?: string | null }} answer */
  reject({ client_id, code, retry_after, command }) {
    if (!client_id && !command && code === "rate_limited") {
      // The server did not read the frame, so the message is unknown: send all of them again.
      for (const { client_id: sent, state } of this.entries) {
        if (state === "in_flight") this.reject({ client_id: sent, code, retry_after });
      }
      return;
    }
    const entry = this.#find(client_id ?? "");
    // If the message is stored, the server rejected only a repeat of it.
    if (!entry || entry.state === "sent") return;
    if (PASSING.has(code) || retry_after) this.#rest(entry.client_id, retry_after ?? RETRY_SECONDS);
    else this.#fail(entry.client_id, code);
  }

  /** Send a failed message again, as if it were written now. @param {string} client_id */
  retry(client_id) {
    const entry = this.#find(client_id);
    if (entry?.state !== "failed") return;
    this.entries = [...this.entries.filter((other) => other !== entry), entry];
    this.#change(client_id, { state: ready(entry.files), code: "", at: this.#moment() });
    this.#moved();
  }

  /**
   * Send a failed message without its files that failed; if the server refused it, without all.
   * @param {string} client_id
   */
  sendWithout(client_id) {
    const entry = this.#find(client_id);
    if (entry?.state !== "failed") return;
    this.#change(client_id, { files: kept(entry.files) });
    this.retry(client_id);
  }

  /** @param {string} client_id @returns {Outgoing | undefined} the removed message */
  remove(client_id) {
    const entry = this.#find(client_id);
    if (!entry) return undefined;
    this.entries = this.entries.filter((other) => other !== entry);
    this.#dependencies.outboxStorage.remove(client_id);
    this.#moved();
    return entry;
  }

  /**
   * Remove messages that are in the timeline now: they are stored, even if their `ack` was lost.
   * @param {string} conversation
   * @param {Iterable<{ client_id: string | null }>} messages
   */
  arrived(conversation, messages) {
    if (!this.entries.length) return;
    const ids = new Set(Array.from(messages, (message) => message.client_id));
    const left = this.entries.filter((entry) => !ids.has(entry.client_id));
    if (left.length === this.entries.length) return;
    const gone = this.entries.filter((entry) => ids.has(entry.client_id));
    for (const entry of gone) this.#dependencies.outboxStorage.remove(entry.client_id);
    this.entries = left;
    if (gone.some((entry) => entry.conversation === null)) this.#settle(conversation);
    this.#moved();
  }

  /** Let acknowledged messages be sent again: a restored database may not have them. */
  restored() {
    for (const { client_id, state } of this.entries) {
      if (state === "sent") this.#change(client_id, { state: "waiting" });
    }
  }

  /**
   * Let a message whose conversation no longer exists open a new one. The other unsent messages of
   * that conversation follow it. @param {string} client_id
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

  /** Remove the conversation from all messages, as it is lost: they open a new one. */
  detach() {
    for (const { client_id } of this.entries) this.#change(client_id, { conversation: null });
    this.#moved();
  }

  /** Give the waiting messages their conversation. @param {string} conversation */
  #settle(conversation) {
    for (const entry of this.entries) {
      if (entry.conversation === null && (entry.state === "waiting" || entry.state === "uploading")) {
        this.#change(entry.client_id, { conversation });
      }
    }
  }

  /** Send a message again after a wait. @param {string} client_id @param {number} seconds */
  #rest(client_id, seconds) {
    this.#change(client_id, { state: "waiting" });
    this.#resting.add(client_id);
    this.#dependencies.later(() => {
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

  /** @returns {string} the time now; if the clock goes back, just after the last message's */
  #moment() {
    this.#writtenAt = Math.max(this.#dependencies.now(), this.#writtenAt + 1);
    return new Date(this.#writtenAt).toISOString();
  }

  #pump() {
    if (!this.#connected) return;
    /** @type {Set<string>} queues whose first message was seen: the others wait for it */
    const held = new Set();
    for (const entry of this.entries.filter(isUnsettled)) {
      const line = this.#dependencies.line(entry);
      if (held.has(line)) continue;
      held.add(line);
      if (entry.state !== "waiting" || this.#resting.has(entry.client_id)) continue;
      if (!this.#dependencies.send(entry)) return;
      this.#change(entry.client_id, { state: "in_flight" });
    }
  }

  #moved() {
    this.#pump();
    this.#dependencies.changed();
  }

  /** @param {string} client_id */
  #find(client_id) {
    return this.entries.find((entry) => entry.client_id === client_id);
  }

  /** @param {Outgoing} entry */
  #put(entry) {
    this.entries = [...this.entries, entry];
    this.#dependencies.outboxStorage.put(entry);
  }

  /** @param {string} client_id @param {Partial<Outgoing>} change */
  #change(client_id, change) {
    this.entries = this.entries.map((entry) => {
      if (entry.client_id !== client_id) return entry;
      const next = { ...entry, ...change };
      if (next.state !== "in_flight" && next.state !== "sent") this.#dependencies.outboxStorage.put(next);
      return next;
    });
  }
}

/** @param {Outgoing} entry @returns {boolean} whether it is still to be sent or acknowledged */
function isUnsettled({ state }) {
  return state !== "sent" && state !== "failed";
}

/** @param {Outgoing} entry @returns {Outgoing} waiting for the next attempt */
function rested(entry) {
  return entry.state === "in_flight" ? { ...entry, state: "waiting" } : entry;
}

/** @param {Outgoing} entry @returns {Outgoing} failed if its page was closed during an upload */
function orphaned(entry) {
  if (ready(entry.files) === "waiting") return rested(entry);
  const files = entry.files?.map((file) => (file.id ? file : { ...file, failed: true }));
  return { ...entry, files, state: "failed", code: "file_gone" };
}

/** @param {Attached[]} [files] @returns {Attached[]} those that `Outbox.sendWithout` sends */
export function kept(files = []) {
  return files.some(({ failed }) => failed) ? files.filter(({ failed }) => !failed) : [];
}

/** @param {Attached[]} [files] */
function ready(files = []) {
  return files.every(({ id }) => id) ? "waiting" : "uploading";
}

/** @param {Outgoing} entry @returns {string[]} ids of its files, for its command */
export function fileIds({ files = [] }) {
  return files.map(({ id }) => id);
}
