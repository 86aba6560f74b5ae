/** Rows of the channel's form: its rules and its operators. */

import { pickCountries } from "./countries.js";
import { announce } from "./announce.js";

const STEP = 10;
/** Pixels from the window's edge in which dragging scrolls. */
const EDGE = 80;
/** Pixels to scroll for each move of the pointer. */
const SCROLL = 16;
const OPENS = "auto_popup";

/**
 * Let rows be added, removed and reordered.
 * @param {HTMLElement} root
 */
export function startRows(root) {
  for (const part of root.querySelectorAll("[data-rows]")) start(/** @type {HTMLElement} */ (part));
}

/** @param {HTMLElement} part */
function start(part) {
  const list = /** @type {HTMLElement} */ (part.querySelector(".rows"));
  const template = list.querySelector("template");
  const total = /** @type {HTMLInputElement | null} */ (part.querySelector("[name$=-TOTAL_FORMS]"));
  const add = /** @type {HTMLButtonElement | null} */ (part.querySelector("button[data-add]"));
  const empty = /** @type {HTMLElement | null} */ (part.querySelector(".empty"));
  const ordered = part.dataset.ordered !== undefined;

  const rows = () => /** @type {HTMLElement[]} */ ([...list.querySelectorAll(":scope > .row")]);
  const kept = () => rows().filter((row) => !removal(row)?.checked);

  function refresh() {
    if (empty) empty.hidden = rows().length > 0;
    part.classList.toggle("has-rows", rows().length > 0);
    if (!ordered) return;
    const order = kept();
    rows().forEach((row, index) => {
      const sequence = /** @type {HTMLInputElement | null} */ (row.querySelector("[name$=-sequence]"));
      if (sequence) sequence.value = String((index + 1) * STEP);
      for (const button of row.querySelectorAll("[data-move]")) {
        const up = /** @type {HTMLElement} */ (button).dataset.move === "-1";
        /** @type {HTMLButtonElement} */ (button).disabled = row === (up ? order[0] : order.at(-1));
      }
    });
  }

  /** @param {HTMLElement} row */
  function tellPlace(row) {
    const order = kept();
    announce(part.dataset.moved?.replace("{place}", String(order.indexOf(row) + 1)).replace("{count}", String(order.length)));
  }

  /** @param {HTMLElement} row @param {number} step */
  function move(row, step) {
    const order = rows();
    const other = order[order.indexOf(row) + step];
    if (!other) return;
    if (step < 0) other.before(row);
    else other.after(row);
    refresh();
    tellPlace(row);
  }

  /** @param {HTMLElement} row */
  function prepare(row) {
    const removed = removal(row);
    const mark = () => row.classList.toggle("removed", Boolean(removed?.checked));
    removed?.addEventListener("change", () => {
      mark();
      refresh();
      announce(removed.checked ? part.dataset.removed : part.dataset.restored);
    });
    mark();
    if (!ordered) return;
    const order = /** @type {HTMLElement | null} */ (row.querySelector(".order"));
    if (order) order.hidden = false;
    row.addEventListener("click", (event) => {
      const button = event.target instanceof Element && event.target.closest("[data-move]");
      if (!(button instanceof HTMLButtonElement)) return;
      move(row, Number(button.dataset.move));
      if (!button.disabled) button.focus();
      else row.querySelector(/** @type {"button"} */ ("[data-move]:not(:disabled)"))?.focus();
    });
    row.querySelector(".grip")?.addEventListener("pointerdown", (event) => {
      drag(row, /** @type {PointerEvent} */ (event));
    });
    followAction(row);
    const countries = row.querySelector("[data-countries] input");
    if (countries) pickCountries(/** @type {HTMLInputElement} */ (countries));
  }

  /** @param {HTMLElement} row @param {PointerEvent} start */
  function drag(row, start) {
    if (start.button !== 0) return;
    start.preventDefault();
    const grip = /** @type {HTMLElement} */ (start.currentTarget);
    grip.setPointerCapture(start.pointerId);
    row.classList.add("dragged");

    /** @param {PointerEvent} event */
    const follow = (event) => {
      if (event.clientY < EDGE) scrollBy(0, -SCROLL);
      else if (event.clientY > innerHeight - EDGE) scrollBy(0, SCROLL);
      const order = rows();
      const over = order.find((other) => {
        const { top, bottom } = other.getBoundingClientRect();
        return other !== row && event.clientY > top && event.clientY < bottom;
      });
      if (!over) return;
      const { top, height } = over.getBoundingClientRect();
      // Only beyond the middle, else rows of different heights would swap back and forth.
      const below = event.clientY > top + height / 2;
      const [from, to] = [order.indexOf(row), order.indexOf(over)];
      // Move the other rows: a node that is moved loses the captured pointer.
      if (below && to > from) row.before(...order.slice(from + 1, to + 1));
      else if (!below && to < from) row.after(...order.slice(to, from));
    };
    const stop = () => {
      grip.removeEventListener("pointermove", follow);
      row.classList.remove("dragged");
      refresh();
      tellPlace(row);
    };
    grip.addEventListener("pointermove", follow);
    grip.addEventListener("lostpointercapture", stop, { once: true });
  }

  function addRow() {
    if (!template || !total) return;
    const made = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    for (const node of made.querySelectorAll("*")) {
      for (const { name, value } of [...node.attributes]) {
        if (value.includes("__prefix__")) node.setAttribute(name, value.replaceAll("__prefix__", total.value));
      }
    }
    const row = /** @type {HTMLElement} */ (made.querySelector(".row"));
    template.before(made);
    total.value = String(Number(total.value) + 1);
    prepare(row);
    refresh();
    // Django's autocomplete fields start on this event.
    row.dispatchEvent(new CustomEvent("formset:added", { bubbles: true, detail: { formsetName: "" } }));
    row.querySelector(/** @type {"select"} */ (".select2-selection, select, input:not([type=hidden])"))?.focus();
    announce(part.dataset.added);
  }

  if (ordered) {
    // After an error new rows come last: restore the order from their sequence numbers.
    const place = (/** @type {HTMLElement} */ row) =>
      Number(/** @type {HTMLInputElement | null} */ (row.querySelector("[name$=-sequence]"))?.value ?? 0);
    const sorted = rows().sort((one, other) => place(one) - place(other));
    if (sorted.some((row) => row.querySelector("[name$=-sequence]"))) list.prepend(...sorted);
  }
  rows().forEach(prepare);
  if (add) {
    add.hidden = false;
    add.addEventListener("click", addRow);
  }
  refresh();
}

/** @param {HTMLElement} row */
function removal(row) {
  return /** @type {HTMLInputElement | null} */ (row.querySelector(".remove input"));
}

/**
 * Show the timer only for rules that open the chat, and dim a condition without a bot.
 * @param {HTMLElement} row
 */
function followAction(row) {
  const action = /** @type {HTMLSelectElement | null} */ (row.querySelector("[data-action] select"));
  const timer = row.querySelector("[data-timer]");
  const bot = /** @type {HTMLSelectElement | null} */ (row.querySelector("[data-bot] select"));
  const condition = /** @type {HTMLElement | null} */ (row.querySelector("[data-condition]"));
  const refresh = () => {
    const input = /** @type {HTMLInputElement | null} */ (timer?.querySelector("input") ?? null);
    const seconds = /** @type {HTMLElement | null} */ (timer?.querySelector(".seconds") ?? null);
    const none = /** @type {HTMLElement | null} */ (timer?.querySelector(".none") ?? null);
    if (action && input && seconds && none) {
      // A field with an error is always shown.
      const shown = action.value === OPENS || timer?.classList.contains("errors") === true;
      if (!shown && !input.checkValidity()) input.value = "0";
      seconds.hidden = !shown;
      none.hidden = shown;
    }
    if (condition && bot) condition.classList.toggle("void", !bot.value);
  };
  action?.addEventListener("change", refresh);
  bot?.addEventListener("change", refresh);
  refresh();
}
