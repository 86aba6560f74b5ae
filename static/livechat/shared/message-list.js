/** The log of messages, in widget and inbox. */

import { day } from "./dates.js";
import { element, fire } from "./element.js";
import { icon } from "./icons.js";
import { places } from "./log-items.js";
import { ACTED, EARLIER, SCROLLED } from "./message-list-events.js";
import { draw } from "./message-entry.js";
import { secondClick } from "./second-click.js";
import { now } from "./server-time.js";
import { t } from "./texts.js";

/** @import { Item, Place } from "./log-items.js" */

const NEAR_END = 48;
const NEAR_START = 160;
/** Maximum number of rows. Of a longer log only the part around the reader is drawn. */
const MOST = 600;
const STEP = 100;

/**
 * The log of a conversation. `show` draws it; fires {@link EARLIER}, {@link SCROLLED} and
 * {@link ACTED}. It scrolls by itself only for a reader who is at the end, has just sent a message,
 * or returns. `returned` sets how far they had read: a line marks that place until the next return.
 */
export class MessageList extends HTMLElement {
  /** Whether the newest entry is in view. */
  atEnd = true;

  /** @type {Map<string, Row>} */
  #rows = new Map();
  /** @type {string | null} */
  #conversation = null;
  #highest = 0;
  #hasEarlier = false;
  #saidTypingAt = 0;
  /** `seq` from `returned`, until `show` has placed the line. @type {number | null} */
  #came = null;
  /** The line is above the first message of others with a greater `seq`. */
  #newAfter = Infinity;
  /** Highest `seq` that the reader has seen, for the count of new messages below. */
  #read = 0;
  /** @type {Item[]} */
  #items = [];
  /** The key of the first item that is drawn; "" if the end is in view. */
  #top = "";
  /** How many items there are before and after those drawn. */
  #above = 0;
  #below = 0;
  /** @type {Set<string>} keys of pending messages so far: another key is a new message */
  #written = new Set();
  /** First row in view, and its offset to keep. @type {{ row: Element, top: number } | null} */
  #anchor = null;
  #isSecond = secondClick();

  #list = element("ol");
  #typing = element("div", { className: "typing", hidden: true },
    element("span", { className: "dots" }), element("span"));
  #content = element("div", { className: "content" }, this.#list, this.#typing);
  // Screen readers announce only `#said`: not the history, dates or the reader's own messages.
  #scroller = element("div", {
    className: "scroller", tabIndex: 0, attributes: { role: "log", "aria-live": "off" },
  }, this.#content);
  #count = element("span");
  #jump = element("button", { type: "button", className: "jump", hidden: true }, this.#count, icon("arrow"));
  #said = element("div", { className: "visually-hidden", attributes: { role: "status" } });
  #resized = new ResizeObserver(() => {
    this.#hold();
    this.#stick();
  });

  connectedCallback() {
    this.#scroller.ariaLabel = t("list.label");
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

  /** Note that the reader returns to the log, having read up to `seen`. @param {number} seen */
  returned(seen) {
    this.#came = seen;
  }

  /**
   * @param {string} conversation  a different one starts at its end and is not announced
   * @param {Item[]} items
   * @param {boolean} hasEarlier  whether there are entries before the first
   */
  show(conversation, items, hasEarlier) {
    const fresh = conversation !== this.#conversation;
    if (fresh) {
      this.atEnd = true;
      this.#anchor = null;
      this.#newAfter = Infinity;
    }
    this.#conversation = conversation;
    this.#hasEarlier = hasEarlier;
    for (const { key, state } of items) {
      if (state !== "pending" || this.#written.has(key)) continue;
      this.#written.add(key);
      this.atEnd = true;
    }
    if (!fresh) this.#announce(items);
    this.#highest = Math.max(fresh ? 0 : this.#highest, items.at(-1)?.seq ?? 0);

    const arrives = this.#came !== null && this.#highest > 0;
    if (arrives) {
      const seen = this.#came ?? 0;
      // If everything is new, no line is needed.
      this.#newAfter = seen && items.some((item) => isNews(item, seen)) ? seen : Infinity;
      this.#came = null;
    }
    if (this.atEnd) this.#read = this.#highest;
    const news = items.filter((item) => isNews(item, this.#read)).length;
    this.#count.textContent = news ? String(news) : "";
    this.#jump.ariaLabel = this.#jump.title = news ? t("list.jumpNew", { count: news }) : t("list.jump");
    this.#items = items;
    this.#redraw();
    if (arrives) this.#toNews();
    // At the top the reader cannot scroll to draw the entries that have just arrived.
    if (!this.atEnd && this.#above && this.#scroller.scrollTop < NEAR_START) this.#move(-STEP);
  }

  #redraw() {
    const items = this.#items;
    if (this.atEnd) this.#top = "";
    const index = items.findIndex(({ key }) => key === this.#top);
    this.#above = index < 0 ? Math.max(0, items.length - MOST / 2) : index;
    if (!this.atEnd) this.#top = items[this.#above]?.key ?? "";
    const drawn = items.slice(this.#above, this.#above + MOST);
    this.#below = items.length - this.#above - drawn.length;
    this.#reconcile(drawn);
    this.#hold();
    this.#stick();
  }

  /** Move the drawn part of the log. @param {number} by  items */
  #move(by) {
    this.#top = this.#items[Math.max(0, this.#above + by)]?.key ?? "";
    this.#redraw();
  }

  /** Scroll back to the line if it is above the view. */
  #toNews() {
    const line = this.#rows.get(NEWS)?.row;
    if (!line || !this.#scroller.clientHeight) return;
    const above = this.#scroller.getBoundingClientRect().top - line.getBoundingClientRect().top;
    if (above > 0) this.#scroller.scrollTop -= above;
  }

  /** @param {string[]} names  of the people who are typing */
  showTyping(names) {
    const text = names.length > 1 ? t("list.typingMore") : t("list.typing", { names: names[0] ?? "" });
    this.#typing.hidden = !names.length;
    /** @type {HTMLElement} */ (this.#typing.lastChild).textContent = text;
    // Announced at most once in ten seconds.
    if (names.length && Date.now() - this.#saidTypingAt > 10_000) {
      this.#saidTypingAt = Date.now();
      this.#say(text);
    }
  }

  /** @param {Item[]} items */
  #reconcile(items) {
    const rows = new Map(this.#rows);
    this.#rows.clear();
    const today = now();
    const around = places(items);
    const firstDated = this.#hasEarlier || this.#above ? undefined : items.find((item) => item.at);
    const firstNew = items.find((item) => isNews(item, this.#newAfter));
    /** @type {Element[]} */
    const wanted = [];
    items.forEach((item, index) => {
      const place = /** @type {Place} */ (around[index]);
      if (this.#below) place.showState = item.state === "failed";
      // A chat that began today needs no date.
      const isPlain = item === firstDated && new Date(item.at).toDateString() === today.toDateString();
      if (place.newDay && !isPlain) {
        const text = day(item.at, today);
        wanted.push(this.#row(rows, `day:${text}`, text, (row) => {
          row.className = "day";
          row.textContent = text;
        }));
      }
      if (item === firstNew) {
        wanted.push(this.#row(rows, NEWS, NEWS, (row) => {
          row.className = "new-line";
          row.append(element("span", { textContent: t("list.new") }));
        }));
      }
      wanted.push(this.#row(rows, item.key, { ...item, ...place }, (row) => draw(row, item, place), item.state));
    });
    for (const { row } of rows.values()) row.remove();
    wanted.forEach((row, index) => {
      const present = this.#list.children[index];
      if (present !== row) this.#list.insertBefore(row, present ?? null);
    });
  }

  /**
   * @param {Map<string, Row>} rows
   * @param {string} key @param {Row["drawn"]} drawn @param {(row: HTMLLIElement) => void} redraw
   * @param {string} [state]
   */
  #row(rows, key, drawn, redraw, state = "") {
    const old = rows.get(key);
    rows.delete(key);
    const row = old?.row ?? element("li");
    if (!old || !same(old.drawn, drawn)) redraw(row);
    this.#rows.set(key, { row, drawn, state });
    return row;
  }

  /** @param {Item[]} items */
  #announce(items) {
    for (const item of items) {
      const before = this.#rows.get(item.key)?.state;
      if (item.side !== "own" && item.seq > this.#highest) {
        const text = [item.text, ...item.files?.map(({ name }) => name) ?? []].filter(Boolean).join(", ");
        this.#say(item.side === "line" ? text : t("list.says", { name: item.name, text }));
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

  /** Keep the reader's position when rows above it are added, resized or removed. */
  #hold() {
    const anchor = this.#anchor;
    if (this.atEnd || !anchor?.row.isConnected || !this.#scroller.clientHeight) return;
    const moved = anchor.row.getBoundingClientRect().top - this.#scroller.getBoundingClientRect().top - anchor.top;
    if (Math.abs(moved) >= 1) this.#scroller.scrollTop += moved;
  }

  /** @returns {{ row: Element, top: number } | null} the first entry in view */
  #inView() {
    const { top } = this.#scroller.getBoundingClientRect();
    const rows = this.#list.children;
    let from = 0;
    let to = rows.length - 1;
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((rows[middle]?.getBoundingClientRect().bottom ?? 0) > top) to = middle;
      else from = middle + 1;
    }
    // Skip rows that are no entries: they depend on the entry below them.
    while (rows[from] && !rows[from]?.classList.contains("entry")) from += 1;
    const row = rows[from];
    return row ? { row, top: row.getBoundingClientRect().top - top } : null;
  }

  #toEnd = () => {
    this.atEnd = true;
    this.#redraw();
    this.#scroller.focus({ preventScroll: true });
    fire(this, SCROLLED);
  };

  #scrolled = () => {
    const { clientHeight, scrollHeight, scrollTop } = this.#scroller;
    if (!clientHeight) return;
    const left = scrollHeight - scrollTop - clientHeight;
    const atEnd = !this.#below && left < NEAR_END;
    this.#anchor = atEnd ? null : this.#inView();
    if (atEnd !== this.atEnd) {
      this.atEnd = atEnd;
      this.#jump.hidden = atEnd;
      fire(this, SCROLLED);
    }
    if (scrollTop < NEAR_START && this.#above) this.#move(-STEP);
    else if (scrollTop < NEAR_START && this.#hasEarlier) fire(this, EARLIER);
    else if (this.#below && left < NEAR_START) this.#move(STEP);
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
    // After the first click the same place may belong to another message.
    if (!button?.closest(".state") || this.#isSecond(event)) return;
    const row = button?.closest("li");
    if (!button || !row) return;
    fire(this, ACTED, { action: button.dataset["action"], clientId: row.dataset["clientId"] });
  };
}

/** @typedef {{ row: HTMLLIElement, drawn: string | Record<string, unknown>, state: string }} Row */

/** The key of the line above new messages; no message has this key. */
const NEWS = "news";

/** @param {Item} item @param {number} after */
function isNews({ seq, side }, after) {
  return side === "other" && seq > after;
}

/** @param {Row["drawn"]} one @param {Row["drawn"]} other */
function same(one, other) {
  if (typeof one === "string" || typeof other === "string") return one === other;
  return Object.keys(other).every((key) => one[key] === other[key]);
}

customElements.define("message-list", MessageList);
