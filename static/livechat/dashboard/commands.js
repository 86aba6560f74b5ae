import { uuid } from "../shared/identifiers.js";

/** @import { StaffCommand } from "../shared/wire.d.ts" */

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
 * @param {import("../shared/wire.d.ts").SetStatus["status"]} status
 * @returns {StaffCommand}
 */
function standing(conversation, client_id, status) {
  return { type: "conversation.set_status", conversation, client_id, status };
}

/**
 * Commands that want an answer but are not kept: a "take" that did not arrive is said to have failed,
 * and pressed again.
 */
export class Commands {
  /** @type {Map<string, { subject: string, done: () => void }>} by `client_id` */
  #pending = new Map();
  #send;
  #changed;
  #unsent;

  /**
   * @param {(command: StaffCommand) => boolean} send
   * @param {() => void} changed
   * @param {() => void} unsent  there was no connection
   */
  constructor(send, changed, unsent) {
    this.#send = send;
    this.#changed = changed;
    this.#unsent = unsent;
  }

  /**
   * @param {string} subject  the id of a conversation or channel
   * @param {(client_id: string) => StaffCommand} command
   * @param {() => void} [done]  called when it was carried out
   */
  give(subject, command, done = () => {}) {
    const client_id = uuid();
    if (!this.#send(command(client_id))) return this.#unsent();
    this.#pending.set(client_id, { subject, done });
    this.#changed();
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
    this.#changed();
    return true;
  }

  forget() {
    this.#pending.clear();
  }
}
