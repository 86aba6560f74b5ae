import { element, fire } from "../shared/element.js";
import { icon } from "../shared/icons.js";
import { items } from "../shared/items.js";
import { MessageComposer } from "../shared/message-composer.js";
import { MessageList } from "../shared/message-list.js";
import { t } from "../shared/texts.js";
import { CannedPicker } from "./canned-picker.js";
import { ConversationHead } from "./conversation-head.js";
import { takesPart } from "./store.js";
import { VISITOR, visitorName, wordLine } from "./wording.js";

/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { StaffConversation } from "../shared/wire.d.ts" */
/** @import { Rights } from "./conversation-head.js" */
/** @import { State } from "./store.js" */

/** Reply or note was chosen; detail is whether it is a note. */
export const MODE = "pane:mode";

/** One conversation: head, log, and the box for replies and notes. Fires {@link MODE}. */
export class ConversationPane extends HTMLElement {
  head = new ConversationHead();
  list = new MessageList();
  composer = new MessageComposer();
  canned = new CannedPicker(this.composer);
  #reply = element("button", { type: "button", data: { action: "reply" } });
  #note = element("button", { type: "button", data: { action: "note" } }, icon("note"));
  #modes = element("div", { className: "modes", attributes: { role: "group" } }, this.#reply, this.#note);
  #label = element("p", { className: "note-label" }, icon("note"), t("inbox.noteLabel"));
  #desk = element("div", { className: "desk" }, this.canned, this.#modes, this.#label, this.composer);
  #bar = element("p", { className: "bar" });
  #empty = element("p", { className: "empty" });

  connectedCallback() {
    this.#reply.append(t("inbox.reply"));
    this.#note.append(t("inbox.note"));
    this.#empty.textContent = t("inbox.pick");
    this.replaceChildren(this.#empty, this.head, this.list, this.#bar, this.#desk);
    this.#modes.addEventListener("click", this.#choose);
    this.note = false;
  }

  disconnectedCallback() {
    this.#modes.removeEventListener("click", this.#choose);
  }

  get note() {
    return this.#desk.classList.contains("is-note");
  }

  set note(note) {
    this.canned.close();
    this.#desk.classList.toggle("is-note", note);
    this.#label.hidden = !note;
    this.#reply.ariaPressed = String(!note);
    this.#note.ariaPressed = String(note);
    this.composer.placeholder = t(note ? "composer.note" : "inbox.placeholder");
  }

  /**
   * @param {State} state
   * @param {StaffConversation | undefined} conversation
   * @param {{ outgoing: Outgoing[], typists: string[], busy: boolean }} now
   */
  show(state, conversation, { outgoing, typists, busy }) {
    this.#empty.hidden = Boolean(conversation);
    this.canned.responses = state.canned;
    this.head.hidden = this.list.hidden = !conversation;
    this.#bar.hidden = this.#desk.hidden = true;
    if (!conversation) return;
    const channel = state.channels.find(({ id }) => id === conversation.channel);
    const rights = rightsIn(state, conversation);
    const writes = conversation.state !== "closed" && takesPart(state, conversation);
    this.head.show(conversation, channel, rights, busy);
    this.#desk.hidden = !writes;
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

  #choose = (/** @type {MouseEvent} */ event) => {
    const action = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["action"];
    if (!action) return;
    this.note = action === "note";
    fire(this, MODE, this.note);
    this.composer.focusText();
  };
}

/** @param {State} state @param {StaffConversation} conversation @returns {Rights} as far as we can tell */
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

/** @param {StaffConversation} conversation @param {Rights} rights @returns {string} why nothing can be written */
function reason(conversation, rights) {
  if (conversation.state === "closed") return t("inbox.ended");
  return rights.take ? t("inbox.takeFirst") : rights.join ? t("inbox.joinFirst") : "";
}

customElements.define("conversation-pane", ConversationPane);
