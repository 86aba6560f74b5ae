const PAUSE_MS = 400;

/** Says how far somebody has read: once per number, upwards only, after a short pause. */
export class ReadMarks {
  /** @type {Map<string, number>} */
  #told = new Map();
  #timer = 0;
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
      if (this.#tell(conversation, upTo)) this.#told.set(conversation, upTo);
    }, PAUSE_MS);
  }

  /** The connection broke: what was told last may not have arrived. */
  forget() {
    this.#told.clear();
  }
}
