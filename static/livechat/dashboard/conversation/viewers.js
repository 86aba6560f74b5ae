/** Which colleagues have a conversation open. */

/** @import { ViewingChanged } from "../../shared/wire.d.ts" */

const AGAIN_MS = 20_000;
const BELIEVED_MS = 30_000;

/** @typedef {Pick<ViewingChanged, "operator" | "name" | "avatar">} Viewer */

/** Tracks which colleagues view which conversation, and announces what this operator views. */
export class Viewers {
  /** @type {Map<string, Map<string, Viewer & { timer: ReturnType<typeof setTimeout> }>>} by conversation, operator */
  #known = new Map();
  #seen = "";
  #changed;
  #tell;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #again;

  /** @param {(conversation: string, active: boolean) => boolean} tell @param {() => void} changed */
  constructor(tell, changed) {
    this.#tell = tell;
    this.#changed = changed;
  }

  /**
   * Announce the conversation that this operator views. Safe to repeat.
   * @param {string} conversation  "" for none
   */
  look(conversation) {
    if (conversation === this.#seen) return;
    if (this.#seen) this.#tell(this.#seen, false);
    clearInterval(this.#again);
    this.#seen = conversation && this.#tell(conversation, true) ? conversation : "";
    if (this.#seen) this.#again = setInterval(() => this.#tell(this.#seen, true), AGAIN_MS);
  }

  /** @param {Omit<ViewingChanged, "type">} event */
  hear({ active, avatar, conversation, name, operator }) {
    const here = this.#known.get(conversation) ?? new Map();
    const before = here.get(operator);
    clearTimeout(before?.timer);
    here.delete(operator);
    if (active) {
      const timer = setTimeout(
        () => this.hear({ active: false, avatar, conversation, name, operator }), BELIEVED_MS,
      );
      here.set(operator, { operator, name, avatar, timer });
      // Announce ourselves to a new viewer at once, not only at the next interval.
      if (!before && conversation === this.#seen) this.#tell(conversation, true);
    }
    this.#known.set(conversation, here);
    if (Boolean(before) !== active) this.#changed();
  }

  /** @param {string} conversation @returns {Viewer[]} */
  of(conversation) {
    return [...(this.#known.get(conversation)?.values() ?? [])];
  }

  /** Forget everything: the connection broke. */
  forget() {
    clearInterval(this.#again);
    this.#seen = "";
    for (const here of this.#known.values()) for (const { timer } of here.values()) clearTimeout(timer);
    this.#known.clear();
  }
}
