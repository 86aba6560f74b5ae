const RETRY_SECONDS = 5;

/**
 * @typedef {object} Surroundings
 * @property {(conversation: string, client_id: string) => boolean} send  false when it cannot go yet
 * @property {() => void} changed
 * @property {() => string} newId
 * @property {(callback: () => void, milliseconds: number) => void} later
 *
 * @typedef {"" | "wished" | "refused"} Stage
 */

/**
 * The visitor's wish to end his chat. Kept, and sent again after every new connection, until the
 * server has answered it or the visitor thinks better of it.
 */
export class EndChat {
  /** @type {Stage} */
  stage = "";
  /** Why the server refused. */
  code = "";

  #conversation = "";
  #clientId = "";
  #sent = false;
  #around;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#around = surroundings;
  }

  /** @param {string} conversation */
  wish(conversation) {
    this.#become("wished");
    this.#conversation = conversation;
    this.#clientId = this.#around.newId();
    this.move();
  }

  /** The visitor stays after all, or has read why it was refused. */
  withdraw() {
    this.#become("");
  }

  /** Send the wish if it can go now. */
  move() {
    if (this.stage !== "wished" || this.#sent) return;
    this.#sent = this.#around.send(this.#conversation, this.#clientId);
  }

  disconnected() {
    this.#sent = false;
  }

  /** The conversation that is shown, and whether it is open. @param {string | null} open */
  look(open) {
    if (this.stage && open !== this.#conversation) this.#become("");
  }

  /** @param {{ client_id?: string | null, code: string, retry_after?: number | null }} answer */
  reject({ client_id, code, retry_after }) {
    if (this.stage !== "wished" || client_id !== this.#clientId) return;
    if (code === "unavailable" || retry_after) {
      this.#around.later(() => {
        this.#sent = false;
        this.move();
      }, (retry_after ?? RETRY_SECONDS) * 1000);
    } else {
      this.#become("refused", code);
    }
  }

  /** @param {Stage} stage @param {string} [code] */
  #become(stage, code = "") {
    this.stage = stage;
    this.code = code;
    this.#sent = false;
    this.#around.changed();
  }
}
