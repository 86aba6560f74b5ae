/** Repair of timelines after lost events. */

import { hasGap, last } from "./timeline.js";

/** @import { Timeline } from "./timeline.js" */

/** An event that is late by more than this counts as lost. */
const LATE_MS = 500;

/** Fetches missing entries at the end of a timeline. */
export class Repair {
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();
  #fetch;
  #timeline;

  /**
   * @param {(conversation: string) => Timeline<any> | undefined} timeline  the current timeline
   * @param {(conversation: string, afterSeq: number) => void} fetch
   */
  constructor(timeline, fetch) {
    this.#timeline = timeline;
    this.#fetch = fetch;
  }

  /** @param {string} conversation @param {boolean} [now]  fetch at once if entries are missing */
  look(conversation, now = false) {
    const timeline = this.#timeline(conversation);
    const waiting = this.#timers.has(conversation);
    if (!timeline || !hasGap(timeline)) {
      clearTimeout(this.#timers.get(conversation));
      this.#timers.delete(conversation);
    } else if (now) {
      this.#fetch(conversation, last(timeline));
    } else if (!waiting) {
      this.#timers.set(conversation, setTimeout(() => {
        this.#timers.delete(conversation);
        this.look(conversation, true);
      }, LATE_MS));
    }
  }
}
