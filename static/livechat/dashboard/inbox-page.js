/** The inbox's page: lays out the panes and shows the state. */

import { ConnectionStrip } from "../shared/connection-strip.js";
import { element, fire } from "../shared/element.js";
import { tOneOf } from "../shared/texts.js";
import { AwayStrip } from "./people/away-strip.js";
import { ChannelCards } from "./people/channel-cards.js";
import { ConversationList } from "./list/conversation-list.js";
import { ConversationPane } from "./conversation/conversation-pane.js";
import { setBadge } from "./alerts/favicon-badge.js";
import { stepsOf } from "./first-steps.js";
import { glyph } from "./inbox-icons.js";
import { InboxRail } from "./list/inbox-rail.js";
import { InboxStart } from "./inbox-start.js";
import { PaneResizer, RESIZED } from "./pane-resizer.js";
import { OWN } from "./people/presence.js";
import { sectionOf } from "./list/sections.js";
import { unread } from "./store.js";
import { t } from "./texts.js";
import { AWAY, FOLDED, VisitorContext } from "./conversation/visitor-context.js";
import { VISITOR } from "./list/conversation-texts.js";

/** @import { Outgoing } from "../shared/outbox.js" */
/** @import { BrowserPreferences } from "./browser-preferences.js" */
/** @import { State } from "./store.js" */
/** @import { Viewer } from "./conversation/viewers.js" */
/** @import { Whereabouts } from "./list/visitors.js" */

/** The hash of the URL that shows the channels; any other is a conversation's id, or empty. */
export const CHANNELS = "channels";
/** The operator clicked to unblock sounds. */
export const UNLOCKED = "page:unlocked";
/** The search text changed. */
export const SEARCHED = "page:searched";

const NOTICE_MS = 5_000;

/** The whole inbox: rail, list, conversation, context. A narrow window shows one pane at a time. */
export class InboxPage extends HTMLElement {
  rail = /** @type {InboxRail} */ (this.querySelector("inbox-rail"));
  strip = new ConnectionStrip();
  #awayStrip = new AwayStrip();
  list = new ConversationList();
  pane = new ConversationPane();
  search = element("input", { type: "search", autocomplete: "off", maxLength: 200, attributes: { "data-testid": "search" } });

  /** @type {BrowserPreferences | null} */
  #preferences = null;
  #channels = new ChannelCards();
  #context = new VisitorContext();
  /** One in the place of the conversation, one in the list for windows with a single pane. */
  #starts = [new InboxStart(), new InboxStart()];
  #compact = element("button", { type: "button", className: "quiet", data: { action: "compact" } }, glyph("compact"));
  #blocked = element("button", { type: "button", className: "blocked", hidden: true });
  #resizers = [new PaneResizer("list"), new PaneResizer("context")];
  #notice = element("p", { className: "notice", hidden: true, attributes: { role: "alert" } });
  #timer = 0;
  /** Whether the page shows neither a conversation, nor channels, nor first steps. */
  idle = false;

  connectedCallback() {
    this.list.ariaLabel = t("inbox.title");
    this.#compact.ariaLabel = this.#compact.title = t("list.compact");
    this.search.ariaLabel = this.search.placeholder = t("list.search");
    this.search.title = `${t("keys.search")} (/)`;
    this.#blocked.replaceChildren(glyph("mute"), t("sounds.blocked"));
    const [start = "", listed = ""] = this.#starts;
    const [left = "", right = ""] = this.#resizers;
    this.replaceChildren(
      this.#awayStrip,
      this.rail,
      element("nav", { className: "list-column", ariaLabel: t("inbox.title") },
        element("div", { className: "list-head" },
          element("h1", { textContent: t("inbox.title") }), this.#compact),
        element("div", { className: "list-search" }, glyph("search"), this.search),
        this.strip, this.#blocked,
        element("div", { className: "list-scroller" }, this.list, listed)),
      left,
      element("main", {}, this.pane, start, this.#channels),
      right,
      this.#context,
      this.#notice,
    );
    this.#compact.addEventListener("click", this.#turnCompact);
    this.#blocked.addEventListener("click", this.#unlock);
    this.search.addEventListener("input", this.#searched);
    this.search.addEventListener("keydown", this.#searchKey);
    this.addEventListener("click", this.#click);
    this.addEventListener(RESIZED, this.#resized);
    this.addEventListener(FOLDED, this.#folded);
    this.addEventListener(AWAY, this.#away);
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
    this.#compact.removeEventListener("click", this.#turnCompact);
    this.#blocked.removeEventListener("click", this.#unlock);
    this.search.removeEventListener("input", this.#searched);
    this.search.removeEventListener("keydown", this.#searchKey);
    this.removeEventListener("click", this.#click);
    this.removeEventListener(RESIZED, this.#resized);
    this.removeEventListener(FOLDED, this.#folded);
    this.removeEventListener(AWAY, this.#away);
  }

  /** @param {string | null} address */
  set admin(address) {
    this.rail.admin = this.#channels.admin = address;
    for (const start of this.#starts) start.admin = address;
    this.#context.archive = address && `${address}livechat/conversation/`;
  }

  /** @param {BrowserPreferences} preferences */
  set preferences(preferences) {
    this.#preferences = preferences;
    for (const [index, name] of /** @type {const} */ (["list", "context"]).entries()) {
      const resizer = this.#resizers[index];
      if (resizer) resizer.width = preferences.get(name);
      this.style.setProperty(`--${name}`, `${preferences.get(name)}px`);
    }
    this.toggleAttribute("aside", preferences.get("aside"));
    this.#context.folded = preferences.get("folded").split(" ").filter(Boolean);
    this.#showCompact();
  }

  /**
   * @param {State} state
   * @param {string} selected
   * @param {{ outgoing: Outgoing[], typists: (id: string) => string[], isBusy: (id: string) => boolean,
   *   viewers: Viewer[], whereabouts: (id: string) => Whereabouts | null, blocked: boolean }} now
   */
  show(state, selected, { outgoing, typists, isBusy, viewers, whereabouts, blocked }) {
    const conversation = state.conversations.get(selected);
    const inChannels = selected === CHANNELS;
    this.dataset["view"] = inChannels ? "channels" : conversation ? "conversation" : "list";
    this.rail.show(state.me, inChannels);
    this.#awayStrip.show(state.me, isBusy(OWN));
    this.pane.hidden = inChannels || !conversation;
    this.#channels.hidden = !inChannels;
    if (inChannels) this.#channels.show(state, isBusy);
    this.list.show(state, selected, {
      isTyping: (id) => typists(id).includes(VISITOR), isHere: (id) => whereabouts(id)?.is === "here",
    }, this.search.value);
    const visitor = whereabouts(selected);
    this.pane.show(state, conversation, {
      outgoing, typists: typists(selected), busy: isBusy(selected), viewers, visitor,
    });
    this.#context.show(state, conversation, visitor);
    this.#blocked.hidden = !blocked;
    this.#showStart(state, inChannels || Boolean(conversation));
    const news = newsCount(state);
    const title = t(inChannels ? "rail.channels" : "inbox.title");
    document.title = news ? `(${news}) ${title}` : title;
    setBadge(news);
  }

  /** Show or hide the visitor's details. A wide window stores the choice; a narrow one does not. */
  toggleContext() {
    if (matchMedia("(min-width: 1280px)").matches) {
      this.toggleAttribute("aside");
      this.#preferences?.set("aside", this.hasAttribute("aside"));
    } else this.toggleAttribute("context");
  }

  /** Show for five seconds why a command failed. @param {string} code */
  tell(code) {
    clearTimeout(this.#timer);
    this.#notice.textContent = tOneOf("notice", code);
    this.#notice.hidden = false;
    this.#timer = setTimeout(() => {
      this.#notice.hidden = true;
    }, NOTICE_MS);
  }

  /**
   * @param {State} state
   * @param {boolean} busy  whether a conversation or the channels are shown
   */
  #showStart(state, busy) {
    const done = this.#preferences && stepsOf(state, this.#preferences);
    const waiting = [...state.conversations.values()].filter(({ state }) => state === "queued").length;
    const [start, listed] = this.#starts;
    if (start) start.hidden = busy;
    if (!busy) start?.show(state, done, waiting);
    this.idle = !busy && !done;
    if (listed) listed.hidden = !done;
    if (done) listed?.show(state, done, waiting);
  }

  #showCompact() {
    const compact = this.#preferences?.get("compact") ?? false;
    this.toggleAttribute("compact", compact);
    this.#compact.ariaPressed = String(compact);
  }

  #turnCompact = () => {
    this.#preferences?.set("compact", !this.#preferences.get("compact"));
    this.#showCompact();
  };

  #unlock = () => fire(this, UNLOCKED);

  #searched = () => fire(this, SEARCHED);

  #searchKey = (/** @type {KeyboardEvent} */ event) => {
    const first = this.list.ids[0];
    if (event.key === "Escape" && this.search.value) this.#clear();
    else if ((event.key === "ArrowDown" || event.key === "Enter") && first) this.list.reveal(first);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  #clear() {
    this.search.value = "";
    this.search.focus();
    fire(this, SEARCHED);
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const action = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["action"];
    if (action === "clear-search") this.#clear();
  };

  #resized = (/** @type {Event} */ event) => {
    const { done, pane, width } = /** @type {CustomEvent<{ done: boolean, pane: "list" | "context", width: number }>} */ (event).detail;
    this.style.setProperty(`--${pane}`, `${width}px`);
    if (done) this.#preferences?.set(pane, width);
  };

  #folded = (/** @type {Event} */ event) => {
    this.#preferences?.set("folded", /** @type {CustomEvent<string[]>} */ (event).detail.join(" "));
  };

  #away = () => this.toggleContext();
}

/**
 * @param {State} state
 * @returns {number} waiting conversations, and the operator's own with unread entries
 */
function newsCount(state) {
  return [...state.conversations.values()].filter((conversation) => {
    const section = sectionOf(conversation, state.me.id);
    return section === "waiting" || (section === "mine" && unread(state, conversation) > 0);
  }).length;
}

customElements.define("inbox-page", InboxPage);
