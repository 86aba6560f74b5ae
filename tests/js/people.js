/** What the tests talk about: messages, conversations, and an outbox with a clock by hand. */

import { Outbox } from "../../static/livechat/shared/outbox.js";

const AT = "2026-03-02T10:00:00Z";

export function message(seq, changes = {}) {
  return {
    seq, id: `id-${seq}`, client_id: `client-${seq}`, author: "visitor", author_id: null, author_name: "",
    kind: "text", text: `message ${seq}`, line: null, at: AT, ...changes,
  };
}

export function messages(from, to) {
  return Array.from({ length: to - from + 1 }, (_, index) => message(from + index));
}

export function seqs(timeline) {
  return timeline.entries.map(({ seq }) => seq);
}

export function publicConversation(changes = {}) {
  return {
    id: "c1", revision: 1, state: "queued", operators: [], opened_at: AT, closed_at: null,
    head: 0, seen: 0, seen_by_staff: 0, ...changes,
  };
}

export function staffConversation(changes = {}) {
  return {
    id: "c1", revision: 1, channel: "ch1", state: "queued", status: null, outcome: "no_answer",
    operator: null, operators: [], opened_at: AT, closed_at: null, waiting_since: null, head: 0,
    seen_by_visitor: 0, seen_by_staff: 0, last: null,
    visitor: { id: "v1", name: "", email: "", country: "", language: "", time_zone: "", browser: "", page: null },
    ...changes,
  };
}

export const CHANNEL = {
  name: "Tea", welcome: "Hello", placeholder: "", button_text: "", header_background: "#000000",
  header_text: "#ffffff", button_background: "#000000", button_foreground: "#ffffff", available: true,
};

/** A drawer of which copies can be opened by "another page". */
export class Shelf {
  kept = new Map();

  drawer() {
    return {
      put: (entry) => this.kept.set(entry.client_id, entry),
      remove: (client_id) => this.kept.delete(client_id),
      adopt: () => [...this.kept.values()],
    };
  }
}

/** An outbox, what it sent, and its clock. */
export function outbox(shelf = new Shelf()) {
  const around = { sent: [], online: true, time: 0, timers: [] };
  around.box = new Outbox({
    send: (entry) => around.online && Boolean(around.sent.push(`${entry.conversation ?? "open"}:${entry.text}`)),
    changed: () => {},
    drawer: shelf.drawer(),
    now: () => around.time,
    later: (callback, milliseconds) => around.timers.push({ callback, at: around.time + milliseconds }),
  });
  around.box.adopt();
  around.pass = (milliseconds) => {
    around.time += milliseconds;
    const due = around.timers.filter(({ at }) => at <= around.time);
    around.timers = around.timers.filter(({ at }) => at > around.time);
    for (const { callback } of due) callback();
  };
  around.write = (text, conversation = "c1") => around.box.add({ client_id: text, conversation, text });
  around.states = () => around.box.entries.map(({ client_id, state }) => `${client_id} ${state}`);
  return around;
}
