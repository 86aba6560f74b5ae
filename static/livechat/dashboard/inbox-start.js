/** What an operator sees while no conversation is open. */

import { midnight } from "../shared/dates.js";
import { element, fire } from "../shared/element.js";
import { now } from "../shared/server-time.js";
import { stopwatch } from "../shared/short-times.js";
import { STEPS } from "./first-steps.js";
import { glyph } from "./inbox-icons.js";
import { t } from "./texts.js";

/** @import { Step } from "./first-steps.js" */
/** @import { AnswersTold } from "../shared/wire.d.ts" */
/** @import { State } from "./store.js" */
/** @import { Key } from "./texts.js" */

/** A button was pressed; detail is sounds, dismiss, sheet or next. */
export const BEGUN = "start:begun";

/** Shown while no conversation is: the first steps, or what to do next. Fires {@link BEGUN}. */
export class InboxStart extends HTMLElement {
  /** @type {string | null} */
  admin = null;
  #drawn = "";

  connectedCallback() {
    this.addEventListener("click", this.#click);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
  }

  /** @param {State} state @param {Record<Step, boolean> | null} done @param {number} waiting */
  show(state, done, waiting) {
    const link = state.channels.find(({ joined }) => joined)?.link ?? state.channels[0]?.link ?? "";
    const average = done ? "" : averageOf(state.answers);
    const drawn = JSON.stringify([state.loaded, done, waiting, link, state.channels.length, average]);
    if (drawn === this.#drawn) return;
    const held = this.#holds();
    this.#drawn = drawn;
    this.replaceChildren(...(!state.loaded ? [] : done ? [this.#list(done, link)] : this.#nothing(waiting, link, average)));
    if (held) /** @type {HTMLElement | null} */ (this.querySelector(held))?.focus({ preventScroll: true });
  }

  /** @returns {string} a selector of the focused child, "" for none */
  #holds() {
    const held = document.activeElement;
    if (!(held instanceof HTMLElement) || !this.contains(held)) return "";
    const { begin, step } = held.dataset;
    if (step) return `[data-step=${step}]`;
    return begin ? `[data-begin=${begin}]` : `[href="${CSS.escape(held.getAttribute("href") ?? "")}"]`;
  }

  /** @param {Record<Step, boolean>} done @param {string} link */
  #list(done, link) {
    const number = STEPS.filter((step) => done[step]).length;
    const next = STEPS.find((step) => !done[step]);
    const bar = element("progress", { max: STEPS.length, value: number });
    bar.ariaLabel = t("steps.progress", { done: number, all: STEPS.length });
    return element("section", { className: "steps", ariaLabel: t("steps.title") },
      element("div", { className: "steps-head" },
        element("h2", { textContent: t("steps.title") }),
        element("p", { textContent: t("steps.progress", { done: number, all: STEPS.length }) }), bar),
      element("ol", { role: "list" }, ...STEPS.map((step, index) => this.#step(step, index, done[step], step === next, link))),
      element("button", { type: "button", className: "link", textContent: t("action.dismiss"), data: { begin: "dismiss" } }));
  }

  /** @param {Step} step @param {number} index @param {boolean} done @param {boolean} next @param {string} link */
  #step(step, index, done, next, link) {
    const title = element("span", { className: "step-title", textContent: t(/** @type {Key} */ (`steps.${step}`)) },
      done && element("span", { className: "visually-hidden", textContent: ` (${t("steps.done")})` }));
    const words = element("span", { className: "step-words" }, title,
      element("span", { className: "step-hint", textContent: t(/** @type {Key} */ (`steps.${step}Hint`)) }));
    const mark = element("span", { className: "step-mark", attributes: { "aria-hidden": "true" } },
      done ? glyph("check") : String(index + 1));
    const href = {
      answers: "#channels", introduced: "/profile/", sounds: "", chatted: link,
      embedded: this.admin ? `${this.admin}livechat/channel/` : "",
    }[step];
    const className = `step${done ? " is-done" : ""}${next ? " is-next" : ""}`;
    const inside = href && !done
      ? element("a", { href, target: step === "chatted" ? "_blank" : "", className, data: { step } }, mark, words, glyph("back"))
      : step === "sounds" && !done
        ? element("button", { type: "button", className, data: { begin: "sounds", step } }, mark, words, glyph("back"))
        : element("span", { className }, mark, words);
    return element("li", {}, inside);
  }

  /** @param {number} waiting @param {string} link @param {string} average */
  #nothing(waiting, link, average) {
    const title = waiting ? t("empty.waiting", { count: waiting }) : t("inbox.noneWaiting");
    return [element("div", { className: "nothing" },
      element("div", { className: "nothing-mark", attributes: { "aria-hidden": "true" } }, waiting ? glyph("bell") : glyph("check")),
      element("h2", { className: "empty-title", textContent: title }),
      average && element("p", { className: "nothing-figure", textContent: t("empty.average", { time: average }) }),
      element("p", { textContent: t(waiting ? "empty.pick" : "empty.quiet") }),
      element("div", { className: "nothing-steps" },
        waiting > 0 && element("button", {
          type: "button", className: "primary", textContent: t("empty.openLongest"), data: { begin: "next" },
        }),
        link && element("a", { className: "button", href: link, target: "_blank", textContent: t("empty.tryOut") }),
        this.admin && element("a", {
          className: "button", href: `${this.admin}livechat/channel/`, textContent: t("empty.website"),
        }),
        element("button", { type: "button", className: "keys-button", textContent: t("empty.shortcuts"), data: { begin: "sheet" } })))];
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const begin = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset["begin"];
    if (begin) fire(this, BEGUN, begin);
  };
}

/** @param {AnswersTold | null} answers @returns {string} "" without an average of today */
function averageOf(answers) {
  if (answers?.seconds == null || Date.parse(answers.since) !== midnight(now())) return "";
  return stopwatch(answers.seconds);
}

customElements.define("inbox-start", InboxStart);
