import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Election } from "../../static/livechat/shared/election.js";
import { now, setServerNow } from "../../static/livechat/shared/server-time.js";

/** @import { Line } from "../../static/livechat/shared/election.js" */

/** A browser: its tabs, its locks, and a manual clock. */
class Browser {
  /** @type {Tab[]} */
  tabs = [];
  locks;

  /** @param {{ locks?: Locks | null, lines?: boolean }} [options] */
  constructor({ locks = null, lines = true } = {}) {
    this.locks = locks;
    this.lines = lines;
  }

  /** @param {string} id */
  open(id) {
    const tab = new Tab(this, id);
    this.tabs.push(tab);
    tab.start();
    return tab;
  }

  /** Let time pass in steps of two seconds; each step runs each tab's timer once. @param {number} seconds */
  pass(seconds) {
    for (let time = 0; time < seconds; time += 2) for (const tab of this.tabs) tab.tick();
  }

  get leaders() {
    return this.tabs.filter(({ election }) => election?.leads).map(({ id }) => id);
  }
}

class Tab {
  visible = true;
  /** Whether it crashed, without a message to other tabs. */
  dead = false;
  /** Whether the browser throttles its timers. */
  slow = false;
  changes = 0;
  /** @type {Election | null} */
  election = null;
  #look = (/** @type {boolean} */ _leaving) => {};
  /** @type {(() => void) | null} */
  #beat = null;
  /** @type {Line} */
  line = {
    postMessage: (beat) => {
      for (const tab of this.#browser.tabs) if (tab !== this && !tab.dead) tab.line.onmessage?.({ data: beat });
    },
    onmessage: null,
    close: () => {},
  };

  #browser;

  /** @param {Browser} browser @param {string} id */
  constructor(browser, id) {
    this.#browser = browser;
    this.id = id;
  }

  start() {
    const { lines, locks } = this.#browser;
    this.election = new Election("inbox", { changed: () => { this.changes += 1; } }, {
      id: this.id,
      locks,
      line: lines ? this.line : null,
      visible: () => this.visible,
      watch: (look) => {
        this.#look = look;
        return () => {};
      },
      every: (callback) => {
        this.#beat = callback;
        return () => { this.#beat = null; };
      },
    });
  }

  tick() {
    if (!this.dead && !this.slow) this.#beat?.();
  }

  /** @param {boolean} visible */
  show(visible) {
    this.visible = visible;
    this.#look(false);
  }

  leave() {
    this.#look(true);
    this.dead = true;
  }

  die() {
    this.dead = true;
  }

  get rests() {
    return this.#beat === null;
  }
}

/** One lock as in browsers: requests are served in order, and the lock may be stolen. */
class Locks {
  /** @type {{ run: () => void, lost: () => void }[]} */
  queue = [];
  /** @type {{ run: () => void, lost: () => void } | null} */
  held = null;

  /**
   * @param {string} _name @param {any} options @param {any} [callback]
   * @returns {Promise<any>}
   */
  request(_name, options, callback) {
    return new Promise((done, fail) => {
      const one = {
        run: async () => {
          this.held = one;
          done(await callback(null));
          if (this.held !== one) return;
          this.held = null;
          this.queue.shift()?.run();
        },
        lost: () => fail(new DOMException("stolen", "AbortError")),
      };
      options.signal?.addEventListener("abort", () => {
        if (this.held === one) return;
        this.queue = this.queue.filter((other) => other !== one);
        fail(new DOMException("aborted", "AbortError"));
      });
      if (options.steal) this.held?.lost();
      if (options.steal || !this.held) one.run();
      else this.queue.push(one);
    });
  }
}

const settled = () => new Promise((done) => setTimeout(done));

test("a lone tab leads, and its timer rests", () => {
  const browser = new Browser();

  const tab = browser.open("a");
  browser.pass(2);

  assert.deepEqual(browser.leaders, ["a"]);
  assert.equal(tab.rests, true);
});

test("without lines and locks each tab is alone", () => {
  const browser = new Browser({ lines: false });

  const tab = browser.open("a");

  assert.deepEqual(browser.leaders, ["a"]);
  assert.equal(tab.changes, 0);
});

test("of several tabs the oldest leads, in whatever order they appear", () => {
  const browser = new Browser();
  browser.open("b");
  browser.pass(4);
  browser.open("c");
  browser.pass(4);
  assert.deepEqual(browser.leaders, ["b"]);

  browser.open("a");
  browser.pass(4);
  assert.deepEqual(browser.leaders, ["a"]);
});

test("when the leader leaves the next leads at once; when it dies, after six seconds", () => {
  const browser = new Browser();
  const [a, b] = ["a", "b", "c"].map((id) => browser.open(id));
  browser.pass(4);

  a?.leave();
  assert.deepEqual(browser.leaders.filter((id) => id !== "a"), ["b"]);

  b?.die();
  browser.pass(2);
  assert.equal(browser.tabs[2]?.election?.leads, false);
  browser.pass(4);
  assert.equal(browser.tabs[2]?.election?.leads, true);
});

test("a hidden tab whose timers are slowed down is not taken for dead", () => {
  const browser = new Browser();
  const leader = browser.open("a");
  browser.open("b");
  browser.pass(4);

  leader.slow = true;
  browser.pass(60);

  assert.deepEqual(browser.leaders, ["a"]);
});

test("a tab that has left sends nothing more, and returns when it is shown again", () => {
  const browser = new Browser();
  const [a, b] = [browser.open("a"), browser.open("b")];
  browser.pass(4);

  a.leave();
  a.dead = false;
  browser.open("c");
  assert.equal(a.election?.leads, false);
  assert.equal(b.election?.leads, true);

  a.show(true);
  browser.pass(4);
  assert.deepEqual(browser.leaders, ["a"]);
});

test("every tab knows whether any is looked at", () => {
  const browser = new Browser();
  const [a, b] = [browser.open("a"), browser.open("b")];
  a.show(false);
  assert.equal(a.election?.anyVisible, true);

  b.show(false);
  assert.equal(a.election?.anyVisible, false);

  b.show(true);
  b.die();
  assert.equal(a.election?.anyVisible, true);
  browser.pass(6);
  assert.equal(a.election?.anyVisible, false);
});

test("every tab knows what is shown in those that are looked at", () => {
  const browser = new Browser();
  const [a, b] = [browser.open("a"), browser.open("b")];
  if (a.election) a.election.place = "chat 1";
  if (b.election) b.election.place = "chat 2";

  assert.deepEqual(a.election?.places.sort(), ["chat 1", "chat 2"]);
  b.show(false);
  assert.deepEqual(a.election?.places, ["chat 1"]);
  assert.deepEqual(b.election?.places, ["chat 1"]);
});

test("a tab that may make sounds goes before one that may not", () => {
  const browser = new Browser();
  const [, b] = [browser.open("a"), browser.open("b")];
  browser.pass(4);

  if (b.election) b.election.able = true;

  assert.deepEqual(browser.leaders, ["b"]);
});

test("a tab is notified of changes, and of nothing else", () => {
  const browser = new Browser();
  const tab = browser.open("a");
  browser.pass(2);
  assert.equal(tab.changes, 1);

  browser.open("b");
  browser.pass(20);
  assert.equal(tab.changes, 1);
});

test("the tab that has the lock leads, until it stops", async () => {
  const browser = new Browser({ locks: new Locks() });
  const [b, a] = [browser.open("b"), browser.open("a")];
  await settled();
  assert.deepEqual(browser.leaders, ["b"]);

  b.election?.stop();
  await settled();
  assert.deepEqual(browser.leaders, ["a"]);
  assert.equal(a.changes > 0, true);
});

test("a tab that may make sounds takes the lock from one that may not, and only from such a one", async () => {
  const browser = new Browser({ locks: new Locks() });
  const [, b, c] = ["a", "b", "c"].map((id) => browser.open(id));
  await settled();

  if (c?.election) c.election.able = true;
  await settled();
  assert.deepEqual(browser.leaders, ["c"]);

  if (b?.election) b.election.able = true;
  await settled();
  assert.deepEqual(browser.leaders, ["c"]);

  c?.election?.stop();
  await settled();
  await settled();
  assert.deepEqual(browser.leaders, ["b"]);
});

test("where locks are refused the tabs agree among themselves", async () => {
  const refusing = /** @type {any} */ ({ request: () => Promise.reject(new DOMException("", "SecurityError")) });
  const browser = new Browser({ locks: refusing });
  browser.open("a");
  browser.open("b");
  await settled();

  browser.pass(4);

  assert.deepEqual(browser.leaders, ["a"]);
});

afterEach(() => setServerNow(new Date().toISOString()));

test("the time is the server's, however wrong the device is", () => {
  setServerNow(new Date(Date.now() + 86_400_000).toISOString());
  assert.ok(Math.abs(now().getTime() - Date.now() - 86_400_000) < 1000);

  setServerNow("not a time");
  assert.ok(Math.abs(now().getTime() - Date.now() - 86_400_000) < 1000);
});
