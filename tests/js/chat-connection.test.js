import assert from "node:assert/strict";
import { test } from "node:test";

import { SafeStorage } from "../../static/livechat/shared/storage.js";
import { message } from "./people.js";

/** @import { Timeline } from "../../static/livechat/shared/timeline.js" */

/** A browser's WebSocket; the test plays the server. */
class Line {
  static OPEN = 1;
  readyState = 1;
  /** @type {any[]} */
  sent = [];
  /** @type {() => void} */
  onopen = () => {};
  /** @type {(message: { data: string }) => void} */
  onmessage = () => {};

  constructor() {
    line = this;
  }

  /** @param {string} frame */
  send(frame) {
    this.sent.push(JSON.parse(frame));
  }

  close() {}

  /** @param {object} event */
  hears(event) {
    this.onmessage({ data: JSON.stringify(event) });
  }
}

/** @type {Line} */
let line;
const page = { addEventListener: () => {}, document: { addEventListener: () => {}, hidden: false } };
Object.assign(globalThis, page, { WebSocket: Line, location: { href: "https://chat.example/dashboard/" } });
const { ChatConnection } = await import("../../static/livechat/shared/chat-connection.js");

const TEXT = { client_id: "one", conversation: "berlin", text: "Hello" };
const WELCOME = { type: "welcome", epoch: "first", now: "2026-03-02T10:00:00Z" };

/** Return a page, not connected yet, with one conversation whose entries are known from 41 on. */
function chat() {
  /** @type {Timeline<any>} */
  const timeline = { entries: [message(41)], before: 40, early: [], head: 41 };
  let epoch = "";
  /** @type {InstanceType<typeof ChatConnection>} */
  const connection = new ChatConnection({
    path: "/ws/staff/",
    storage: new SafeStorage(() => {
      throw new Error("forbidden");
    }),
    owner: "staff:anna",
    tab: "tab",
    hello: () => ({ type: "hello" }),
    receive(event) {
      connection.hear(event, epoch);
      epoch = event.epoch ?? epoch;
    },
    changed: (status) => (status === "open" ? connection.resume() : connection.pause()),
    refused: () => false,
    /** @returns {object} */
    frame: ({ client_id, text }) => ({ type: "message.post", client_id, text }),
    line: () => "",
    timeline: (conversation) => (conversation === "berlin" ? timeline : undefined),
    outboxChanged: () => {},
    typistsChanged: () => {},
  });
  return connection;
}

/** Return the frames of a type that the page has sent on its newest connection. @param {string} type */
function sent(type) {
  return line.sent.filter((frame) => frame.type === type);
}

/** @param {string} [epoch] */
function welcome(epoch = WELCOME.epoch) {
  line.onopen();
  line.hears({ ...WELCOME, epoch });
}


test("a text waits for the connection, and leaves the outbox with its acknowledgement", () => {
  const connection = chat();
  connection.outbox.add(TEXT);
  connection.socket.start();
  assert.deepEqual(sent("message.post"), []);

  welcome();

  assert.deepEqual(sent("message.post"), [{ type: "message.post", client_id: "one", text: "Hello" }]);
  line.hears({ type: "ack", client_id: "one", conversation: "berlin" });
  assert.equal(connection.outbox.entries[0]?.state, "sent");
  connection.socket.stop("forbidden");
});

test("a restored database gets what the lost one has acknowledged", () => {
  const connection = chat();
  connection.outbox.add(TEXT);
  connection.socket.start();
  welcome();
  line.hears({ type: "ack", client_id: "one", conversation: "berlin" });

  connection.socket.restart();
  welcome("restored");

  assert.equal(sent("message.post").length, 1);
  connection.socket.stop("forbidden");
});

test("earlier entries are fetched once, and again after a heartbeat or on a new connection", () => {
  const connection = chat();
  connection.socket.start();
  connection.fetchEarlier("berlin");
  assert.deepEqual(sent("timeline.fetch"), []);
  welcome();

  connection.fetchEarlier("berlin");
  connection.fetchEarlier("berlin");
  connection.fetchEarlier("unknown");
  assert.deepEqual(sent("timeline.fetch"), [{ type: "timeline.fetch", conversation: "berlin", before_seq: 41 }]);

  line.hears({ type: "heartbeat" });
  connection.fetchEarlier("berlin");
  assert.equal(sent("timeline.fetch").length, 2);

  connection.socket.restart();
  welcome();
  connection.fetchEarlier("berlin");
  assert.equal(sent("timeline.fetch").length, 1);
  connection.socket.stop("forbidden");
});
