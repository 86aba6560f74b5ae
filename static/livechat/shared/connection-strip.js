/** Tells visitors and operators why there is no connection. */

import { element } from "./element.js";
import { t } from "./texts.js";

/** @import { Status } from "./socket.js" */

/** Shorter interruptions are not shown. */
const SHOW_AFTER_MS = 1_200;

/** A line with the status of the connection; hidden while that is open or idle. */
export class ConnectionStrip extends HTMLElement {
  #timer = 0;

  connectedCallback() {
    this.setAttribute("role", "status");
    this.hidden = true;
  }

  disconnectedCallback() {
    clearTimeout(this.#timer);
  }

  /** @param {Status} status */
  show(status) {
    clearTimeout(this.#timer);
    this.dataset["status"] = status;
    if (status === "connecting" || status === "busy") this.#timer = setTimeout(() => this.#draw(status), SHOW_AFTER_MS);
    else this.#draw(status);
  }

  /** @param {Status} status */
  #draw(status) {
    this.hidden = status === "open" || status === "idle";
    if (this.hidden || status === "open" || status === "idle") return this.replaceChildren();
    const again = status === "replaced" ? "connection.useHere" : status === "outdated" && "connection.reload";
    const button = again && element("button", {
      type: "button", className: "link", textContent: t(again), onclick: () => location.reload(),
    });
    this.replaceChildren(element("span", { textContent: t(`connection.${status}`) }), button || "");
  }
}

customElements.define("connection-strip", ConnectionStrip);
