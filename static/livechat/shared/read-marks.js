const PAUSE_MS = 400;
/** So many of those told last may not have been heard. */
const UNSURE = 10;

/** Says how far somebody has read: once per number, upwards only, after a short pause. */
export class ReadMarks {
  /** @type {Map<string, number>} */
  #told = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;
  #tell;

  /** @param {(conversation: string, upTo: number) => boolean} tell  false when it could not */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {string} conversation @param {number} upTo */
  read(conversation, upTo) {
    if (upTo <= (this.#told.get(conversation) ?? 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#tell(conversation, upTo)) return;
      this.#told.delete(conversation);  // the one told last is to stand last
      this.#told.set(conversation, upTo);
    }, PAUSE_MS);
  }

  /**
   * The server rejected one of them: send the newest again after `seconds`. Without `seconds` the server
   * rejected it for good, and sending it again would meet the same answer for ever.
   * @param {number | null | undefined} seconds
   */
  again(seconds) {
    if (!seconds) return;
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      for (const [conversation, upTo] of [...this.#told].slice(-UNSURE)) this.#tell(conversation, upTo);
    }, seconds * 1_000);
  }

  /** The connection broke: what was told last may not have arrived. */
  forget() {
    this.#told.clear();
  }
}
