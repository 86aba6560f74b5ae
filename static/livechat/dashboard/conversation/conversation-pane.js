/** The pane in which an operator reads a conversation and replies. */

import { element, fire } from "../../shared/element.js";
import { items } from "../../shared/log-items.js";
import { now } from "../../shared/server-time.js";
import { MessageComposer } from "../../shared/message-composer.js";
import { MessageList } from "../../shared/message-list.js";
import { secondClick } from "../../shared/second-click.js";
import { glyph } from "../inbox-icons.js";
import { CannedPicker } from "./canned-picker.js";
import { ConversationHead } from "./conversation-head.js";
import { takesPart } from "../store.js";
import { t } from "../texts.js";
import { VISITOR, visitorName, whereaboutsWords, wordLine } from "../list/conversation-texts.js";

/** @import { Outgoing } from "../../shared/outbox.js" */
/** @import { StaffConversation } from "../../shared/wire.d.ts" */
/** @import { Rights } from "./conversation-head.js" */
/** @import { State } from "../store.js" */
/** @import { Viewer } from "./viewers.js" */
/** @import { Whereabouts } from "../list/visitors.js" */

/** The operator chose reply or note; detail is whether it is a note. */
export const MODE = "pane:mode";

/** One conversation: head, log, and text box for replies and notes. Fires {@link MODE}. */
export class ConversationPane extends HTMLElement {
  head = new ConversationHead();
  list = new MessageList();
  composer = new MessageComposer();
  canned = new CannedPicker(this.composer);
  /** Whether the next message is sent with Ctrl+Shift+Enter, which also closes. */
  closes = false;
  /** Names of colleagues who are writing a reply here. @type {string[]} */
  #answering = [];
  /** Whether the operator has been warned about them, so that sending again does send. */
  #anyway = false;
  #reply = element("button", { type: "button", data: { action: "reply" } });
  #note = element("button", { type: "button", data: { action: "note" } });
  #modes = element("div", { className: "modes", attributes: { role: "group" } }, this.#reply, this.#note);
  #label = element("p", { className: "note-label" }, glyph("note"), t("inbox.noteLabel"));
  #asked = element("p", { attributes: { role: "alert" } });
  #guard = element("div", { className: "guard", hidden: true }, this.#asked,
    element("button", { type: "button", className: "primary", data: { guard: "send" } }),
    element("button", { type: "button", data: { guard: "wait" } }));
  #writingArea = element("div", { className: "desk" }, this.canned, this.#guard, this.#modes, this.#label, this.composer);
  #bar = element("p", { className: "bar" });
  /** Shows that the visitor has left. */
  #left = element("p", { className: "left-strip" });
  /** Announces to screen readers that the visitor leaves or comes back. */
  #leaving = element("p", { className: "visually-hidden", attributes: { role: "status" } });
  #whereabouts = { id: "", is: "" };
  #isSecond = secondClick();

  connectedCallback() {
    this.#reply.textContent = t("inbox.reply");
    this.#note.replaceChildren(glyph("note"), t("inbox.note"));
    this.#reply.title = `${t("keys.reply")} (R)`;
    this.#note.title = `${t("keys.note")} (N)`;
    const [send, wait] = this.#guard.querySelectorAll("button");
    send?.replaceChildren(t("action.sendAnyway"));
    wait?.replaceChildren(t("action.wait"));
    this.replaceChildren(this.head, this.list, this.#left, this.#leaving, this.#bar, this.#writingArea);
    this.#modes.addEventListener("click", this.#choose);
    this.#guard.addEventListener("click", this.#decide);
    this.composer.addEventListener("keydown", this.#key, { capture: true });
    this.composer.addEventListener("pointerdown", this.#point);
    this.composer.addEventListener("click", this.#pressed);
    this.composer.addEventListener("submit", this.#ask, { capture: true });
    this.note = false;
  }

  disconnectedCallback() {
    this.#modes.removeEventListener("click", this.#choose);
    this.#guard.removeEventListener("click", this.#decide);
    this.composer.removeEventListener("keydown", this.#key, { capture: true });
    this.composer.removeEventListener("pointerdown", this.#point);
    this.composer.removeEventListener("click", this.#pressed);
    this.composer.removeEventListener("submit", this.#ask, { capture: true });
  }

  get note() {
    return this.#writingArea.classList.contains("is-note");
  }

  set note(note) {
    this.canned.close();
    this.#writingArea.classList.toggle("is-note", note);
    this.#label.hidden = !note;
    this.#reply.ariaPressed = String(!note);
    this.#note.ariaPressed = String(note);
    this.composer.placeholder = t(note ? "composer.note" : "inbox.placeholder");
    this.#guard.hidden = true;
  }

  /** Whether the operator can write here now. */
  get writable() {
    return !this.#writingArea.hidden;
  }

  /** Write a reply, or a note. @param {boolean} note */
  write(note) {
    if (!this.writable) return;
    if (this.note !== note) {
      this.note = note;
      fire(this, MODE, note);
    }
    this.composer.focusText();
  }

  /**
   * @param {State} state
   * @param {StaffConversation | undefined} conversation
   * @param {{ outgoing: Outgoing[], typists: string[], busy: boolean, viewers: Viewer[],
   *   visitor: Whereabouts | null }} now
   */
  show(state, conversation, { outgoing, typists, busy, viewers, visitor }) {
    this.canned.responses = state.canned;
    this.head.hidden = this.list.hidden = !conversation;
    if (!conversation) {
      this.#left.hidden = this.#bar.hidden = this.#writingArea.hidden = true;
      return;
    }
    const channel = state.channels.find(({ id }) => id === conversation.channel);
    const rights = rightsIn(state, conversation);
    const writes = conversation.state !== "closed" && takesPart(state, conversation);
    const writers = typists.filter((name) => name !== VISITOR);
    this.head.show(conversation, channel, rights, busy, { viewers, writers, colleagues: state.colleagues });
    this.#answeredBy(writers);
    this.#showLeft(conversation.id, visitor, writes);
    this.#writingArea.hidden = !writes;
    this.#bar.textContent = writes ? "" : reason(conversation, rights);
    this.#bar.hidden = !this.#bar.textContent;
    const timeline = state.timelines.get(conversation.id);
    const shown = items(timeline?.entries ?? [], outgoing, {
      isOwn: (author) => author !== "visitor",
      author: "operator",
      name: state.me.name,
      visitor: visitorName(conversation),
      seenUpTo: conversation.seen_by_visitor,
      wordLine,
    });
    this.list.show(conversation.id, shown, Boolean(timeline?.before));
    this.list.showTyping(typists.map((name) => (name === VISITOR ? visitorName(conversation) : name)));
  }

  /**
   * @param {string} id
   * @param {Whereabouts | null} visitor
   * @param {boolean} writes  whether the operator can write here
   */
  #showLeft(id, visitor, writes) {
    const is = visitor?.is ?? "";
    const said = visitor ? whereaboutsWords(visitor, now()) : "";
    const before = this.#whereabouts;
    this.#whereabouts = { id, is };
    // The state when the operator opens the conversation is not announced.
    if (before.id !== id) this.#leaving.textContent = "";
    else if (before.is !== is && (is === "gone" || before.is === "gone")) this.#leaving.textContent = said;
    const words = is === "gone" ? [said, writes ? t("whereabouts.hint") : ""].filter(Boolean).join(". ") : "";
    this.#left.hidden = !words;
    if (this.#left.dataset["words"] === words) return;
    this.#left.dataset["words"] = words;
    this.#left.replaceChildren(...(words ? [glyph("away"), element("span", { textContent: words })] : []));
  }

  /** @param {string[]} names */
  #answeredBy(names) {
    this.#answering = names;
    if (names.length) return;
    this.#anyway = false;
    this.#guard.hidden = true;
  }

  /** Ask once before sending while a colleague is writing a reply. */
  #ask = (/** @type {Event} */ event) => {
    this.#guard.hidden = true;
    if (this.note || !this.#answering.length || this.#anyway || this.composer.hasAttribute("empty")) return;
    event.preventDefault();
    event.stopPropagation();
    // Pressing Enter again confirms.
    this.#anyway = true;
    const names = this.#answering;
    this.#asked.textContent = t("list.answering", { count: names.length, names: names.join(", ") });
    this.#guard.hidden = false;
  };

  #decide = (/** @type {MouseEvent} */ event) => {
    const answer = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["guard"];
    if (!answer) return;
    this.#guard.hidden = true;
    if (answer === "send") this.composer.querySelector("form")?.requestSubmit();
    else this.#anyway = false;
    this.composer.focusText();
  };

  #key = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    this.closes = event.shiftKey && (event.ctrlKey || event.metaKey);
  };

  /** A click on the send button sends without closing. */
  #point = () => {
    this.closes = false;
  };

  /** The second click of a double click on the send button does not answer the question. */
  #pressed = (/** @type {MouseEvent} */ event) => {
    if (this.#isSecond(event) && !this.#guard.hidden) event.preventDefault();
  };

  #choose = (/** @type {MouseEvent} */ event) => {
    const action = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["action"];
    if (!action) return;
    this.note = action === "note";
    fire(this, MODE, this.note);
    this.composer.focusText();
  };
}

/**
 * @param {State} state
 * @param {StaffConversation} conversation
 * @returns {Rights} what this client knows; the server decides
 */
function rightsIn(state, conversation) {
  const open = conversation.state !== "closed";
  const operator = state.me.id !== null;
  const inside = takesPart(state, conversation);
  return {
    take: open && operator && conversation.state === "queued",
    join: open && operator && !inside && conversation.state === "assigned",
    leave: open && inside,
    close: open && inside,
  };
}

/**
 * @param {StaffConversation} conversation
 * @param {Rights} rights
 * @returns {string} why the operator cannot write
 */
function reason(conversation, rights) {
  if (conversation.state === "closed") return t("inbox.ended");
  return rights.take ? t("inbox.takeFirst") : rights.join ? t("inbox.joinFirst") : "";
}

customElements.define("conversation-pane", ConversationPane);
