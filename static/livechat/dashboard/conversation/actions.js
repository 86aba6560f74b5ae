/** Commands of a conversation's buttons, and the wait for their results. */

import { uuid } from "../../shared/identifiers.js";

/** @import { StaffCommand } from "../../shared/wire.d.ts" */

/**
 * The command of each button of a conversation.
 * @type {Record<string, (conversation: string, client_id: string) => StaffCommand>}
 */
export const ACTIONS = {
  take: (conversation, client_id) => ({ type: "conversation.take", conversation, client_id }),
  join: (conversation, client_id) => ({ type: "conversation.join", conversation, client_id }),
  leave: (conversation, client_id) => ({ type: "conversation.leave", conversation, client_id }),
  close: (conversation, client_id) => ({ type: "conversation.close", conversation, client_id }),
  in_progress: (conversation, client_id) => setStatus(conversation, client_id, "in_progress"),
  need_help: (conversation, client_id) => setStatus(conversation, client_id, "need_help"),
  waiting_for_customer: (conversation, client_id) => setStatus(conversation, client_id, "waiting_for_customer"),
};

/**
 * @param {string} conversation @param {string} client_id
 * @param {import("../../shared/wire.d.ts").SetStatus["status"]} status
 * @returns {StaffCommand}
 */
function setStatus(conversation, client_id, status) {
  return { type: "conversation.set_status", conversation, client_id, status };
}

/**
 * @typedef {object} Dependencies
 * @property {(command: StaffCommand) => boolean} send  false when there is no connection
 * @property {(subject: string) => boolean} ready  whether a command may go now; `move` asks again
 * @property {() => void} changed
 * @property {() => void} unsent  called when a command failed without a connection
 */

/**
 * Sends commands and waits for their results. Commands are not stored: without a connection a
 * "take" fails visibly, and the operator presses the button again.
 */
export class Commands {
  /** @type {Map<string, { subject: string, done: () => void, waiting: StaffCommand | null }>} by `client_id` */
  #pending = new Map();
  #dependencies;

  /** @param {Dependencies} dependencies */
  constructor(dependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * @param {string} subject  id of a conversation or channel, or OWN of `presence.js`
   * @param {(client_id: string) => StaffCommand} command
   * @param {() => void} [done]  called when the server accepted the command
   */
  give(subject, command, done = () => {}) {
    const client_id = uuid();
    this.#pending.set(client_id, { subject, done, waiting: command(client_id) });
    this.move();
    this.#dependencies.changed();
  }

  /** Send the delayed commands that are ready now. Safe to repeat. */
  move() {
    for (const [client_id, pending] of this.#pending) {
      if (!pending.waiting || !this.#dependencies.ready(pending.subject)) continue;
      if (this.#dependencies.send(pending.waiting)) pending.waiting = null;
      else {
        this.#pending.delete(client_id);
        this.#dependencies.unsent();
      }
    }
  }

  /** @param {string} subject @returns {boolean} whether a result is pending */
  isBusy(subject) {
    return [...this.#pending.values()].some((pending) => pending.subject === subject);
  }

  /**
   * @param {string | null | undefined} client_id
   * @param {boolean} accepted
   * @returns {boolean} whether the command was one of these
   */
  answered(client_id, accepted) {
    const known = this.#pending.get(client_id ?? "");
    if (!known) return false;
    this.#pending.delete(client_id ?? "");
    if (accepted) known.done();
    this.#dependencies.changed();
    return true;
  }

  forget() {
    this.#pending.clear();
  }
}
