/** The inbox's navigation, with the operator's status and account menu. */

import { avatar } from "../../shared/avatar.js";
import { element, fire } from "../../shared/element.js";
import { glyph } from "../inbox-icons.js";
import { PopMenu } from "../pop-menu.js";
import { ownStatus } from "../people/presence.js";
import { PresenceMenu } from "../people/presence-menu.js";
import { t } from "../texts.js";

/** @import { Me } from "../../shared/wire.d.ts" */

/** An item of the account menu was chosen; detail is mute, notify or sheet. */
export const CHOSEN = "rail:chosen";

/**
 * The slim bar: inbox, channels, administration, own status. The page's HTML has the sign-out form.
 */
export class InboxRail extends HTMLElement {
  #logout = this.querySelector("form");
  /** @type {Me | null} */
  #me = null;
  #inbox = element("a", { className: "rail-item", href: "#" }, glyph("inbox"));
  #channels = element("a", { className: "rail-item", href: "#channels" }, glyph("channels"));
  #admin = element("a", { className: "rail-item", hidden: true }, glyph("gear"));
  #presence = new PresenceMenu();
  #account = element("button", { type: "button", className: "rail-item account", data: { action: "account" } });
  #who = element("p", { className: "menu-who" });
  #mute = item("mute");
  #notify = item("notify");
  #sheet = item("sheet");
  #profile = element("a", { className: "menu-item", href: "/profile/" });
  #menu = new PopMenu(this.#account, this.#who, this.#profile, this.#mute, this.#notify, this.#sheet);

  connectedCallback() {
    this.role = "navigation";
    this.ariaLabel = t("rail.label");
    label(this.#inbox, t("inbox.title"));
    label(this.#channels, t("rail.channels"));
    label(this.#admin, t("rail.admin"));
    this.#profile.replaceChildren(glyph("person"), t("rail.profile"));
    this.#notify.replaceChildren(glyph("bell"), t("rail.notify"));
    this.#sheet.replaceChildren(glyph("keyboard"), t("keys.title"));
    if (this.#logout) this.#menu.panel.append(this.#logout);
    this.replaceChildren(this.#inbox, this.#channels, this.#admin, element("span", { className: "space" }),
      this.#presence, this.#account, this.#menu.panel);
    this.#menu.panel.addEventListener("click", this.#choose);
  }

  disconnectedCallback() {
    this.#menu.panel.removeEventListener("click", this.#choose);
  }

  /** @param {string | null} address */
  set admin(address) {
    this.#admin.hidden = !address;
    if (address) this.#admin.href = address;
  }

  /**
   * @param {{ muted: boolean, askable: boolean }} sounds  `askable`: the browser can be asked for
   *   notifications
   */
  set sounds({ askable, muted }) {
    this.#mute.replaceChildren(glyph(muted ? "bell" : "mute"), t(muted ? "rail.unmute" : "rail.mute"));
    this.#notify.hidden = !askable;
    this.toggleAttribute("muted", muted);
  }

  /** @param {Me} me @param {boolean} inChannels  whether the channels are shown, not the inbox */
  show(me, inChannels) {
    this.#inbox.ariaCurrent = inChannels ? null : "page";
    this.#channels.ariaCurrent = inChannels ? "page" : null;
    if (me === this.#me) return;
    if (this.#me?.name !== me.name || this.#me.avatar !== me.avatar) {
      this.#account.replaceChildren(avatar(me.name, me.avatar), element("span", { className: "dot" }));
    }
    this.#me = me;
    this.#presence.show(me);
    this.#account.dataset["presence"] = me.id === null ? "none" : ownStatus(me);
    const status = me.id === null ? t("rail.notOperator") : t(`presence.${ownStatus(me)}`);
    this.#who.replaceChildren(element("b", { textContent: me.name }), element("span", { textContent: status }));
    label(this.#account, t("rail.account", { name: me.name }));
  }

  #choose = (/** @type {MouseEvent} */ event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    if (button?.dataset["choice"]) fire(this, CHOSEN, button.dataset["choice"]);
  };
}

/** @param {string} choice */
function item(choice) {
  return element("button", { type: "button", className: "menu-item", data: { choice } });
}

/** @param {HTMLElement} target @param {string} text */
function label(target, text) {
  target.ariaLabel = target.title = text;
}

customElements.define("inbox-rail", InboxRail);
