const SOON_MS = 2_000;

/**
 * Fetches while something is looked at that no event tells wholly: at once, every so often, and
 * shortly after whatever may have changed it.
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

  /** @param {boolean} shown  whether it is looked at now */
  turn(shown) {
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (shown) this.#go();
    else clearTimeout(this.#timer);
  }

  /** Something happened; more of it within two seconds is one fetch. */
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
