import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

/** @type {Line[]} */
const lines = [];

/** A browser's WebSocket; the test plays the server. */
class Line {
  static OPEN = 1;
  readyState = 1;
  /** @type {any[]} */
  sent = [];
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((message: { data: string }) => void) | null} */
  onmessage = null;
  /** @type {((event: { code: number }) => void) | null} */
  onclose = null;

  constructor() {
    lines.push(this);
  }

  /** @param {string} frame */
  send(frame) {
    this.sent.push(JSON.parse(frame));
  }

  close() {
    this.readyState = 3;
  }

  /** @param {object} event */
  hears(event) {
    this.onmessage?.({ data: JSON.stringify(event) });
  }

  /** @param {number} code */
  ends(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

const page = { addEventListener: () => {}, document: { addEventListener: () => {}, hidden: false } };
Object.assign(globalThis, page, { WebSocket: Line, location: { href: "https://chat.example/widget/" } });
const { Socket } = await import("../../static/livechat/shared/socket.js");

/** Return a socket after its `welcome`, and all its statuses. @param {boolean} [comesBack]  after code 4401 */
function connected(comesBack = true) {
  /** @type {string[]} */
  const statuses = [];
  const socket = new Socket("/ws/visitor/berlin/", {
    hello: () => ({ type: "hello" }),
    receive: () => {},
    changed: (status) => statuses.push(status),
    refused: () => comesBack,
    unopened: () => {},
  });
  socket.start();
  welcome();
  return { socket, statuses };
}

/** Open the newest connection and send `welcome` on it. */
function welcome() {
  const line = newest();
  line.onopen?.();
  line.hears({ type: "welcome" });
}

function newest() {
  const line = lines.at(-1);
  assert.ok(line);
  return line;
}

beforeEach(() => {
  lines.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
});

test("a client that has to reconnect elsewhere stays until its turn, and then reconnects at once", () => {
  const { socket, statuses } = connected();
  const old = newest();

  old.hears({ type: "drain", reconnect_in_ms: 4000 });
  mock.timers.tick(3900);
  assert.equal(lines.length, 1);
  assert.ok(socket.send({ type: "message.post" }), "until then he goes on writing");
  mock.timers.tick(100);

  assert.equal(lines.length, 2);
  assert.equal(old.readyState, 3);
  welcome();
  assert.deepEqual(statuses, ["connecting", "open", "connecting", "open"]);
});

test("a client with an unknown identity returns with a new one, or leaves it to a page to sign in", () => {
  for (const comesBack of [true, false]) {
    lines.length = 0;
    const { statuses } = connected(comesBack);

    newest().ends(4401);
    mock.timers.tick(60_000);

    assert.equal(lines.length > 1, comesBack);
    assert.deepEqual(statuses.slice(0, 3), ["connecting", "open", "connecting"]);
  }
});

test("a client that is closed before its turn waits for it all the same", () => {
  connected();
  newest().hears({ type: "drain", reconnect_in_ms: 4000 });

  newest().ends(4503);
  mock.timers.tick(3900);
  assert.equal(lines.length, 1);
  mock.timers.tick(100);

  assert.equal(lines.length, 2);
});

test("a client of a stopping server is sent elsewhere before it has sent hello", () => {
  connected();
  newest().ends(1006);
  mock.timers.tick(500);
  assert.equal(lines.length, 2);

  newest().hears({ type: "drain", reconnect_in_ms: 10 });
  newest().ends(4503);
  mock.timers.tick(1000);

  assert.equal(lines.length, 3);
});

test("a page of a later release tries until it meets a server of its own", () => {
  const { socket } = connected();

  newest().ends(1006);
  for (let minute = 0; minute < 9; minute += 1) {
    mock.timers.tick(60_000);
    newest().onopen?.();
    newest().ends(4426);
    assert.equal(socket.status, "connecting");
  }
  mock.timers.tick(60_000);
  welcome();

  assert.equal(socket.status, "open");
});

test("a page whose release was taken back asks to be loaded anew, after ten minutes", () => {
  const { socket } = connected();

  for (let second = 0; second < 11 * 60 && socket.status !== "outdated"; second += 20) {
    newest().onopen?.();
    newest().ends(4426);
    assert.equal(socket.status, second < 10 * 60 ? "connecting" : "outdated");
    mock.timers.tick(20_000);
  }

  assert.equal(socket.status, "outdated");
});

test("a client of old and new servers in turn does not count as outdated", () => {
  const { statuses } = connected();

  for (let second = 0; second < 15 * 60; second += 40) {
    newest().ends(4426);
    mock.timers.tick(20_000);
    welcome();
    mock.timers.tick(20_000);
  }

  assert.ok(!statuses.includes("outdated"));
});

test("what happened between two meetings with older servers is not counted as a deploy", () => {
  const { socket } = connected();
  newest().ends(4426);
  for (let minute = 0; minute < 11; minute += 1) {
    mock.timers.tick(60_000);
    newest().ends(1006);
  }
  mock.timers.tick(60_000);

  newest().ends(4426);

  assert.equal(socket.status, "connecting");
});

for (const code of ["bad_frame", "too_large"]) {
  test(`a hello that the server cannot read (${code}) is repeated with a new identity`, () => {
    let refusals = 0;
    const socket = new Socket("/ws/visitor/berlin/", {
      hello: () => ({ type: "hello", token: refusals ? null : "x".repeat(600) }),
      receive: () => {},
      changed: () => {},
      refused: () => Boolean(refusals += 1),
      unopened: () => {},
    });
    socket.start();
    newest().onopen?.();
    newest().hears({ type: "rejected", code });

    mock.timers.tick(5_000);
    welcome();

    assert.equal(refusals, 1);
    assert.equal(newest().sent[0].token, null);
    assert.equal(socket.status, "open");
  });
}

test("a later frame that the server cannot read is no reason to change the identity", () => {
  const { socket, statuses } = connected(false);

  newest().hears({ type: "rejected", code: "bad_frame" });

  assert.equal(socket.status, "open");
  assert.deepEqual(statuses, ["connecting", "open"]);
});

test("half characters and NUL are not sent", () => {
  const { socket } = connected();

  socket.send({ type: "page.view", page: { url: "", title: "A tea\0 \ud83d" + "🍵 \udf75" } });

  assert.equal(newest().sent.at(-1).page.title, "A tea 🍵 ");
});
