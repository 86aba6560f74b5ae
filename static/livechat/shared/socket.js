import { delay } from "./backoff.js";
import { askedToWait } from "./retry-after.js";

const SILENCE_MS = 45_000;
const WELCOME_MS = 15_000;
const FLOODING_MS = 30_000;
/** So many attempts may fail before we ask why: a restart is over sooner. */
const ASK_FROM = 2;

/** Close codes after which trying again by itself would be wrong, and what that is called. */
const FINAL = new Map([[4400, "outdated"], [4403, "forbidden"], [4409, "replaced"]]);

/** The server does not know who we are. */
const UNKNOWN = 4401;

/** This server is of an earlier release than the page: a deploy is under way, or was taken back. */
const OLDER = 4426;
/** A deploy is over by then. */
const DEPLOY_MS = 600_000;
/** So the server answers a first frame that it cannot read. */
const UNREAD = new Set(["bad_frame", "too_large"]);

/** Half characters, as cutting a text leaves them, and NUL: the server refuses frames with them. */
const UNSENDABLE = /[\0\ud800-\udfff]/gu;

/** Whoever met one tries again sooner; after longer it is another story. */
const AGAIN_MS = 60_000;

const INPUTS = ["pointerdown", "keydown", "wheel", "touchstart"];

/**
 * @typedef {"idle" | "connecting" | "busy" | "open" | "outdated" | "forbidden" | "replaced"} Status
 *
 * "busy": the server told when to come back, and that has not gone well since.
 *
 * @typedef {object} Handlers
 * @property {() => object} hello  the first frame, made anew for every connection
 * @property {(event: any) => void} receive  every event but the answers to heartbeats
 * @property {(status: Status) => void} changed
 * @property {() => boolean} refused  the server does not know who we are (4401), or cannot read our
 *   hello: whether we come back as somebody else
 * @property {() => void} unopened  attempts fail before they become a connection: is it still for us?
 */

/**
 * A connection that comes back: answers heartbeats, notices silence, waits politely. It is "open"
 * from the server's welcome on; whatever is sent before that is not sent (`send` says false).
 */
export class Socket {
  /** @type {Status} */
  status = "idle";

  /** @type {WebSocket | null} */
  #socket = null;
  #attempt = 0;
  /** The moment before which a stopping or busy server wants to see nobody. */
  #notBefore = 0;
  #active = false;
  #heardAt = 0;
  /** When we met an earlier release first, and last. @type {{ first: number, last: number } | null} */
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

  /** Say hello again on a new connection, at once: what we know is of another world. */
  restart() {
    this.#attempt = 0;
    this.#connect();
  }

  /** Give up for good. @param {"forbidden"} why */
  stop(why) {
    this.#end(why);
  }

  /** @param {object} frame @returns {boolean} whether it went out */
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
      // First what it brings, then "open": whoever sends at "open" must know where to.
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
    // It would wait for a better hello, and we for its welcome.
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

  /** @param {number} now  at which a server of an earlier release was met @returns {boolean} */
  #isTakenBack(now) {
    if (!this.#older || now - this.#older.last >= AGAIN_MS) this.#older = { first: now, last: now };
    this.#older.last = now;
    return now - this.#older.first >= DEPLOY_MS;
  }

  /** Wait as long as the server asks us to. @param {number} attempt  that was refused */
  async #askWhy(attempt) {
    const seconds = await askedToWait(this.#address);
    if (!seconds || attempt !== this.#attempt || this.#socket) return;
    this.#notBefore = Date.now() + seconds * 1_000;
    this.#become("busy");
    this.#again(0);
  }

  /** There is no connection, for the reason known. */
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

  /** Forget the present connection, so that its late events reach nobody. */
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

  /** @param {number} milliseconds  of silence that we bear */
  #watch(milliseconds) {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#closed(0), milliseconds);
  }

  // The network is back, or somebody looks at us again: no reason to wait any longer.
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
