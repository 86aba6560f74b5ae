import { uuid } from "../../shared/identifiers.js";

/** @import { StaffCommand } from "../../shared/wire.d.ts" */

/**
 * What the buttons of a conversation mean.
 * @type {Record<string, (conversation: string, client_id: string) => StaffCommand>}
 */
export const ACTIONS = {
  take: (conversation, client_id) => ({ type: "conversation.take", conversation, client_id }),
  join: (conversation, client_id) => ({ type: "conversation.join", conversation, client_id }),
  leave: (conversation, client_id) => ({ type: "conversation.leave", conversation, client_id }),
  close: (conversation, client_id) => ({ type: "conversation.close", conversation, client_id }),
  in_progress: (conversation, client_id) => standing(conversation, client_id, "in_progress"),
  need_help: (conversation, client_id) => standing(conversation, client_id, "need_help"),
  waiting_for_customer: (conversation, client_id) => standing(conversation, client_id, "waiting_for_customer"),
};

/**
 * @param {string} conversation @param {string} client_id
 * @param {import("../../shared/wire.d.ts").SetStatus["status"]} status
 * @returns {StaffCommand}
 */
function standing(conversation, client_id, status) {
  return { type: "conversation.set_status", conversation, client_id, status };
}

/**
 * @typedef {object} Surroundings
 * @property {(command: StaffCommand) => boolean} send  false when there is no connection
 * @property {(subject: string) => boolean} ready  whether a command may go; asked again by `move`
 * @property {() => void} changed
 * @property {() => void} unsent  there was no connection
 */

/**
 * Commands that want an answer but are not kept: a "take" that did not arrive is said to have failed,
 * and pressed again.
 */
export class Commands {
  /** @type {Map<string, { subject: string, done: () => void, waiting: StaffCommand | null }>} by `client_id` */
  #pending = new Map();
  #around;

  /** @param {Surroundings} surroundings */
  constructor(surroundings) {
    this.#around = surroundings;
  }

  /**
   * @param {string} subject  the id of a conversation or channel
   * @param {(client_id: string) => StaffCommand} command
   * @param {() => void} [done]  called when it was carried out
   */
  give(subject, command, done = () => {}) {
    const client_id = uuid();
    this.#pending.set(client_id, { subject, done, waiting: command(client_id) });
    this.move();
    this.#around.changed();
  }

  /** Send what has waited and is ready now. */
  move() {
    for (const [client_id, pending] of this.#pending) {
      if (!pending.waiting || !this.#around.ready(pending.subject)) continue;
      if (this.#around.send(pending.waiting)) pending.waiting = null;
      else {
        this.#pending.delete(client_id);
        this.#around.unsent();
      }
    }
  }

  /** @param {string} subject @returns {boolean} whether an answer is awaited */
  isBusy(subject) {
    return [...this.#pending.values()].some((pending) => pending.subject === subject);
  }

  /**
   * @param {string | null | undefined} client_id
   * @param {boolean} accepted
   * @returns {boolean} whether it was one of these
   */
  answered(client_id, accepted) {
    const known = this.#pending.get(client_id ?? "");
    if (!known) return false;
    this.#pending.delete(client_id ?? "");
    if (accepted) known.done();
    this.#around.changed();
    return true;
  }

  forget() {
    this.#pending.clear();
  }
}
