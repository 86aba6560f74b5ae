/** The emoji picker. Its style sheet is loaded with it. */

import { element, fire } from "./element.js";
import { GROUPS, Recent, rows, step } from "./emoji.js";
import { t } from "./more-texts.js";

/** Fired when an emoji is chosen; detail is the emoji. */
export const PICKED = "emoji:pick";
/** Fired on Escape: the opener removes the picker and takes the focus back. */
export const CLOSED = "emoji:close";

const PANEL = "emoji-panel";

/** @typedef {{ get: (key: string) => string | null, set: (key: string, value: string) => void }} KeyValueStorage */

/**
 * Emoji by group, after a row of recently used ones. Fires {@link PICKED} and {@link CLOSED}; the
 * opener removes it. Set `storage` before it is shown.
 */
export class EmojiPicker extends HTMLElement {
  /** @type {KeyValueStorage} where recently used emoji are kept */
  storage = new Map();

  #group = GROUPS[0];
  /** @type {HTMLButtonElement[][]} */
  #cells = [];
  #tabs = element("div", { className: "emoji-tabs", role: "tablist" });
  #panel = element("div", { className: "emoji-panel", id: PANEL, role: "tabpanel" });

  connectedCallback() {
    this.role = "dialog";
    this.ariaLabel = t("emoji.title");
    this.#tabs.ariaLabel = t("emoji.groups");
    this.#tabs.replaceChildren(...GROUPS.map(({ name, emoji }) => element("button", {
      type: "button", textContent: emoji[0] ?? "", role: "tab", id: `emoji-${name}`, title: t(`emoji.${name}`),
      ariaLabel: t(`emoji.${name}`), attributes: { "aria-controls": PANEL },
    })));
    this.replaceChildren(this.#tabs, this.#panel);
    this.#draw();
    this.#tabs.addEventListener("click", this.#turn);
    this.#tabs.addEventListener("keydown", this.#turnByKey);
    this.#panel.addEventListener("click", this.#pick);
    this.#panel.addEventListener("keydown", this.#move);
    this.#panel.addEventListener("focusin", this.#rove);
    this.addEventListener("keydown", this.#escape);
  }

  disconnectedCallback() {
    this.#tabs.removeEventListener("click", this.#turn);
    this.#tabs.removeEventListener("keydown", this.#turnByKey);
    this.#panel.removeEventListener("click", this.#pick);
    this.#panel.removeEventListener("keydown", this.#move);
    this.#panel.removeEventListener("focusin", this.#rove);
    this.removeEventListener("keydown", this.#escape);
  }

  /** @override @param {FocusOptions} [options] */
  focus(options) {
    this.#cells.flat().find(({ tabIndex }) => tabIndex === 0)?.focus(options);
  }

  #draw() {
    const group = this.#group;
    if (!group) return;
    [...this.#tabs.children].forEach((tab, index) => {
      const chosen = GROUPS[index] === group;
      tab.ariaSelected = String(chosen);
      /** @type {HTMLElement} */ (tab).tabIndex = chosen ? 0 : -1;
    });
    const used = new Recent(this.storage).emoji;
    const parts = /** @type {const} */ ([["recent", used], [group.name, group.emoji]]);
    this.#cells = [];
    this.#panel.setAttribute("aria-labelledby", `emoji-${group.name}`);
    this.#panel.replaceChildren(element("div", { role: "grid", ariaLabel: t("emoji.title") },
      ...parts.filter(([, emoji]) => emoji.length).map(([name, emoji]) => this.#part(name, emoji))));
    this.#panel.scrollTop = 0;
  }

  /** @param {"recent" | typeof GROUPS[number]["name"]} name @param {string[]} emoji */
  #part(name, emoji) {
    const lines = rows(emoji).map((line) => {
      const cells = line.map((one) => element("button", {
        type: "button", textContent: one, tabIndex: -1,
      }));
      this.#cells.push(cells);
      return element("div", { className: "emoji-row", role: "row" },
        ...cells.map((cell) => element("span", { role: "gridcell" }, cell)));
    });
    const first = this.#cells[0]?.[0];
    if (first) first.tabIndex = 0;
    const title = t(`emoji.${name}`);
    return element("div", { role: "rowgroup", ariaLabel: title },
      element("p", { textContent: title, attributes: { "aria-hidden": "true" } }), ...lines);
  }

  /** @param {number} index */
  #choose(index) {
    const group = GROUPS[(index + GROUPS.length) % GROUPS.length];
    if (group === this.#group) return;
    this.#group = group;
    this.#draw();
  }

  #turn = (/** @type {Event} */ event) => {
    const tab = /** @type {HTMLElement} */ (event.target).closest("button");
    if (tab) this.#choose([...this.#tabs.children].indexOf(tab));
  };

  #turnByKey = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const now = GROUPS.findIndex((group) => group === this.#group);
    const forward = this.#rightToLeft ? -1 : 1;
    if (event.key === "ArrowRight") this.#choose(now + forward);
    else if (event.key === "ArrowLeft") this.#choose(now - forward);
    else if (event.key === "Home") this.#choose(0);
    else if (event.key === "End") this.#choose(-1);
    else if (event.key === "ArrowDown") this.focus();
    else return;
    event.preventDefault();
    if (event.key !== "ArrowDown") {
      /** @type {HTMLElement | null} */ (this.#tabs.querySelector("[tabindex='0']"))?.focus();
    }
  };

  #pick = (/** @type {Event} */ event) => {
    const cell = /** @type {HTMLElement} */ (event.target).closest("button");
    if (!cell?.textContent) return;
    // The recent row is not redrawn now, so that no emoji moves under a finger.
    new Recent(this.storage).add(cell.textContent);
    fire(this, PICKED, cell.textContent);
  };

  #move = (/** @type {KeyboardEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const row = this.#cells.findIndex((cells) => cells.some((cell) => cell === event.target));
    const column = this.#cells[row]?.findIndex((cell) => cell === event.target) ?? 0;
    if (row < 0) return;
    const to = step(this.#cells.map(({ length }) => length), [row, column], event.key, this.#rightToLeft);
    if (!to) return;
    event.preventDefault();
    this.#cells[to[0]]?.[to[1]]?.focus();
  };

  /** Keep only the focused cell in the tab order, so that Tab returns to it. */
  #rove = (/** @type {Event} */ event) => {
    for (const cell of this.#cells.flat()) cell.tabIndex = cell === event.target ? 0 : -1;
  };

  #escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    fire(this, CLOSED);
  };

  get #rightToLeft() {
    return getComputedStyle(this).direction === "rtl";
  }
}

// `import()` of this module also waits for the style sheet, so the picker is not shown unstyled.
const link = element("link", { rel: "stylesheet", href: new URL("../css/emoji.css", import.meta.url).href });
await new Promise((done) => {
  link.onload = link.onerror = done;
  document.head.append(link);
});
customElements.define("emoji-picker", EmojiPicker);
