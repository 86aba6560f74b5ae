/** Which visitors are on the website now. */

/** @import { VisitorPresence } from "../../shared/wire.d.ts" */

/**
 * A visitor's socket counts as gone after this silence. Events come every 20 s: two may be lost.
 */
const BELIEVED_MS = 65_000;
/** After this silence from the server (heartbeats come every 20 s) no visitor counts as gone. */
const QUIET_MS = 25_000;
/** A closed socket counts as gone after this time, as a visitor who changes pages reconnects. */
const LEAVING_MS = 5_000;
/** In this time each of a visitor's tabs has reported once. */
const ROUND_MS = 25_000;

/**
 * "unknown" until an event comes, or none for long enough. `since`: when the visitor's last event
 * came, null if none came.
 * @typedef {{ is: "unknown" | "here" } | { is: "gone", since: Date | null }} Whereabouts
 */

/** @type {Whereabouts} */
const UNKNOWN = { is: "unknown" };
/** @type {Whereabouts} */
const HERE = { is: "here" };

/** Tracks which visitors are on the website, by socket, because a visitor may have several tabs. */
export class Visitors {
  /**
   * @type {Map<string, Map<string, ReturnType<typeof setTimeout>>>} conversation → socket →
   *   time-out
   */
  #sockets = new Map();
  /** @type {Map<string, Whereabouts>} */
  #left = new Map();
  /**
   * @type {Map<string, ReturnType<typeof setTimeout>>} time-outs of conversations whose visitor is
   *   "unknown"
   */
  #awaited = new Map();
  /** @type {Map<string, number>} when events of a conversation began to come, in ms */
  #joined = new Map();
  #changed;
  #heardAt = Date.now();

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** The server sent an event of any kind. */
  heard() {
    this.#heardAt = Date.now();
  }

  /** @param {Omit<VisitorPresence, "type">} event @param {Date} at */
  hear({ conversation, present, socket }, at) {
    const sockets = this.#sockets.get(conversation) ?? new Map();
    // An unknown socket has left: the visitor may have others.
    if (!present && !sockets.has(socket)) return;
    const known = this.#sockets.has(conversation);
    clearTimeout(sockets.get(socket));
    clearTimeout(this.#awaited.get(conversation));
    this.#awaited.delete(conversation);
    this.#left.delete(conversation);
    sockets.set(socket, setTimeout(() => this.#lose(conversation, socket, at), present ? BELIEVED_MS : LEAVING_MS));
    this.heard();
    this.#sockets.set(conversation, sockets);
    if (!known) this.#changed();
  }

  /**
   * @param {string} conversation  one whose visitor the server reports
   * @returns {Whereabouts}
   */
  of(conversation) {
    if (!this.#joined.has(conversation)) this.#joined.set(conversation, Date.now());
    if (this.#sockets.has(conversation)) return HERE;
    const left = this.#left.get(conversation);
    if (left) return left;
    if (!this.#awaited.has(conversation)) {
      this.#awaited.set(conversation, setTimeout(() => this.#miss(conversation, null), BELIEVED_MS));
    }
    return UNKNOWN;
  }

  /**
   * Forget a conversation: the server no longer reports its visitor.
   * @param {string} conversation
   */
  drop(conversation) {
    this.#joined.delete(conversation);
    this.#clear(conversation);
  }

  /** @param {string} conversation */
  #clear(conversation) {
    for (const timer of this.#sockets.get(conversation)?.values() ?? []) clearTimeout(timer);
    clearTimeout(this.#awaited.get(conversation));
    this.#sockets.delete(conversation);
    this.#awaited.delete(conversation);
    this.#left.delete(conversation);
  }

  /**
   * Forget all conversations but these.
   * @param {{ has: (conversation: string) => boolean }} conversations
   */
  keep(conversations) {
    for (const known of [this.#sockets, this.#awaited, this.#left, this.#joined]) {
      for (const id of known.keys()) if (!conversations.has(id)) this.drop(id);
    }
  }

  /** Forget everything: the connection broke. */
  forget() {
    this.keep(new Set());
  }

  /**
   * @param {string} conversation
   * @param {string} socket
   * @param {Date} at  when its last event came
   */
  #lose(conversation, socket, at) {
    const sockets = this.#sockets.get(conversation);
    sockets?.delete(socket);
    if (sockets?.size) return;
    const wait = (this.#joined.get(conversation) ?? -Infinity) + ROUND_MS - Date.now();
    if (wait <= 0) return this.#miss(conversation, at);
    this.#clear(conversation);
    this.#awaited.set(conversation, setTimeout(() => this.#miss(conversation, at), wait));
    this.#changed();
  }

  /** @param {string} conversation @param {Date | null} since */
  #miss(conversation, since) {
    this.#clear(conversation);
    if (Date.now() - this.#heardAt <= QUIET_MS) this.#left.set(conversation, { is: "gone", since });
    this.#changed();
  }
}
