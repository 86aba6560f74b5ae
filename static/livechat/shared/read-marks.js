/** Read marks: tells the server which entries the user has read. */

const PAUSE_MS = 400;
/** Number of the newest marks that are sent again: a rejection does not name its mark. */
const UNSURE = 10;

/** Sends how far the user has read: each number once, only upwards, after a pause of 400 ms. */
export class ReadMarks {
  /** @type {Map<string, number>} */
  #sent = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;
  #tell;

  /** @param {(conversation: string, upTo: number) => boolean} tell  false when it was not sent */
  constructor(tell) {
    this.#tell = tell;
  }

  /** @param {string} conversation @param {number} upTo */
  read(conversation, upTo) {
    if (upTo <= (this.#sent.get(conversation) ?? 0)) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#tell(conversation, upTo)) return;
      this.#sent.delete(conversation);  // keep the newest mark last
      this.#sent.set(conversation, upTo);
    }, PAUSE_MS);
  }

  /**
   * Send the newest marks again after `seconds`, as the server rejected one. Do nothing without
   * `seconds`: then the rejection is final, and would be repeated for ever.
   * @param {number | null | undefined} seconds
   */
  again(seconds) {
    if (!seconds) return;
    clearTimeout(this.#later);
    this.#later = setTimeout(() => {
      for (const [conversation, upTo] of [...this.#sent].slice(-UNSURE)) this.#tell(conversation, upTo);
    }, seconds * 1_000);
  }

  /** Forget what was sent: it may not have arrived before the connection broke. */
  forget() {
    this.#sent.clear();
  }
}
