import { avatar } from "../shared/avatar.js";
import { element, fire } from "../shared/element.js";
import { icon } from "../shared/icons.js";
import { t } from "../shared/texts.js";

/** @import { Me, StaffChannel } from "../shared/wire.d.ts" */

/** The operator changes his status; detail is `{ accepting }`. */
export const PRESENCE = "rail:presence";
/** He joins or leaves a channel; detail is `{ channel, join }`. */
export const CHANNEL = "rail:channel";

/** The slim bar: inbox, channels, administration, own status. The page brings the way out in it. */
export class InboxRail extends HTMLElement {
  #logout = this.querySelector("form");
  /** @type {Me | null} */
  #me = null;
  #inbox = element("a", { className: "rail-item", href: "#" }, icon("inbox"));
  #channels = element("button", { type: "button", className: "rail-item" }, icon("channels"));
  #admin = element("a", { className: "rail-item", hidden: true }, icon("gear"));
  #status = element("button", {
    type: "button", className: "rail-item status", data: { action: "presence" },
  });
  #panel = element("div", { className: "channels", hidden: true, attributes: { role: "group" } });

  connectedCallback() {
    this.role = "navigation";
    this.ariaLabel = t("rail.label");
    label(this.#inbox, t("inbox.title"));
    label(this.#channels, t("rail.channels"));
    label(this.#admin, t("rail.admin"));
    this.#inbox.ariaCurrent = "page";
    this.#channels.ariaExpanded = "false";
    this.#panel.ariaLabel = t("rail.channels");
    this.replaceChildren(this.#inbox, this.#channels, this.#admin, element("span", { className: "space" }),
      this.#status, this.#logout ?? "", this.#panel);
    this.addEventListener("click", this.#click);
    document.addEventListener("pointerdown", this.#elsewhere);
    document.addEventListener("keydown", this.#escape);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
    document.removeEventListener("pointerdown", this.#elsewhere);
    document.removeEventListener("keydown", this.#escape);
  }

  /** @param {string | null} address */
  set admin(address) {
    this.#admin.hidden = !address;
    if (address) this.#admin.href = address;
  }

  /** @param {Me} me @param {StaffChannel[]} channels */
  show(me, channels) {
    if (this.#me?.name !== me.name || !this.#status.firstChild) {
      this.#status.replaceChildren(avatar(me.name), element("span", { className: "dot" }));
    }
    this.#me = me;
    this.#status.disabled = me.id === null;
    this.#status.dataset["presence"] = me.presence;
    this.#status.ariaPressed = String(me.accepting);
    label(this.#status, me.id === null ? t("rail.operator") : t(me.accepting ? "presence.goAway" : "presence.return"));
    const head = element("h2", { textContent: t("rail.channels") });
    this.#panel.replaceChildren(head, ...channels.map((channel) => row(channel, me)));
  }

  #click = (/** @type {MouseEvent} */ event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const channel = button?.dataset["channel"];
    if (button === this.#channels) this.#toggle(Boolean(this.#panel.hidden));
    if (button === this.#status) fire(this, PRESENCE, { accepting: !this.#me?.accepting });
    if (channel) fire(this, CHANNEL, { channel, join: button.dataset["action"] === "join-channel" });
  };

  #elsewhere = (/** @type {PointerEvent} */ event) => {
    if (!this.contains(/** @type {Node} */ (event.target))) this.#toggle(false);
  };

  #escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || this.#panel.hidden) return;
    this.#toggle(false);
    this.#channels.focus();
  };

  /** @param {boolean} open */
  #toggle(open) {
    this.#panel.hidden = !open;
    this.#channels.ariaExpanded = String(open);
  }
}

/** @param {StaffChannel} channel @param {Me} me */
function row(channel, me) {
  const colour = element("span", { className: "colour" });
  colour.style.background = channel.colour;
  const button = element("button", {
    type: "button",
    textContent: t(channel.joined ? "action.leave" : "action.join"),
    disabled: !channel.may_join || me.id === null,
    ariaLabel: t(channel.joined ? "rail.leaveChannel" : "rail.joinChannel", { name: channel.name }),
    data: { channel: channel.id, action: channel.joined ? "leave-channel" : "join-channel" },
  });
  return element("div", { className: "channel" }, colour,
    element("span", { className: "channel-name", textContent: channel.name }),
    element("span", { className: "channel-online", textContent: t("rail.online", { count: channel.online }) }),
    button);
}

/** @param {HTMLElement} target @param {string} text */
function label(target, text) {
  target.ariaLabel = target.title = text;
}

customElements.define("inbox-rail", InboxRail);
