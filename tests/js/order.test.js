/**
 * The first promise, tested on the real outbox: texts of one tab in one conversation are stored in
 * the order of writing, once. A model of the server and the network rejects, loses, repeats and delays
 * frames at random. A visitor writes, attaches files, retries and reloads.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import { fileIds, Outbox } from "../../static/livechat/shared/outbox.js";
import { FakeStorage } from "./people.js";

/** @import { Outgoing } from "../../static/livechat/shared/outbox.js" */

const RUNS = 300;
const STEPS = 60;
const SETTLE_MS = 3_600_000;

/** @param {number} seed @returns {() => number} 0 ≤ n < 1, the same sequence for the same seed (mulberry32) */
function dice(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A manual clock with timers. */
class Clock {
  now = 0;
  /** @type {{ at: number, callback: () => void }[]} */
  #due = [];

  /** @param {() => void} callback @param {number} milliseconds */
  later(callback, milliseconds) {
    this.#due.push({ at: this.now + milliseconds, callback });
  }

  /** @param {number} milliseconds */
  pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const next = this.#due.toSorted((one, other) => one.at - other.at)[0];
      if (!next || next.at > end) break;
      this.#due.splice(this.#due.indexOf(next), 1);
      this.now = next.at;
      next.callback();
    }
    this.now = end;
  }
}

/** A model server: it stores a `client_id` once, and an ended conversation accepts no texts. */
class Server {
  epoch = 1;
  /** @type {Map<string, { open: boolean, log: string[] }>} */
  chats = new Map();
  calm = false;
  #roll;

  /** @param {() => number} roll */
  constructor(roll) {
    this.#roll = roll;
  }

  /** @returns {string | null} the conversation that accepts texts */
  get open() {
    return [...this.chats].find(([, chat]) => chat.open)?.[0] ?? null;
  }

  /** @param {any} command @returns {any[]} its responses and events */
  take(command) {
    const { client_id, text } = command;
    const stored = [...this.chats].find(([, { log }]) => log.includes(client_id));
    if (!this.calm && this.#roll() < 0.2) {
      const code = this.#roll() < 0.5 ? "rate_limited" : "unavailable";
      // Sometimes the frame was not read, so the rejection names no `client_id`.
      if (code === "rate_limited" && this.#roll() < 0.3) return [{ type: "rejected", code, retry_after: 1 }];
      return [{ type: "rejected", client_id, code, retry_after: this.#roll() < 0.5 ? 2 : null }];
    }
    if (stored) return [{ type: "ack", client_id, conversation: stored[0] }];
    if (text === "bad") return [{ type: "rejected", client_id, code: "too_long" }];
    const id = command.type === "conversation.open" ? this.open ?? this.#opened() : command.conversation;
    const chat = this.chats.get(id);
    if (!chat) return [{ type: "rejected", client_id, code: "not_found" }];
    if (!chat.open) return [{ type: "rejected", client_id, code: "closed" }];
    chat.log.push(client_id);
    return [
      { type: "changed", conversation: id, open: true },
      { type: "ack", client_id, conversation: id },
      { type: "posted", conversation: id, client_id },
    ];
  }

  /** An operator ends the chat. */
  close() {
    const chat = this.chats.get(this.open ?? "");
    if (chat) chat.open = false;
  }

  /** A backup is restored: the newest conversation or its last texts are lost. */
  restore() {
    this.epoch += 1;
    const [id, chat] = [...this.chats].at(-1) ?? [];
    if (!id || !chat) return;
    if (this.#roll() < 0.5) this.chats.delete(id);
    else chat.log.length = Math.floor(this.#roll() * chat.log.length);
  }

  #opened() {
    const id = `e${this.epoch}c${this.chats.size}`;
    this.chats.set(id, { open: true, log: [] });
    return id;
  }
}

/** A visitor, their page, and the network between them and the server. */
class Run {
  clock = new Clock();
  storage = new FakeStorage();
  /** Text -> the number of its writing, which grows with every text and retry. @type {Map<string, number>} */
  written = new Map();
  /** Texts that the visitor removed, which need not be stored. @type {Set<string>} */
  removed = new Set();
  /** @type {{ client_id: string, key: string }[]} */
  uploads = [];
  /** Numbers of the current connection and page: frames and timers of earlier ones have no effect. */
  connection = 0;
  page = 0;
  count = 0;
  epoch = 0;
  /** @type {{ id: string, open: boolean } | null} */
  shown = null;
  /** @type {Outbox} */
  box;

  /** @param {() => number} roll */
  constructor(roll) {
    this.roll = roll;
    this.server = new Server(roll);
    this.box = this.load();
  }

  load() {
    this.page += 1;
    const { page } = this;
    this.connection += 1;
    this.uploads = [];
    this.shown = null;
    this.epoch = 0;
    this.storage.shuffle();
    const box = new Outbox({
      send: (entry) => this.send(entry),
      line: () => "",
      changed: () => {},
      outboxStorage: this.storage,
      now: () => this.clock.now,
      later: (callback, milliseconds) => this.clock.later(() => page === this.page && callback(), milliseconds),
    });
    box.adopt();
    return box;
  }

  /** @param {Outgoing} entry @returns {boolean} */
  send(entry) {
    const { client_id, conversation, text } = entry;
    assert.ok(fileIds(entry).every(Boolean), "a text was sent before its files had arrived");
    const command = { type: conversation ? "message.post" : "conversation.open", conversation, client_id, text };
    const { connection } = this;
    const { calm, epoch } = this.server;
    // A frame of a closed connection may still arrive, even after frames of a newer connection.
    for (let times = !calm && this.roll() < 0.1 ? 2 : 1; times > 0; times -= 1) {
      if (!calm && this.roll() < 0.05) continue;
      this.clock.later(() => {
        // A frame sent before a restore is lost: the server stops while its database is restored.
        if (epoch !== this.server.epoch) return;
        for (const event of this.server.take(command)) this.tell(event, connection);
      }, this.roll() * 1000);
    }
    // Sooner or later, a connection breaks, as after a lost frame.
    if (!calm) this.clock.later(() => connection === this.connection && this.roll() < 0.2 && this.cut(), 3000);
    return true;
  }

  /** @param {any} event @param {number} connection */
  tell(event, connection) {
    this.clock.later(() => {
      if (connection === this.connection) this.hear(event);
    }, this.roll() * 1000);
  }

  /** Handle an event as `main.js` of the widget does. @param {any} event */
  hear(event) {
    if (event.type === "ack") this.box.acknowledge(event);
    else if (event.type === "rejected" && event.code === "not_found") this.box.reopen(event.client_id);
    else if (event.type === "rejected") this.box.reject(event);
    else if (event.type === "changed") this.shown = { id: event.conversation, open: event.open };
    else if (event.type === "posted") this.box.arrived(event.conversation, [event]);
    else if (event.type === "welcome") {
      if (this.epoch && this.epoch !== event.epoch) this.box.restored();
      this.epoch = event.epoch;
      this.shown = event.conversation;
      this.box.arrived(event.conversation?.id ?? "", event.messages);
      this.box.connected();
    }
  }

  connect() {
    this.connection += 1;
    const { connection } = this;
    this.clock.later(() => {
      const [id, chat] = [...this.server.chats].at(-1) ?? [];
      const conversation = id && chat ? { id, open: chat.open } : null;
      const messages = (chat?.log ?? []).map((client_id) => ({ client_id }));
      this.tell({ type: "welcome", epoch: this.server.epoch, conversation, messages }, connection);
    }, this.roll() * 500);
  }

  cut() {
    this.connection += 1;
    this.box.disconnected();
    const { connection } = this;
    this.clock.later(() => connection === this.connection && this.connect(), this.roll() * 2000);
  }

  write() {
    this.count += 1;
    const client_id = `t${this.count}`;
    const files = this.roll() < 0.15 ? [{ key: `f${this.count}`, id: "" }] : [];
    for (const { key } of files) this.uploads.push({ client_id, key });
    this.written.set(client_id, this.count);
    this.box.add({
      client_id, conversation: this.shown?.open ? this.shown.id : null,
      text: this.roll() < 0.1 ? "bad" : "good", files: /** @type {any} */ (files),
    });
  }

  /** Finish or fail the upload of a file. */
  upload() {
    const upload = this.uploads.shift();
    if (!upload) return;
    if (this.server.calm || this.roll() < 0.6) this.arrive(upload);
    else {
      this.box.missed(upload.client_id, this.roll() < 0.5 ? "upload" : "unavailable");
      this.uploads.push(upload);
    }
  }

  /** @param {{ client_id: string, key: string }} upload */
  arrive({ client_id, key }) {
    const before = this.box.entries.find((entry) => entry.client_id === client_id);
    // A text that failed because of its file is sent again automatically.
    if (before?.state === "failed") this.rewritten(client_id);
    this.box.uploaded(client_id, key, /** @type {any} */ ({ id: `id-${key}` }));
  }

  /** @param {string} client_id */
  rewritten(client_id) {
    this.count += 1;
    this.written.set(client_id, this.count);
  }

  /** Retry or remove a text that was not sent, as a visitor does. */
  deal() {
    const failed = this.box.entries.find(({ state }) => state === "failed");
    if (!failed) return;
    if (this.roll() < 0.5 && failed.code !== "file_gone") {
      this.rewritten(failed.client_id);
      this.box.retry(failed.client_id);
    } else {
      this.removed.add(failed.client_id);
      this.box.remove(failed.client_id);
    }
  }

  step() {
    const chance = this.roll();
    if (chance < 0.45) this.write();
    else if (chance < 0.6) this.upload();
    else if (chance < 0.72) this.deal();
    else if (chance < 0.84) this.cut();
    else if (chance < 0.88) {
      this.box = this.load();
      this.connect();
    } else if (chance < 0.93) this.server.close();
    else if (chance < 0.95) {
      this.server.restore();
      this.cut();
    }
    // Often several steps happen at the same instant.
    if (this.roll() < 0.6) this.clock.pass(this.roll() * 1500);
  }

  /** Let everything succeed from now on. */
  settle() {
    this.server.calm = true;
    this.cut();
    this.clock.pass(10_000);
    while (this.uploads.length) this.upload();
    this.clock.pass(SETTLE_MS);
  }
}

test(`in ${RUNS} bad networks every text is stored once, in the order of writing, or said to have failed`, () => {
  for (let seed = 1; seed <= RUNS; seed += 1) {
    const run = new Run(dice(seed));
    run.connect();
    for (let step = 0; step < STEPS; step += 1) run.step();
    run.settle();

    const where = `with seed ${seed}`;
    const stored = [...run.server.chats.values()].flatMap(({ log }) => log);
    assert.deepEqual([...new Set(stored)], stored, `stored twice ${where}`);
    for (const { log } of run.server.chats.values()) {
      const inOrder = log.toSorted((one, other) => (run.written.get(one) ?? 0) - (run.written.get(other) ?? 0));
      assert.deepEqual(log, inOrder, `another order ${where}`);
    }
    const left = run.box.entries.filter(({ state }) => state !== "failed" && state !== "sent");
    assert.deepEqual(left.map(({ client_id, state }) => `${client_id} ${state}`), [], `never answered ${where}`);
    if (run.server.epoch > 1) continue; // A restored backup may lack texts.
    const failed = run.box.entries.filter(({ state }) => state === "failed").map(({ client_id }) => client_id);
    const accounted = new Set([...stored, ...failed, ...run.removed]);
    assert.deepEqual([...run.written.keys()].filter((id) => !accounted.has(id)), [], `lost ${where}`);
  }
});
