/** Election of one browser tab, so that only one plays sounds. */

import { uuid } from "./identifiers.js";

const BEAT_MS = 2_000;
/** A tab without a heartbeat during this many of our own (4 to 6 seconds) is dropped. */
const MAX_MISSED = 3;

/**
 * The heartbeat of a tab.
 * @typedef {object} Beat
 * @property {string} id
 * @property {boolean} visible
 * @property {boolean} able
 * @property {boolean} leads
 * @property {string} place
 * @property {boolean} [asks]  the other tabs reply with a heartbeat at once
 * @property {boolean} [gone]
 *
 * @typedef {object} Line
 * @property {(beat: Beat) => void} postMessage
 * @property {((event: { data: Beat }) => void) | null} onmessage
 * @property {() => void} close
 *
 * @typedef {object} Dependencies
 * @property {string} id  unique; the smallest leads, so it begins with the time
 * @property {Pick<LockManager, "request"> | null} locks
 * @property {Line | null} line  to the other tabs
 * @property {() => boolean} visible
 * @property {(look: (leaving: boolean) => void) => () => void} watch
 *   calls `look` when the tab is shown, hidden or left; returns a function that stops it
 * @property {(callback: () => void, milliseconds: number) => () => void} every
 *   returns a function that stops it
 */

/**
 * Chooses one of several tabs as the leader, and knows which tabs are visible. Web Locks choose the
 * leader where the browser has them (they need https); else the oldest tab that responds leads.
 * An able tab has priority over one that is not: set `able` where sounds are unlocked.
 */
export class Election {
  #name;
  #changed = () => {};
  #dependencies;
  /** @type {Map<string, Beat & { missed: number }>} */
  #others = new Map();
  #leads = false;
  #able = false;
  #place = "";
  /** The tab was left or the election stopped: no heartbeat is sent or handled. */
  #away = true;
  /** Whether the other tabs have had time to respond. */
  #settled = false;
  /** @type {Dependencies["locks"]} */
  #locks;
  /** @type {AbortController | null} of the request that waits for the lock or holds it */
  #request = null;
  #release = () => {};
  #unwatch = () => {};
  /** @type {(() => void) | null} */
  #unbeat = null;
  #announced = "";

  /**
   * @param {string} name  the same for all tabs that belong together
   * @param {{ changed: () => void }} listener  called when `leads`, `anyVisible` or `places` change
   * @param {Dependencies} [dependencies]
   */
  constructor(name, { changed }, dependencies = browser(name)) {
    this.#name = name;
    this.#dependencies = dependencies;
    this.#locks = dependencies.locks;
    if (dependencies.line) dependencies.line.onmessage = ({ data }) => this.#hear(data);
    else this.#settled = true;
    this.#unwatch = dependencies.watch((leaving) => (leaving ? this.#leave() : this.#join()));
    this.#join();
    this.#announced = this.#state;
    // Set last: the caller has no election to read before the constructor returns.
    this.#changed = changed;
  }

  /** Whether this tab is the leader. */
  get leads() {
    return this.#leads;
  }

  /** Whether any of the tabs is visible now. */
  get anyVisible() {
    return this.#dependencies.visible() || [...this.#others.values()].some(({ visible }) => visible);
  }

  /** The `place` of every visible tab, each once. */
  get places() {
    const own = this.#dependencies.visible() ? [this.#place] : [];
    const others = [...this.#others.values()].filter(({ visible }) => visible);
    return [...new Set([...own, ...others.map(({ place }) => place)])].filter(Boolean);
  }

  /** What this tab shows, such as a conversation; "" for nothing. @param {string} place */
  set place(place) {
    if (place === this.#place) return;
    this.#place = place;
    this.#beat();
    this.#look();
  }

  /** Whether this tab can do the leader's work. @param {boolean} able */
  set able(able) {
    if (able === this.#able) return;
    this.#able = able;
    this.#beat();
    this.#look();
  }

  stop() {
    this.#leave();
    this.#unwatch();
    this.#dependencies.line?.close();
  }

  /** Take part, perhaps again: a page may return from the browser's history. */
  #join() {
    this.#away = false;
    this.#beat({ asks: true });
    this.#listen();
    if (this.#locks && !this.#request) this.#claim(false);
    this.#look();
  }

  #leave() {
    this.#beat({ gone: true });
    this.#away = true;
    this.#unbeat?.();
    this.#unbeat = null;
    const request = this.#request;
    this.#request = null;
    request?.abort();
    this.#release();
    this.#leads = false;
    this.#settled = !this.#dependencies.line;
  }

  /** @param {Beat} beat */
  #hear(beat) {
    if (this.#away) return;
    if (beat.gone) this.#others.delete(beat.id);
    else this.#others.set(beat.id, { ...beat, missed: 0 });
    // Reply at once: the browser may slow down the timers of hidden tabs.
    if (beat.asks) this.#beat();
    this.#listen();
    this.#look();
  }

  /** Start the heartbeat; `#tick` stops it when there is no other tab. */
  #listen() {
    if (this.#dependencies.line) {
      this.#unbeat ??= this.#dependencies.every(() => this.#tick(), BEAT_MS);
    }
  }

  #tick() {
    this.#settled = true;
    for (const other of this.#others.values()) {
      // Count our own heartbeats, not seconds: while this tab slept, the others were alive.
      other.missed += 1;
      if (other.missed >= MAX_MISSED) this.#others.delete(other.id);
    }
    const late = [...this.#others.values()].some(({ missed }) => missed > 1);
    if (this.#others.size) this.#beat({ asks: late });
    else {
      this.#unbeat?.();
      this.#unbeat = null;
    }
    this.#look();
  }

  /** @param {{ asks?: boolean, gone?: boolean }} [more] */
  #beat(more = {}) {
    if (this.#away) return;
    const { id, line, visible } = this.#dependencies;
    line?.postMessage({
      id, visible: visible(), able: this.#able, leads: this.#leads, place: this.#place, ...more,
    });
  }

  #look() {
    if (this.#away) return;
    const { id } = this.#dependencies;
    const others = [...this.#others.values()];
    const first = others.every((other) => (
      other.able === this.#able ? id < other.id : this.#able
    ));
    if (!this.#locks) this.#leads = this.#settled && first;
    else if (!this.#leads && this.#able && first && others.some(({ able, leads }) => leads && !able)) {
      this.#claim(true);
    }
    const state = this.#state;
    if (state === this.#announced) return;
    const led = this.#announced.startsWith("true");
    this.#announced = state;
    if (led !== this.#leads) this.#beat();
    this.#changed();
  }

  get #state() {
    return `${this.#leads} ${this.anyVisible} ${this.places.sort().join()}`;
  }

  /**
   * Wait for the lock, or steal it from a tab that is not able.
   * @param {boolean} steal
   */
  async #claim(steal) {
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    let had = false;
    try {
      const options = steal ? { steal } : { signal: request.signal };
      await this.#locks?.request(`livechat:${this.#name}`, options, () => {
        if (this.#request !== request) return undefined;
        had = true;
        this.#leads = true;
        this.#look();
        return new Promise((release) => {
          this.#release = () => release(undefined);
        });
      });
    } catch {
      // Aborted by this tab, stolen by another, or locks are forbidden.
    }
    if (this.#request !== request) return;
    this.#request = null;
    this.#leads = false;
    if (had) this.#claim(false);
    else this.#locks = null;
    this.#look();
  }
}

/** @param {string} name @returns {Dependencies} */
function browser(name) {
  return {
    id: `${Date.now()}-${uuid()}`,
    locks: navigator.locks ?? null,
    line: globalThis.BroadcastChannel ? /** @type {Line} */ (new BroadcastChannel(`livechat:${name}`)) : null,
    visible: () => document.visibilityState === "visible",
    watch: (look) => {
      let gone = false;
      const turned = () => gone || look(false);
      const shown = () => look(gone = false);
      const left = () => look(gone = true);
      document.addEventListener("visibilitychange", turned);
      addEventListener("pageshow", shown);
      addEventListener("pagehide", left);
      return () => {
        document.removeEventListener("visibilitychange", turned);
        removeEventListener("pageshow", shown);
        removeEventListener("pagehide", left);
      };
    },
    every: (callback, milliseconds) => {
      const timer = setInterval(callback, milliseconds);
      return () => clearInterval(timer);
    },
  };
}
