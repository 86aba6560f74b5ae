/** Repeated fetching of data that is on screen. */

const SOON_MS = 2_000;

/**
 * Fetches data that events do not carry in full, while it is on screen: at once, at an interval,
 * and shortly after an event that may have changed it.
 */
export class Poller {
  #every;
  #fetch;
  #shown = false;
  #hurried = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {number} every  milliseconds @param {() => void} fetch */
  constructor(every, fetch) {
    this.#every = every;
    this.#fetch = fetch;
  }

  /** @param {boolean} shown  whether the data is on screen */
  turn(shown) {
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (shown) this.#go();
    else clearTimeout(this.#timer);
  }

  /** Fetch in two seconds; further calls until then add no fetch. */
  soon() {
    if (!this.#shown || this.#hurried) return;
    this.#hurried = true;
    this.#wait(SOON_MS);
  }

  #go() {
    this.#hurried = false;
    this.#fetch();
    this.#wait(this.#every);
  }

  /** @param {number} milliseconds */
  #wait(milliseconds) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#go(), milliseconds);
  }
}
