import { avatar } from "../shared/avatar.js";
import { element, fire } from "../shared/element.js";
import { icon } from "../shared/icons.js";
import { t } from "../shared/texts.js";

/** @import { Me } from "../shared/wire.d.ts" */

/** The operator changes his status; detail is `{ accepting }`. */
export const PRESENCE = "rail:presence";

/** The slim bar: inbox, channels, administration, own status. The page brings the way out in it. */
export class InboxRail extends HTMLElement {
  #logout = this.querySelector("form");
  /** @type {Me | null} */
  #me = null;
  #inbox = element("a", { className: "rail-item", href: "#" }, icon("inbox"));
  #channels = element("a", { className: "rail-item", href: "#channels" }, icon("channels"));
  #admin = element("a", { className: "rail-item", hidden: true }, icon("gear"));
  #status = element("button", {
    type: "button", className: "rail-item status", data: { action: "presence" },
  });

  connectedCallback() {
    this.role = "navigation";
    this.ariaLabel = t("rail.label");
    label(this.#inbox, t("inbox.title"));
    label(this.#channels, t("rail.channels"));
    label(this.#admin, t("rail.admin"));
    this.replaceChildren(this.#inbox, this.#channels, this.#admin, element("span", { className: "space" }),
      this.#status, this.#logout ?? "");
    this.#status.addEventListener("click", this.#turn);
  }

  disconnectedCallback() {
    this.#status.removeEventListener("click", this.#turn);
  }

  /** @param {string | null} address */
  set admin(address) {
    this.#admin.hidden = !address;
    if (address) this.#admin.href = address;
  }

  /** @param {Me} me @param {boolean} inChannels  whether their page is shown, not the inbox */
  show(me, inChannels) {
    if (this.#me?.name !== me.name || !this.#status.firstChild) {
      this.#status.replaceChildren(avatar(me.name), element("span", { className: "dot" }));
    }
    this.#me = me;
    this.#status.disabled = me.id === null;
    this.#status.dataset["presence"] = me.presence;
    this.#status.ariaPressed = String(me.accepting);
    label(this.#status, me.id === null ? t("rail.operator") : t(me.accepting ? "presence.goAway" : "presence.return"));
    this.#inbox.ariaCurrent = inChannels ? null : "page";
    this.#channels.ariaCurrent = inChannels ? "page" : null;
  }

  #turn = () => fire(this, PRESENCE, { accepting: !this.#me?.accepting });
}

/** @param {HTMLElement} target @param {string} text */
function label(target, text) {
  target.ariaLabel = target.title = text;
}

customElements.define("inbox-rail", InboxRail);
