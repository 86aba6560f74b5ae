/** Live events of a conversation that the operator only reads. */

/** @import { StaffCommand } from "../../shared/wire.d.ts" */

/** Subscribes to the one conversation that the operator reads without taking part in it. */
export class Watch {
  #watched = "";
  #send;

  /** @param {(command: StaffCommand) => boolean} send */
  constructor(send) {
    this.#send = send;
  }

  /**
   * @param {string} conversation  "" for none
   * @param {(conversation: string) => boolean} takesPart  whether the operator takes part,
   *   and so receives its events without watching
   */
  turnTo(conversation, takesPart) {
    if (conversation === this.#watched) return;
    if (this.#watched && !takesPart(this.#watched)) {
      this.#send({ type: "conversation.unwatch", conversation: this.#watched });
    }
    const began = conversation && this.#send({ type: "conversation.watch", conversation });
    this.#watched = began ? conversation : "";
  }

  /** The watched conversation, "" for none. */
  get conversation() {
    return this.#watched;
  }

  /** The connection broke, and the subscription with it. */
  forget() {
    this.#watched = "";
  }
}
