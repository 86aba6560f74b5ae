/** The inbox's list of conversations, with search results and waiting times. */

import { stopwatch } from "../../shared/short-times.js";
import { element } from "../../shared/element.js";
import { now } from "../../shared/server-time.js";
import { draw } from "./conversation-row.js";
import { has } from "./search.js";
import { SECTIONS, sections } from "./sections.js";
import { said, unread } from "../store.js";
import { t } from "../texts.js";
import { lastLine, visitorName } from "./conversation-texts.js";

/** @import { Row } from "./conversation-row.js" */
/** @import { Section } from "./sections.js" */
/** @import { State } from "../store.js" */
/** @import { Key } from "../texts.js" */

/** Sections that are also shown empty. */
const ALWAYS = new Set(/** @type {(string | undefined)[]} */ (["waiting", "mine"]));

/** @type {Record<Section, Key>} */
const TITLES = {
  waiting: "inbox.waiting", mine: "inbox.mine", help: "list.help", customer: "list.customer", bot: "list.bot",
  team: "inbox.team", closed: "inbox.closed",
};

/**
 * The list of conversations in its sections; rows are links to `#<conversation>`. A row is redrawn
 * only when its data changed, and laid out only when in view (`content-visibility`).
 */
export class ConversationList extends HTMLElement {
  /** The shown conversations, from the top. @type {string[]} */
  ids = [];
  /**
   * Waiting ones and the operator's own, from the top, also those that a search hides.
   * @type {string[]}
   */
  open = [];
  /** The operator's own, from the top, also those that a search hides. @type {string[]} */
  mine = [];

  /** @type {Map<string, { link: HTMLAnchorElement, row: Row, clock: HTMLElement | null }>} */
  #rows = new Map();
  #ticking = 0;
  #query = "";
  #sections = new Map(SECTIONS.map((name) => [name, section(name)]));
  #noHit = element("div", { className: "no-hit", hidden: true });

  connectedCallback() {
    this.replaceChildren(...[...this.#sections.values()].map(({ box }) => box), this.#noHit);
    this.#ticking = setInterval(() => this.#tick(), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
  }

  /**
   * @param {State} state
   * @param {string} selected
   * @param {{ isTyping: (conversation: string) => boolean, isHere: (conversation: string) => boolean }} visitors
   * @param {string} query
   */
  show(state, selected, { isTyping, isHere }, query) {
    const channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const old = this.#rows;
    this.#rows = new Map();
    this.#query = query.trim();
    const found = sections(state.conversations.values(), state.me.id);
    this.ids = [];
    for (const name of SECTIONS) {
      /** @type {HTMLAnchorElement[]} */
      const links = [];
      for (const conversation of found[name]) {
        const row = {
          conversation,
          channel: channels.get(conversation.channel),
          said: said(state, conversation),
          // Entries that a colleague has to read are not counted.
          unread: name === "team" || name === "bot" || name === "help" ? 0 : unread(state, conversation),
          typing: isTyping(conversation.id),
          here: isHere(conversation.id),
          selected: conversation.id === selected,
          me: state.me.id,
        };
        if (this.#query && !fits(this.#query, row)) continue;
        links.push(this.#row(old, row));
        this.ids.push(conversation.id);
      }
      fill(/** @type {Parts} */ (this.#sections.get(name)), links, state.loaded, Boolean(this.#query));
    }
    this.mine = found.mine.map(({ id }) => id);
    this.open = [...found.waiting, ...found.mine].map(({ id }) => id);
    this.#showNoHit(state.loaded);
    // A row loses the focus when it moves to another section.
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
    this.#tick();
  }

  /** The conversation whose row has the focus; "" for none. */
  get focused() {
    const row = document.activeElement?.closest("a.row");
    return row && this.contains(row) ? /** @type {HTMLElement} */ (row).dataset["conversation"] ?? "" : "";
  }

  /** @param {string} id */
  reveal(id) {
    const link = this.#rows.get(id)?.link;
    link?.focus({ preventScroll: true });
    link?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Map<string, { link: HTMLAnchorElement, row: Row, clock: HTMLElement | null }>} old @param {Row} row */
  #row(old, row) {
    const { id } = row.conversation;
    let known = old.get(id);
    if (!known || !same(known.row, row)) {
      const link = known?.link ?? element("a", { className: "row" });
      known = { link, row, clock: draw(link, row) };
    }
    this.#rows.set(id, known);
    return known.link;
  }

  /** @param {boolean} loaded */
  #showNoHit(loaded) {
    const nothing = loaded && Boolean(this.#query) && !this.ids.length;
    if (nothing === !this.#noHit.hidden && (!nothing || this.#noHit.dataset["query"] === this.#query)) return;
    this.#noHit.hidden = !nothing;
    this.#noHit.dataset["query"] = this.#query;
    this.#noHit.replaceChildren(
      element("p", { className: "empty-title", textContent: t("list.noResults", { query: this.#query }) }),
      element("p", { textContent: t("list.noResultsHint") }),
      element("button", { type: "button", textContent: t("list.clear"), data: { action: "clear-search" } }),
    );
  }

  #tick() {
    const at = now().getTime();
    for (const { clock, row } of this.#rows.values()) {
      if (!clock) continue;
      const seconds = (at - Date.parse(row.conversation.waiting_since ?? "")) / 1000;
      const text = stopwatch(seconds);
      const words = /** @type {HTMLElement} */ (clock.lastChild);
      if (words.textContent === text) continue;
      words.textContent = text;
      clock.title = t("inbox.waitingFor", { time: text });
      const { amber_after = 60, red_after = 180 } = row.channel ?? {};
      clock.dataset["level"] = seconds >= red_after ? "red" : seconds >= amber_after ? "amber" : "";
    }
  }
}

/** @param {Row} one @param {Row} other */
function same(one, other) {
  const keys = /** @type {(keyof Row)[]} */ (Object.keys(one));
  return keys.every((key) => one[key] === other[key]
    || key === "channel" && JSON.stringify(one.channel) === JSON.stringify(other.channel));
}

/** @param {string} query @param {Row} row */
function fits(query, { channel, conversation, me, said }) {
  return has(query, [visitorName(conversation), conversation.visitor.email, lastLine(said, me), channel?.name ?? ""]);
}

/** @typedef {{ box: HTMLElement, count: HTMLElement, rows: HTMLElement, none: HTMLElement }} Parts */

/** @param {Section} name @returns {Parts} */
function section(name) {
  const title = t(TITLES[name]);
  const count = element("span", { className: "section-count" });
  const rows = element("div", { className: "rows" });
  const none = element("p", {
    className: "none", textContent: t(name === "waiting" ? "inbox.noneWaiting" : "inbox.none"),
  });
  const box = element("section", { data: { section: name }, ariaLabel: title },
    element("h2", { textContent: title }, " ", count), rows, none);
  return { box, count, none, rows };
}

/** @param {Parts} parts @param {HTMLElement[]} links @param {boolean} loaded @param {boolean} searching */
function fill({ box, count, none, rows }, links, loaded, searching) {
  const number = links.length ? String(links.length) : "";
  if (count.textContent !== number) count.textContent = number;
  none.hidden = !loaded || links.length > 0;
  box.hidden = !links.length && (searching || !ALWAYS.has(box.dataset["section"]));
  // Rows that stay are not moved: moving costs a layout and the focus.
  const wanted = new Set(links);
  for (const row of [...rows.children]) if (!wanted.has(/** @type {HTMLElement} */ (row))) row.remove();
  let next = rows.firstElementChild;
  for (const link of links) {
    if (link === next) next = next.nextElementSibling;
    else rows.insertBefore(link, next);
  }
}

customElements.define("conversation-list", ConversationList);
