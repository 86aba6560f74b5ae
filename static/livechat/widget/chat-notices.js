/** The widget's notices about waiting, rate limits and failures. */

import { stopwatch } from "../shared/short-times.js";
import { element, fire } from "../shared/element.js";
import { now } from "../shared/server-time.js";
import { t } from "./texts.js";

/** The visitor wants to end the chat; a confirmation has to follow. */
export const LEAVE = "notices:leave";

/**
 * What the notices are about.
 * @typedef {object} NoticeState
 * @property {{ since: string, available: boolean } | null} waiting  the conversation is queued
 * @property {number} fast  nothing is sent until then, in milliseconds of the server's clock; or 0
 * @property {boolean} busy  the reason for `fast` is an overloaded server
 * @property {"" | "down" | "forbidden"} down  why there is no connection; "down" after 15 s
 * @property {string} hint  other ways to contact the owner
 * @property {boolean} lost  an earlier chat cannot be shown any more
 * @property {boolean} unkept  neither the frame nor the page around it can store anything
 * @property {boolean} forgotten  the website stores nothing without consent
 * @property {boolean} unsaved  the transcript is not available
 */

/** Notices under the header. Their clock runs by itself and is hidden from screen readers. */
export class ChatNotices extends HTMLElement {
  /** @type {NoticeState | null} */
  #noticeState = null;
  #drawn = "";
  #timer = 0;
  #clock = element("span", { className: "clock", ariaHidden: "true" });

  disconnectedCallback() {
    clearInterval(this.#timer);
  }

  /** @param {NoticeState} noticeState */
  show(noticeState) {
    this.#noticeState = noticeState;
    const drawn = JSON.stringify(noticeState);
    if (drawn !== this.#drawn) this.replaceChildren(...this.#lines(noticeState));
    this.#drawn = drawn;
    clearInterval(this.#timer);
    if (noticeState.waiting || noticeState.fast) this.#timer = setInterval(this.#tick, 1_000);
    this.#tick();
  }

  /** @param {NoticeState} noticeState */
  #lines({ waiting, fast, busy, down, hint, lost, unkept, forgotten, unsaved }) {
    const elsewhere = hint && t("widget.contact", { hint });
    return [
      lost && line("lost", t("widget.chatGone")),
      unkept && line("unkept", t("widget.noStorage")),
      unsaved && line("unsaved", t("widget.saveFailed")),
      down === "down" && line("down", t("widget.noConnection"), elsewhere),
      down === "forbidden" && elsewhere && line("down", elsewhere),
      fast && line("fast", t(busy ? "widget.busy" : "widget.tooFast"), this.#clock),
      !fast && waiting && this.#waiting(waiting.available, !unkept && !forgotten, elsewhere),
    ].filter((one) => one instanceof Node);
  }

  /** @param {boolean} available @param {boolean} kept  on later pages @param {string} elsewhere */
  #waiting(available, kept, elsewhere) {
    const leave = element("button", {
      type: "button", className: "link", textContent: t("widget.end"), onclick: () => fire(this, LEAVE),
    });
    const head = element("span", { className: "row" },
      element("strong", { textContent: t(available ? "widget.queued" : "widget.received") }), this.#clock, leave);
    return line("waiting", head, kept && t("widget.waitingHint"), !available && elsewhere);
  }

  #tick = () => {
    const { waiting, fast } = this.#noticeState ?? {};
    const moment = now().getTime();
    const seconds = fast ? Math.ceil((fast - moment) / 1_000) : (moment - Date.parse(waiting?.since ?? "")) / 1_000;
    this.#clock.textContent = stopwatch(Number.isFinite(seconds) ? seconds : 0);
  };
}

/** @param {string} kind @param {...(Node | string | false)} children */
function line(kind, ...children) {
  return element("p", { className: `notice ${kind}`, attributes: { role: "status" } },
    ...children.map((child) => typeof child === "string" ? element("span", { textContent: child }) : child));
}

customElements.define("chat-notices", ChatNotices);
