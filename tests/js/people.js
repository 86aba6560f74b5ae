/** Test data: people, messages, conversations, and an outbox with a manual clock. */

import { Outbox } from "../../static/livechat/shared/outbox.js";

/** @import { Outgoing } from "../../static/livechat/shared/outbox.js" */
/** @import { Timeline } from "../../static/livechat/shared/timeline.js" */
/** @import { Me, PublicChannel, PublicConversation, PublicMessage, StaffConversation } from "../../static/livechat/shared/wire.d.ts" */

/** @typedef {PublicMessage & { public_seq: number | null }} Message  for either audience */

const AT = "2026-03-02T10:00:00Z";

export const FILES = { accept: "image/*,.pdf", max_bytes: 1_000_000, max_files: 3, max_pixels: 1_000_000, max_side: 2_000 };

/** @param {string} name @returns {import("../../static/livechat/shared/wire.d.ts").StaffOperator} */
export function person(name) {
  return { id: name.toLowerCase(), name, avatar: "" };
}

/** Anna, who accepts conversations. @param {Partial<Me>} [changes] @returns {Me} */
export function me(changes = {}) {
  return { ...person("Anna"), accepting: true, in_call: false, presence: "online", availability: "available", ...changes };
}

/** @param {number} seq @param {Partial<Message>} [changes] @returns {Message} */
export function message(seq, changes = {}) {
  return {
    seq, public_seq: seq, id: `id-${seq}`, client_id: `client-${seq}`, author: "visitor", author_id: null,
    author_name: "", kind: "text", text: `message ${seq}`, line: null, at: AT, files: [], ...changes,
  };
}

/** @param {number} from @param {number} to */
export function messages(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

/** @param {Timeline<any>} timeline @returns {number[]} */
export function seqs(timeline) {
  return timeline.entries.map(({ seq }) => seq);
}

/** @param {Partial<PublicConversation>} [changes] @returns {PublicConversation} */
export function publicConversation(changes = {}) {
  return {
    id: "c1", revision: 1, state: "queued", operators: [], opened_at: AT, closed_at: null,
    head: 0, seen: 0, seen_by_staff: 0, ...changes,
  };
}

/** @param {Partial<StaffConversation>} [changes] @returns {StaffConversation} */
export function staffConversation(changes = {}) {
  return {
    id: "c1", revision: 1, channel: "ch1", state: "queued", status: null, outcome: "no_answer",
    operator: null, operators: [], opened_at: AT, closed_at: null, waiting_since: null, head: 0,
    seen_by_visitor: 0, seen_by_staff: 0, last: null, held: false,
    visitor: { id: "v1", name: "", email: "", country: "", language: "", time_zone: "", browser: "", page: null, attributes: {} },
    ...changes,
  };
}

/** @type {PublicChannel} */
export const CHANNEL = {
  name: "Tea", welcome: "Hello", placeholder: "", button_text: "", colours: {}, available: true,
  theme: "auto", privacy_link: "", contact_hint: "", suggestions: [], answers_in: null, team: [], files: FILES,
};

/** Stores entries as a browser's storage does. A reload is a second outbox on the same `FakeStorage`. */
export class FakeStorage {
  /** @type {Map<string, Outgoing>} */
  #kept = new Map();

  /** @param {Outgoing} entry */
  put(entry) {
    this.#kept.set(entry.client_id, entry);
  }

  /** @param {string} client_id */
  remove(client_id) {
    this.#kept.delete(client_id);
  }

  adopt() {
    return [...this.#kept.values()];
  }

  /** Change the order, because browsers guarantee none. */
  shuffle() {
    this.#kept = new Map([...this.#kept].reverse());
  }
}

/** An outbox, the texts it sent, and a manual clock. */
export class OutboxHarness {
  /** @type {string[]} */
  sent = [];
  time = 0;
  /** Error of the page's clock, in milliseconds. */
  skew = 0;
  /** @type {{ callback: () => void, at: number }[]} */
  #timers = [];
  box;

  /** @param {FakeStorage} [storage] @param {(entry: Outgoing) => string} [lineOf]  by default as in the widget */
  constructor(storage = new FakeStorage(), lineOf = () => "") {
    this.box = new Outbox({
      send: (entry) => Boolean(this.sent.push(`${entry.conversation ?? "open"}:${entry.text}`)),
      line: lineOf,
      changed: () => {},
      outboxStorage: storage,
      now: () => this.time + this.skew,
      later: (callback, milliseconds) => this.#timers.push({ callback, at: this.time + milliseconds }),
    });
    this.box.adopt();
  }

  /** @param {string} text  is its own `client_id` @param {string | null} [conversation] */
  write(text, conversation = "c1") {
    this.box.add({ client_id: text, conversation, text });
  }

  /** @param {number} milliseconds */
  pass(milliseconds) {
    this.time += milliseconds;
    const due = this.#timers.filter(({ at }) => at <= this.time);
    this.#timers = this.#timers.filter(({ at }) => at > this.time);
    for (const { callback } of due) callback();
  }

  get states() {
    return this.box.entries.map(({ client_id, state }) => `${client_id} ${state}`);
  }
}
