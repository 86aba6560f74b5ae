/** Typing marks: reports the user's own, and keeps those of others. */

const REPEAT_MS = 4_000;
const IDLE_MS = 5_000;
const SHOWN_MS = 6_000;

/** Reports that the user is typing: at the start, every 4 s, and at the end (after 5 s idle). */
export class TypingSender {
  #active = false;
  #sentAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #idle;
  #tell;

  /** @param {(active: boolean) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  input() {
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.stop(), IDLE_MS);
    const now = Date.now();
    if (this.#active && now - this.#sentAt < REPEAT_MS) return;
    this.#active = true;
    this.#sentAt = now;
    this.#tell(true);
  }

  stop() {
    clearTimeout(this.#idle);
    if (!this.#active) return;
    this.#active = false;
    this.#tell(false);
  }
}

/** The people who are typing, by place. A signal is valid for 6 s, as "stopped" may get lost. */
export class TypingWatch {
  /** @type {Map<string, Map<string, ReturnType<typeof setTimeout>>>} place → name → timer */
  #places = new Map();
  #changed;

  /** @param {(place: string) => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {string} place @returns {string[]} */
  names(place) {
    return [...(this.#places.get(place)?.keys() ?? [])];
  }

  /** @param {string} place @param {string} name @param {boolean} active */
  hear(place, name, active) {
    const people = this.#places.get(place) ?? new Map();
    this.#places.set(place, people);
    const known = people.has(name);
    clearTimeout(people.get(name));
    people.delete(name);
    if (active) people.set(name, setTimeout(() => this.hear(place, name, false), SHOWN_MS));
    if (known !== active) this.#changed(place);
  }
}
