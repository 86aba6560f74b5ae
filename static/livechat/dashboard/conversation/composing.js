/** Connects the text box to drafts, outbox, typing marks and canned responses. */

import { ACTED } from "../../shared/message-list-events.js";
import { INPUT, SEND } from "../../shared/message-composer.js";
import { TypingSender } from "../../shared/typing.js";
import { CALLED, PICKED } from "./canned-picker.js";
import { MODE } from "./conversation-pane.js";

/** @import { Outbox } from "../../shared/outbox.js" */
/** @import { SafeStorage } from "../../shared/storage.js" */
/** @import { StaffCommand, StaffConversation } from "../../shared/wire.d.ts" */
/** @import { ConversationPane } from "./conversation-pane.js" */
/** @import { Drafts } from "./drafts.js" */

const CANNED_MS = 60_000;

/**
 * @typedef {object} Dependencies
 * @property {(command: StaffCommand) => boolean} send
 * @property {(id: string) => StaffConversation | undefined} find
 * @property {() => void} close  closes the conversation after what was just sent
 * @property {Outbox} outbox
 * @property {Drafts} drafts
 * @property {SafeStorage} storage
 */

/** The text box: one draft reply and one draft note for each conversation, kept until sent. */
export class Composing {
  #cannedAt = -Infinity;
  #conversation = "";
  #dependencies;
  #pane;
  #typing;

  /** @param {ConversationPane} pane @param {Dependencies} dependencies */
  constructor(pane, dependencies) {
    this.#pane = pane;
    this.#dependencies = dependencies;
    this.#typing = new TypingSender((active) => dependencies.send({
      type: "typing.set", conversation: this.#conversation, active,
    }));
    pane.composer.storage = dependencies.storage;
    pane.composer.uploadTarget = (draft) => this.#uploadTarget(draft);
    pane.addEventListener(SEND, (event) => this.#send(/** @type {CustomEvent<string>} */ (event).detail));
    pane.addEventListener(INPUT, (event) => this.#wrote(/** @type {CustomEvent<string>} */ (event).detail));
    pane.addEventListener(MODE, () => {
      this.#typing.stop();
      this.#lay();
    });
    pane.addEventListener(ACTED, (event) => this.#act(/** @type {CustomEvent} */ (event).detail));
    pane.addEventListener(CALLED, () => this.fetchCanned());
    pane.addEventListener(PICKED, (event) => {
      dependencies.send({ type: "canned.use", response: /** @type {CustomEvent} */ (event).detail });
    });
  }

  /** Show the draft reply of a conversation. @param {string} conversation  "" for none */
  turnTo(conversation) {
    this.#typing.stop();
    this.#conversation = conversation;
    this.#pane.note = false;
    this.#lay();
  }

  /**
   * Remove drafts that were sent from another tab, which had a copy.
   * @param {string} conversation @param {Iterable<{ client_id: string | null }>} messages
   */
  arrived(conversation, messages) {
    for (const note of [false, true]) {
      const text = this.#dependencies.drafts.of(conversation, note).sent(messages);
      const { composer } = this.#pane;
      if (!text || conversation !== this.#conversation || note !== this.#pane.note || composer.value !== text) continue;
      composer.value = "";
      this.#typing.stop();
    }
  }

  /** Fetch the canned responses again after a reconnect, as others may have changed them. */
  connected() {
    this.#cannedAt = -Infinity;
    this.fetchCanned();
    this.#pane.composer.wake();
  }

  /** Fetch the canned responses, at most once a minute. */
  fetchCanned() {
    const now = performance.now();
    if (now - this.#cannedAt >= CANNED_MS && this.#dependencies.send({ type: "canned.fetch" })) this.#cannedAt = now;
  }

  #lay() {
    const { composer, note } = this.#pane;
    composer.value = this.#dependencies.drafts.of(this.#conversation, note).text;
    composer.draft = note ? `${this.#conversation} note` : this.#conversation;
  }

  /** @param {string} text */
  #send(text) {
    const { drafts, outbox } = this.#dependencies;
    const pane = this.#pane;
    this.#typing.stop();
    const client_id = drafts.of(this.#conversation, pane.note).take(text);
    const files = pane.composer.takeFiles(client_id, outbox);
    outbox.add({ client_id, conversation: this.#conversation, text, internal: pane.note, files });
    // Files still uploading would arrive after the end.
    if (pane.closes && files.every(({ id }) => id)) this.#dependencies.close();
    pane.closes = false;
  }

  /** @param {string} text */
  #wrote(text) {
    this.#dependencies.drafts.of(this.#conversation, this.#pane.note).keep(text);
    // The visitor must not see that a note is being written.
    if (!this.#pane.note) this.#typing.input();
  }

  /** @param {{ action: string, clientId: string }} wish  for a text that was not sent */
  #act({ action, clientId }) {
    const { outbox } = this.#dependencies;
    if (action === "retry") return outbox.retry(clientId);
    if (action === "without") return outbox.sendWithout(clientId);
    const gone = outbox.remove(clientId);
    // Keep the text when a message with files is removed.
    if (gone?.files?.length && !this.#pane.composer.value) this.#pane.composer.value = gone.text;
  }

  /**
   * Return where to upload a draft's files; null without its conversation.
   * @param {string} draft  "<conversation>" or "<conversation> note"
   */
  #uploadTarget(draft) {
    const conversation = this.#dependencies.find(draft.replace(" note", ""));
    const token = /csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
    return conversation ? {
      url: "/dashboard/files/", headers: { "X-CSRFToken": token }, fields: { channel: conversation.channel },
    } : null;
  }
}
