import assert from "node:assert/strict";
import { test } from "node:test";

import { Alarm, DEFAULTS, isQuiet } from "../../static/livechat/dashboard/alerts/alarm.js";

/** @import { Notice, Situation } from "../../static/livechat/dashboard/alerts/alarm.js" */

/** An alarm that starts with a known inbox, the sounds it played, and a manual clock. */
class Room {
  time = 0;
  hour = 12;
  /** @type {string[]} such as "10 waiting", in seconds */
  played = [];
  /** @type {Notice[]} */
  notices = [];
  /** @type {Situation} */
  #situation = {
    waiting: [], mine: new Map(), mentions: new Map(), focused: [], leads: true, visible: true,
  };

  /** @type {{ callback: () => void, at: number }[]} */
  #timers = [];
  alarm = new Alarm({
    now: () => this.time,
    wall: () => new Date(2026, 2, 2, this.hour),
    later: (callback, milliseconds) => this.#timers.push({ callback, at: this.time + milliseconds }),
    play: (sound, volume) => {
      this.played.push(`${this.time / 1000} ${sound}${volume === 1 ? "" : ` ${volume}`}`);
    },
    notify: (notice) => this.notices.push(notice),
    excerpt: ({ kind }) => (kind === "message" ? "my card number is …" : ""),
  });

  /** @param {Partial<Situation>} [first] */
  constructor(first) {
    this.set({ ...first });
  }

  /** @param {Partial<Situation>} changes */
  set(changes) {
    this.#situation = { ...this.#situation, ...changes };
    this.alarm.update(this.#situation);
  }

  /** @param {number} seconds */
  pass(seconds) {
    const end = this.time + seconds * 1000;
    for (;;) {
      const next = this.#timers.sort((one, other) => one.at - other.at)[0];
      if (!next || next.at > end) break;
      this.#timers.shift();
      this.time = Math.max(this.time, next.at);
      next.callback();
    }
    this.time = end;
  }
}

test("a waiting chat rings at once and every ten seconds until an operator takes it", () => {
  const room = new Room();

  room.set({ waiting: ["a"] });
  room.pass(25);
  room.set({ waiting: [] });
  room.pass(60);

  assert.deepEqual(room.played, ["0 waiting", "10 waiting", "20 waiting"]);
});

test("the same chat rings for three minutes at most, another one rings again", () => {
  const room = new Room();

  room.set({ waiting: ["a"] });
  room.pass(600);
  assert.equal(room.played.length, 18);
  assert.equal(room.played.at(-1), "170 waiting");

  room.set({ waiting: ["a", "b"] });
  room.pass(10);
  assert.deepEqual(room.played.slice(18), ["600 waiting", "610 waiting"]);
});

test("a chat that comes back to the queue rings anew", () => {
  const room = new Room();
  room.set({ waiting: ["a"] });
  room.pass(1);
  room.set({ waiting: [] });
  room.pass(1);

  room.set({ waiting: ["a"] });

  assert.deepEqual(room.played, ["0 waiting", "2 waiting"]);
});

test("what waited before the page was opened rings once", () => {
  const room = new Room({ waiting: ["a", "b"] });

  room.pass(60);

  assert.deepEqual(room.played, ["0 waiting"]);
});

test("old messages and mentions do not ring when the page is opened", () => {
  const room = new Room({ mine: new Map([["a", 7]]), mentions: new Map([["a", 6]]) });

  room.pass(60);

  assert.deepEqual(room.played, []);
});

test("a new message in an own chat rings, unless that chat is visible in a tab", () => {
  const room = new Room({ mine: new Map([["a", 1], ["b", 1]]), focused: ["a"] });

  room.set({ mine: new Map([["a", 2], ["b", 1]]) });
  assert.deepEqual(room.played, []);

  room.set({ mine: new Map([["a", 2], ["b", 2]]) });
  assert.deepEqual(room.played, ["0 message"]);

  room.pass(5);
  room.set({ focused: [] });
  assert.deepEqual(room.played, ["0 message"]);
});

test("a chat that is given to me rings with what its visitor wrote", () => {
  const room = new Room();

  room.set({ mine: new Map([["a", 1]]) });

  assert.deepEqual(room.played, ["0 message"]);
});

test("a mention rings its own sound", () => {
  const room = new Room();

  room.set({ mentions: new Map([["a", 4]]) });

  assert.deepEqual(room.played, ["0 mention"]);
});

test("at most one sound a second, the most urgent first, the same one once", () => {
  const room = new Room();

  room.set({ waiting: ["w"], mine: new Map([["a", 1]]), mentions: new Map([["a", 2]]) });
  room.set({ mine: new Map([["a", 3]]) });
  room.pass(5);

  assert.deepEqual(room.played, ["0 waiting", "1 mention", "2 message"]);
});

test("only the elected tab rings, and its successor goes on where it stopped", () => {
  const room = new Room({ leads: false });
  room.set({ waiting: ["a"] });
  room.pass(15);
  assert.deepEqual(room.played, []);

  room.set({ leads: true });
  room.pass(10);

  assert.deepEqual(room.played, ["20 waiting"]);
});

test("what happens while a leader is being elected is not lost", () => {
  const room = new Room({ leads: false, visible: false, waiting: ["a"] });

  room.pass(2);
  room.set({ leads: true });

  assert.deepEqual(room.played, ["2 waiting"]);
  assert.equal(room.notices.length, 1);
});

test("each sound can be switched off, and all of them be softer", () => {
  const room = new Room();
  room.alarm.preferences = {
    ...DEFAULTS, sounds: { ...DEFAULTS.sounds, message: false }, volume: 0.4,
  };

  room.set({ mine: new Map([["a", 1]]), waiting: ["w"] });
  room.pass(5);

  assert.deepEqual(room.played, ["0 waiting 0.4"]);
});

test("in quiet hours nothing rings or shows, and afterwards it goes on", () => {
  const room = new Room({ visible: false });
  room.alarm.preferences = { ...DEFAULTS, quiet: { from: "22:00", to: "07:00" } };

  room.hour = 6;
  room.set({ waiting: ["a"] });
  room.pass(9);
  assert.deepEqual([room.played, room.notices], [[], []]);

  room.hour = 7;
  room.pass(1);
  assert.deepEqual(room.played, ["10 waiting"]);
});

test("quiet hours may go over midnight", () => {
  const at = (/** @type {number} */ hour, minute = 0) => new Date(2026, 2, 2, hour, minute);
  const night = { from: "22:00", to: "07:30" };

  assert.deepEqual([at(22), at(3), at(7, 29)].map((time) => isQuiet(night, time)), [true, true, true]);
  assert.deepEqual([at(21, 59), at(7, 30)].map((time) => isQuiet(night, time)), [false, false]);
  assert.equal(isQuiet({ from: "12:00", to: "13:00" }, at(12, 30)), true);
  assert.equal(isQuiet({ from: "12:00", to: "13:00" }, at(23)), false);
  assert.equal(isQuiet({ from: "12:00", to: "12:00" }, at(12)), false);
  assert.equal(isQuiet(null, at(3)), false);
});

test("a notice is shown only when no tab is looked at, and does not show the text", () => {
  const room = new Room({ visible: true });
  room.set({ mine: new Map([["a", 1]]) });
  assert.deepEqual(room.notices, []);

  room.set({ visible: false });
  assert.deepEqual(room.notices, []);
  room.set({ mine: new Map([["a", 2]]) });

  assert.deepEqual(room.notices, [{ kind: "message", conversation: "a", body: "New message" }]);
});

test("a notification shows the text if the operator wants it and there is one", () => {
  const room = new Room({ visible: false });
  room.alarm.preferences = { ...DEFAULTS, notification_text: true };

  room.set({ mine: new Map([["a", 1]]), waiting: ["w"] });

  assert.deepEqual(room.notices.map(({ body }) => body), ["A visitor is waiting", "my card number is …"]);
});

test("an operator who wants no notifications gets none, and a waiting chat is notified once", () => {
  const room = new Room({ visible: false });
  room.set({ waiting: ["a"] });
  room.pass(60);
  assert.equal(room.notices.length, 1);

  room.alarm.preferences = { ...DEFAULTS, notifications: false };
  room.set({ waiting: ["a", "b"] });
  assert.equal(room.notices.length, 1);
});
