import { stopwatch } from "../shared/clock.js";
import { element } from "../shared/element.js";
import { t } from "../shared/texts.js";
import { draw } from "./conversation-row.js";
import { SECTIONS, sections } from "./sections.js";
import { said, unread } from "./store.js";

/** @import { Row } from "./conversation-row.js" */
/** @import { Section } from "./sections.js" */
/** @import { State } from "./store.js" */

const AMBER_SECONDS = 60;
const RED_SECONDS = 180;

/** Sections that are shown without a row, too: that they are empty is news. */
const ALWAYS = new Set(/** @type {(string | undefined)[]} */ (["waiting", "mine"]));

/** The list of conversations in its sections; rows are links to `#<conversation>`. */
export class ConversationList extends HTMLElement {
  /** @type {Map<string, { link: HTMLAnchorElement, drawn: string }>} */
  #rows = new Map();
  #ticking = 0;
  #sections = new Map(SECTIONS.map((name) => [name, section(name)]));

  connectedCallback() {
    this.replaceChildren(...[...this.#sections.values()].map(({ box }) => box));
    this.addEventListener("keydown", this.#walk);
    this.#ticking = setInterval(() => this.#tick(), 1000);
  }

  disconnectedCallback() {
    this.removeEventListener("keydown", this.#walk);
    clearInterval(this.#ticking);
  }

  /**
   * @param {State} state
   * @param {string} selected
   * @param {(conversation: string) => boolean} isTyping
   */
  show(state, selected, isTyping) {
    const channels = new Map(state.channels.map((channel) => [channel.id, channel]));
    const focused = /** @type {HTMLElement | null} */ (document.activeElement);
    const old = new Map(this.#rows);
    this.#rows.clear();
    for (const [name, list] of Object.entries(sections(state.conversations.values(), state.me.id))) {
      const links = list.map((conversation) => {
        const channel = channels.get(conversation.channel);
        return this.#row(old, state.me.id, {
          conversation,
          colour: channel?.colour ?? "",
          channel: channel?.name ?? "",
          said: said(state, conversation),
          // What a colleague has to read is not ours to count.
          unread: name === "waiting" || name === "mine" ? unread(state, conversation) : 0,
          typing: isTyping(conversation.id),
          selected: conversation.id === selected,
        });
      });
      fill(/** @type {Parts} */ (this.#sections.get(/** @type {Section} */ (name))), links, state.loaded);
    }
    // A row that moves to another section loses the focus on its way.
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
    this.#tick();
  }

  /** @param {Map<string, { link: HTMLAnchorElement, drawn: string }>} old @param {string | null} me @param {Row} row */
  #row(old, me, row) {
    const { id } = row.conversation;
    const before = old.get(id);
    const link = before?.link ?? element("a", { className: "row" });
    const drawn = JSON.stringify([row, me]);
    if (before?.drawn !== drawn) draw(link, row, me);
    this.#rows.set(id, { link, drawn });
    return link;
  }

  #tick() {
    const now = Date.now();
    for (const clock of /** @type {NodeListOf<HTMLElement>} */ (this.querySelectorAll(".clock"))) {
      const seconds = (now - Date.parse(clock.dataset["since"] ?? "")) / 1000;
      const text = stopwatch(seconds);
      clock.textContent = text;
      clock.title = t("inbox.waited", { time: text });
      clock.dataset["level"] = seconds >= RED_SECONDS ? "red" : seconds >= AMBER_SECONDS ? "amber" : "";
    }
  }

  #walk = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const links = /** @type {HTMLElement[]} */ ([...this.querySelectorAll(".row")]);
    const there = links[links.indexOf(/** @type {HTMLElement} */ (document.activeElement)) + step];
    if (!there) return;
    event.preventDefault();
    there.focus();
  };
}

/** @typedef {{ box: HTMLElement, count: HTMLElement, rows: HTMLElement, none: HTMLElement }} Parts */

/** @param {Section} name @returns {Parts} */
function section(name) {
  const count = element("span", { className: "section-count" });
  const rows = element("div", { className: "rows" });
  const none = element("p", {
    className: "none", textContent: t(name === "waiting" ? "inbox.allAnswered" : "inbox.none"),
  });
  const box = element("section", { data: { section: name }, ariaLabel: t(`inbox.${name}`) },
    element("h2", { textContent: t(`inbox.${name}`) }, " ", count), rows, none);
  return { box, count, none, rows };
}

/** @param {Parts} parts @param {HTMLElement[]} links @param {boolean} loaded */
function fill({ box, count, none, rows }, links, loaded) {
  count.textContent = links.length ? String(links.length) : "";
  none.hidden = !loaded || links.length > 0;
  box.hidden = !links.length && !ALWAYS.has(box.dataset["section"]);
  const wanted = new Set(links);
  for (const row of [...rows.children]) if (!wanted.has(/** @type {HTMLElement} */ (row))) row.remove();
  links.forEach((link, index) => {
    if (rows.children[index] !== link) rows.insertBefore(link, rows.children[index] ?? null);
  });
}

customElements.define("conversation-list", ConversationList);
