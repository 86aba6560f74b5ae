import { day } from "./clock.js";
import { element, fire } from "./element.js";
import { icon } from "./icons.js";
import { places } from "./items.js";
import { draw } from "./message-entry.js";
import { t } from "./texts.js";

/** @import { Item, Place } from "./items.js" */

/** Asks for the entries before the first. */
export const EARLIER = "list:earlier";
/** The reader has come to, or left, the end of the log. */
export const SCROLLED = "list:scrolled";
/** A button under an unsent message: detail `{ action, clientId }`. */
export const ACTED = "list:acted";

const NEAR_END = 48;
const NEAR_START = 160;

/**
 * The log of a conversation. `show` draws it; fires {@link EARLIER}, {@link SCROLLED} and
 * {@link ACTED}. The reader is never moved unless he stands at the end or has just written.
 */
export class MessageList extends HTMLElement {
  /** Whether the newest entry is in view. */
  atEnd = true;

  /** @type {Map<string, { row: HTMLLIElement, drawn: string, state: string }>} */
  #rows = new Map();
  /** @type {string | null} */
  #conversation = null;
  #first = "";
  #highest = 0;
  #hasEarlier = false;
  #saidTypingAt = 0;

  #list = element("ol");
  #typing = element("div", { className: "typing", hidden: true },
    element("span", { className: "dots" }), element("span"));
  #content = element("div", { className: "content" }, this.#list, this.#typing);
  // Screen readers are told by `#said` alone: history, days and one's own words are not news.
  #scroller = element("div", {
    className: "scroller", tabIndex: 0, attributes: { role: "log", "aria-live": "off" },
  }, this.#content);
  #jump = element("button", { type: "button", className: "jump", hidden: true }, icon("arrow"));
  #said = element("div", { className: "visually-hidden", attributes: { role: "status" } });
  #resized = new ResizeObserver(() => this.#stick());

  connectedCallback() {
    this.#scroller.ariaLabel = t("list.label");
    this.#jump.ariaLabel = this.#jump.title = t("list.jump");
    this.replaceChildren(this.#scroller, this.#jump, this.#said);
    this.#scroller.addEventListener("scroll", this.#scrolled, { passive: true });
    this.#scroller.addEventListener("keydown", this.#walk);
    this.#scroller.addEventListener("click", this.#act);
    this.#jump.addEventListener("click", this.#toEnd);
    this.#resized.observe(this.#scroller);
    this.#resized.observe(this.#content);
  }

  disconnectedCallback() {
    this.#scroller.removeEventListener("scroll", this.#scrolled);
    this.#scroller.removeEventListener("keydown", this.#walk);
    this.#scroller.removeEventListener("click", this.#act);
    this.#jump.removeEventListener("click", this.#toEnd);
    this.#resized.disconnect();
  }

  /**
   * @param {string} conversation  another one than before starts at its end, unannounced
   * @param {Item[]} items
   * @param {boolean} hasEarlier  whether there are entries before the first
   */
  show(conversation, items, hasEarlier) {
    const fresh = conversation !== this.#conversation;
    if (fresh) this.atEnd = true;
    this.#conversation = conversation;
    this.#hasEarlier = hasEarlier;
    if (items.some((item) => item.state === "pending" && !this.#rows.has(item.key))) this.atEnd = true;
    if (!fresh) this.#announce(items);
    this.#highest = Math.max(fresh ? 0 : this.#highest, items.at(-1)?.seq ?? 0);

    const height = this.#content.offsetHeight;
    const first = items.find((item) => item.seq)?.key ?? "";
    this.#reconcile(items);
    if (!this.atEnd && first !== this.#first) {
      this.#scroller.scrollTop += this.#content.offsetHeight - height;
    }
    this.#first = first;
    this.#stick();
  }

  /** @param {string[]} names  of those who write at the moment */
  showTyping(names) {
    const text = names.length > 1 ? t("list.typingMore") : t("list.typing", { names: names[0] ?? "" });
    this.#typing.hidden = !names.length;
    /** @type {HTMLElement} */ (this.#typing.lastChild).textContent = text;
    // Said at most once in ten seconds.
    if (names.length && Date.now() - this.#saidTypingAt > 10_000) {
      this.#saidTypingAt = Date.now();
      this.#say(text);
    }
  }

  /** @param {Item[]} items */
  #reconcile(items) {
    const rows = new Map(this.#rows);
    this.#rows.clear();
    const now = new Date();
    const around = places(items);
    const firstDated = this.#hasEarlier ? undefined : items.find((item) => item.at);
    /** @type {Element[]} */
    const wanted = [];
    items.forEach((item, index) => {
      const place = /** @type {Place} */ (around[index]);
      // A chat that began today says so by its times.
      const isPlain = item === firstDated && new Date(item.at).toDateString() === now.toDateString();
      if (place.newDay && !isPlain) {
        const text = day(item.at, now);
        wanted.push(this.#row(rows, `day:${text}`, text, (row) => {
          row.className = "day";
          row.textContent = text;
        }, ""));
      }
      const drawn = JSON.stringify([item, place]);
      wanted.push(this.#row(rows, item.key, drawn, (row) => draw(row, item, place), item.state));
    });
    for (const { row } of rows.values()) row.remove();
    wanted.forEach((row, index) => {
      const present = this.#list.children[index];
      if (present !== row) this.#list.insertBefore(row, present ?? null);
    });
  }

  /**
   * @param {Map<string, { row: HTMLLIElement, drawn: string, state: string }>} rows
   * @param {string} key @param {string} drawn @param {(row: HTMLLIElement) => void} redraw
   * @param {string} state
   */
  #row(rows, key, drawn, redraw, state) {
    const old = rows.get(key);
    rows.delete(key);
    const row = old?.row ?? element("li");
    if (old?.drawn !== drawn) redraw(row);
    this.#rows.set(key, { row, drawn, state });
    return row;
  }

  /** @param {Item[]} items */
  #announce(items) {
    for (const item of items) {
      const before = this.#rows.get(item.key)?.state;
      if (item.side !== "own" && item.seq > this.#highest) {
        this.#say(item.side === "line" ? item.text : t("list.says", { name: item.name, text: item.text }));
      }
      if (before === "pending" && item.state === "sent") this.#say(t("bubble.sent"));
      if (before && before !== "failed" && item.state === "failed") this.#say(t("bubble.failed"));
    }
  }

  /** @param {string} text */
  #say(text) {
    this.#said.append(element("p", { textContent: text }));
    if (this.#said.children.length > 5) this.#said.firstChild?.remove();
  }

  #stick() {
    if (this.atEnd) this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = this.atEnd;
  }

  #toEnd = () => {
    this.atEnd = true;
    this.#stick();
    this.#scroller.focus({ preventScroll: true });
    fire(this, SCROLLED);
  };

  #scrolled = () => {
    const { clientHeight, scrollHeight, scrollTop } = this.#scroller;
    if (!clientHeight) return;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (atEnd !== this.atEnd) {
      this.atEnd = atEnd;
      this.#jump.hidden = atEnd;
      fire(this, SCROLLED);
    }
    if (this.#hasEarlier && scrollTop < NEAR_START) fire(this, EARLIER);
  };

  #walk = (/** @type {KeyboardEvent} */ event) => {
    const rows = /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll(".entry")]);
    const here = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const there = {
      ArrowUp: here < 0 ? rows.length - 1 : here - 1,
      ArrowDown: here < 0 ? rows.length - 1 : here + 1,
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    if (there === undefined || !rows[there]) return;
    event.preventDefault();
    rows[there].focus();
  };

  #act = (/** @type {MouseEvent} */ event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const row = button?.closest("li");
    if (!button || !row) return;
    fire(this, ACTED, { action: button.dataset["action"], clientId: row.dataset["clientId"] });
  };
}

customElements.define("message-list", MessageList);
