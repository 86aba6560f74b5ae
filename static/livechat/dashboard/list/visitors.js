/** @import { VisitorPresence } from "../../shared/wire.d.ts" */

/** A visitor's socket is told of every 20 s: two of these may get lost. */
const BELIEVED_MS = 65_000;
/** We hear something every 20 s: after so long without anything it is we who were cut off. */
const QUIET_MS = 25_000;
/** Who goes from page to page has left for a moment only. */
const LEAVING_MS = 5_000;
/** All his tabs have spoken once, each in its turn. */
const ROUND_MS = 25_000;

/**
 * "unknown" until something was heard, or nothing for long enough. `since` when he was last heard of,
 * null when that was before our time.
 * @typedef {{ is: "unknown" | "here" } | { is: "gone", since: Date | null }} Whereabouts
 */

/** @type {Whereabouts} */
const UNKNOWN = { is: "unknown" };
/** @type {Whereabouts} */
const HERE = { is: "here" };

/** Which visitors are still there. Each of their sockets counts: he may have several tabs. */
export class Visitors {
  /** @type {Map<string, Map<string, ReturnType<typeof setTimeout>>>} conversation → socket → when it is believed no more */
  #sockets = new Map();
  /** @type {Map<string, Whereabouts>} */
  #left = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} conversations of which nothing was heard yet */
  #awaited = new Map();
  /** @type {Map<string, number>} since when we are told of a conversation */
  #joined = new Map();
  #changed;
  #heardAt = Date.now();

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Something came from the server, whatever it was. */
  heard() {
    this.#heardAt = Date.now();
  }

  /** @param {Omit<VisitorPresence, "type">} event @param {Date} at */
  hear({ conversation, present, socket }, at) {
    const sockets = this.#sockets.get(conversation) ?? new Map();
    // Of one that we did not know of it says nothing: there may be others.
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
   * @param {string} conversation  one whose visitor we are told of
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

  /** We are told of this one no longer. @param {string} conversation */
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

  /** Know nothing of any others than these. @param {{ has: (conversation: string) => boolean }} conversations */
  keep(conversations) {
    for (const known of [this.#sockets, this.#awaited, this.#left, this.#joined]) {
      for (const id of known.keys()) if (!conversations.has(id)) this.drop(id);
    }
  }

  /** The connection broke: who knows. */
  forget() {
    this.keep(new Set());
  }

  /** @param {string} conversation @param {string} socket @param {Date} at  when it was last heard of */
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
