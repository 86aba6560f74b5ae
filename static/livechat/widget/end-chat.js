/** Sends a visitor's request to end the chat. */

const RETRY_SECONDS = 5;

/**
 * @typedef {object} Dependencies
 * @property {(conversation: string, client_id: string) => boolean} send  false if it was not sent
 * @property {() => void} changed
 * @property {() => string} newId
 * @property {(callback: () => void, milliseconds: number) => void} later
 *
 * @typedef {"" | "wished" | "refused"} Stage
 */

/**
 * The visitor's request to end the chat. It is sent again after every reconnect, until the
 * conversation ends, the server rejects it for good, or the visitor withdraws it.
 */
export class EndChat {
  /** @type {Stage} */
  stage = "";
  /** Why the server rejected the request. */
  code = "";

  #conversation = "";
  #clientId = "";
  #sent = false;
  #dependencies;

  /** @param {Dependencies} dependencies */
  constructor(dependencies) {
    this.#dependencies = dependencies;
  }

  /** @param {string} conversation */
  wish(conversation) {
    this.#become("wished");
    this.#conversation = conversation;
    this.#clientId = this.#dependencies.newId();
    this.move();
  }

  /** Withdraw the request, or dismiss the reason of its rejection. */
  withdraw() {
    this.#become("");
  }

  /** Send the request if possible. Safe to repeat. */
  move() {
    if (this.stage !== "wished" || this.#sent) return;
    this.#sent = this.#dependencies.send(this.#conversation, this.#clientId);
  }

  disconnected() {
    this.#sent = false;
  }

  /** Drop the request unless its conversation is open. @param {string | null} open  the open one */
  look(open) {
    if (this.stage && open !== this.#conversation) this.#become("");
  }

  /** @param {{ client_id?: string | null, code: string, retry_after?: number | null }} answer */
  reject({ client_id, code, retry_after }) {
    if (this.stage !== "wished" || client_id !== this.#clientId) return;
    if (code === "unavailable" || retry_after) {
      this.#dependencies.later(() => {
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
    this.#dependencies.changed();
  }
}
