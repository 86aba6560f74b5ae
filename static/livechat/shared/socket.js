/** The WebSocket to the server: hello, heartbeats, reconnecting and close codes. */

import { delay } from "./backoff.js";
import { askedToWait } from "./retry-after.js";

const SILENCE_MS = 45_000;
const WELCOME_MS = 15_000;
const FLOODING_MS = 30_000;
/** Attempts that may fail before `unopened` is called: a restart of the server is over sooner. */
const ASK_FROM = 2;

/** Close codes after which the client does not reconnect, with the status of each. */
const FINAL = new Map([[4400, "outdated"], [4403, "forbidden"], [4409, "replaced"]]);

/** Close code: the server does not know the client. */
const UNKNOWN = 4401;

/** Close code: an older release than the page's, as a deploy is running or was rolled back. */
const OLDER = 4426;
/** A deploy takes less than this. */
const DEPLOY_MS = 600_000;
/** Codes of rejections of a first frame that the server cannot read. */
const UNREAD = new Set(["bad_frame", "too_large"]);

/** NUL, and lone surrogates, as cutting a text may leave: the server rejects frames with them. */
const UNSENDABLE = /[\0\ud800-\udfff]/gu;

/** Older servers met at a longer interval than this belong to different deploys. */
const AGAIN_MS = 60_000;

const INPUTS = ["pointerdown", "keydown", "wheel", "touchstart"];

/**
 * @typedef {"idle" | "connecting" | "busy" | "open" | "outdated" | "forbidden" | "replaced"} Status
 *
 * "busy": the server asked for a wait, and no connection has succeeded since.
 *
 * @typedef {object} Handlers
 * @property {() => object} hello  the first frame, made for every connection
 * @property {(event: any) => void} receive  every event but a rejected hello
 * @property {(status: Status) => void} changed
 * @property {() => boolean} refused  the server does not know the client (4401) or cannot read its
 *   hello; returns whether to reconnect with another identity
 * @property {() => void} unopened  attempts fail before they become a connection: check the page
 */

/**
 * A WebSocket that reconnects with back-off, replies to heartbeats and detects silence. It is
 * "open" from the server's `welcome` on; before that `send` sends nothing and returns false.
 */
export class Socket {
  /** @type {Status} */
  status = "idle";

  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  /** Earliest time of the next attempt, as a stopping or busy server asked. Milliseconds. */
  #notBefore = 0;
  #active = false;
  #heardAt = 0;
  /** First and last time of an older server. @type {{ first: number, last: number } | null} */
  #older = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #watchdog;
  #address;
  #handlers;

  /** @param {string} path @param {Handlers} handlers */
  constructor(path, handlers) {
    this.#address = new URL(path, location.href.replace(/^http/, "ws")).href;
    this.#handlers = handlers;
  }

  start() {
    if (this.status !== "idle") return;
    for (const name of INPUTS) addEventListener(name, this.#noteInput, { passive: true, capture: true });
    addEventListener("online", this.#wake);
    addEventListener("pageshow", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.#connect();
  }

  /** Connect again at once, without back-off, and send a new hello. */
  restart() {
    this.#attempt = 0;
    this.#connect();
  }

  /** Disconnect and do not reconnect. @param {"forbidden"} why */
  stop(why) {
    this.#end(why);
  }

  /** @param {object} frame @returns {boolean} whether it was sent */
  send(frame) {
    if (this.status !== "open" || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(encoded(frame));
    return true;
  }

  #connect() {
    clearTimeout(this.#retry);
    this.#drop();
    this.#lack();
    const socket = new WebSocket(this.#address);
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      socket.send(encoded(this.#handlers.hello()));
    };
    socket.onmessage = (message) => this.#hear(JSON.parse(message.data));
    socket.onclose = (event) => {
      if (!opened && this.#attempt >= ASK_FROM) this.#handlers.unopened();
      this.#closed(event.code);
      if (!opened) this.#askWhy(this.#attempt);
    };
    this.#watch(WELCOME_MS);
  }

  /** @param {any} event */
  #hear(event) {
    this.#heardAt = Date.now();
    this.#watch(SILENCE_MS);
    if (event.type === "welcome") {
      this.#attempt = 0;
      this.#older = null;
      // Apply the welcome before "open": what is sent at "open" depends on it.
      this.#handlers.receive(event);
      this.#become("open");
      return;
    }
    if (event.type === "heartbeat") {
      this.send({ type: "heartbeat", active: this.#active });
      this.#active = false;
    }
    if (event.type === "drain") {
      this.#notBefore = Date.now() + event.reconnect_in_ms;
      this.#again(0);
    }
    if (event.type === "rejected" && event.code === "version") this.#end("outdated");
    // Otherwise the server would wait for a better hello, and the client for its welcome.
    if (event.type === "rejected" && UNREAD.has(event.code) && this.status !== "open") return this.#closed(UNKNOWN);
    this.#handlers.receive(event);
  }

  /** @param {number} code */
  #closed(code) {
    this.#drop();
    const end = FINAL.get(code);
    if (end) return this.#end(/** @type {Status} */ (end));
    if (code === OLDER && this.#isTakenBack(Date.now())) return this.#end("outdated");
    const goes = code === UNKNOWN && !this.#handlers.refused();
    this.#lack();
    if (goes) return;
    this.#again(code === 4429 ? FLOODING_MS * (1 + Math.random()) : delay(this.#attempt, Math.random()));
    this.#attempt += 1;
  }

  /**
   * Note an older server; return whether the deploy was rolled back.
   * @param {number} now @returns {boolean}
   */
  #isTakenBack(now) {
    if (!this.#older || now - this.#older.last >= AGAIN_MS) this.#older = { first: now, last: now };
    this.#older.last = now;
    return now - this.#older.first >= DEPLOY_MS;
  }

  /**
   * Ask the server how long to wait, and delay the next attempt.
   * @param {number} attempt  count of attempts: after another one the response is ignored
   */
  async #askWhy(attempt) {
    const seconds = await askedToWait(this.#address);
    if (!seconds || attempt !== this.#attempt || this.#socket) return;
    this.#notBefore = Date.now() + seconds * 1_000;
    this.#become("busy");
    this.#again(0);
  }

  /** Become "connecting", but stay "busy" if the server was. */
  #lack() {
    if (this.status !== "busy") this.#become("connecting");
  }

  /** @param {number} milliseconds */
  #again(milliseconds) {
    clearTimeout(this.#retry);
    const wait = Math.max(milliseconds, this.#notBefore - Date.now());
    this.#retry = setTimeout(() => this.#connect(), wait);
  }

  /** @param {Status} status */
  #end(status) {
    clearTimeout(this.#retry);
    this.#drop();
    this.#become(status);
  }

  /** Close the current connection and ignore its late events. */
  #drop() {
    clearTimeout(this.#watchdog);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  /** @param {Status} status */
  #become(status) {
    if (this.status === status) return;
    this.status = status;
    this.#handlers.changed(status);
  }

  /** Drop the connection after a silence. @param {number} milliseconds */
  #watch(milliseconds) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#closed(0), milliseconds);
  }

  // The network is back, or the page is visible again: do not wait any longer.
  #wake = () => {
    if (document.hidden || FINAL_STATUS.has(this.status) || Date.now() < this.#notBefore) return;
    const silent = Date.now() - this.#heardAt > SILENCE_MS;
    const waiting = this.status !== "open" && !this.#socket;
    if (waiting || (this.status === "open" && silent)) this.restart();
  };

  #noteInput = () => {
    this.#active = true;
  };
}

const FINAL_STATUS = new Set(["idle", ...FINAL.values()]);

/** @param {object} frame @returns {string} */
function encoded(frame) {
  return JSON.stringify(frame, (_, value) => (typeof value === "string" ? value.replace(UNSENDABLE, "") : value));
}
