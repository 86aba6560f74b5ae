/** The view in which operators join and leave channels. */

import { avatar } from "../../shared/avatar.js";
import { element, fire } from "../../shared/element.js";
import { mark } from "./presence-mark.js";
import { teamOf } from "./presence.js";
import { t } from "../texts.js";
import { secondClick } from "../../shared/second-click.js";
import { initials } from "../../shared/text-rules.js";
import { inkOn } from "../list/conversation-texts.js";

/** @import { Me, StaffChannel, StaffColleague } from "../../shared/wire.d.ts" */

/** The operator joins or leaves a channel; detail is `{ channel, join }`. */
export const CHANNEL = "cards:channel";

/** All channels as cards: numbers, operators, a button to join or leave. Fires {@link CHANNEL}. */
export class ChannelCards extends HTMLElement {
  /** @type {Map<string, ChannelCard>} */
  #cards = new Map();
  #list = element("ul", { className: "cards", role: "list" });
  #admin = element("a", { className: "button", hidden: true });
  #empty = element("div", { className: "no-channels", hidden: true });
  #status = element("p", { className: "visually-hidden", role: "status" });
  #isSecond = secondClick();

  connectedCallback() {
    this.role = "region";
    this.ariaLabel = t("rail.channels");
    this.#admin.textContent = t("channels.admin");
    this.#empty.replaceChildren(
      element("p", { className: "empty-title", textContent: t("channels.none") }),
      element("p", { textContent: t("channels.noneHint") }),
      this.#admin,
    );
    this.replaceChildren(
      element("header", { className: "cards-head" },
        element("h2", { textContent: t("rail.channels") }),
        element("p", { textContent: t("channels.hint") })),
      element("div", { className: "cards-body" }, this.#list, this.#empty),
      this.#status,
    );
    this.addEventListener("click", this.#click);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#click);
  }

  /** @param {string | null} address */
  set admin(address) {
    this.#admin.hidden = !address;
    if (address) this.#admin.href = address;
  }

  /**
   * @param {{ loaded: boolean, channels: StaffChannel[], colleagues: ReadonlyMap<string, StaffColleague>, me: Me }} state
   * @param {(channel: string) => boolean} isBusy
   */
  show({ channels, colleagues, loaded, me }, isBusy) {
    const cards = channels.map((channel) => {
      const card = this.#cards.get(channel.id) ?? new ChannelCard();
      if (card.joined !== undefined && card.joined !== channel.joined) {
        this.#status.textContent = t(channel.joined ? "channels.youJoined" : "channels.youLeft", { name: channel.name });
      }
      card.show(channel, teamOf(colleagues.values(), channel.id), me, isBusy(channel.id));
      return /** @type {const} */ ([channel.id, card]);
    });
    this.#cards = new Map(cards);
    // Cards that stay are not moved, so that they keep the focus.
    const wanted = cards.map(([, { box }]) => box);
    for (const box of [...this.#list.children]) if (!wanted.includes(/** @type {HTMLLIElement} */ (box))) box.remove();
    wanted.forEach((box, index) => {
      if (this.#list.children[index] !== box) this.#list.insertBefore(box, this.#list.children[index] ?? null);
    });
    this.#list.hidden = !channels.length;
    this.#empty.hidden = !loaded || channels.length > 0;
  }

  #click = (/** @type {MouseEvent} */ event) => {
    // The same button joins and leaves.
    if (this.#isSecond(event)) return;
    const button = /** @type {HTMLElement} */ (event.target).closest("button");
    const channel = button?.dataset["channel"];
    if (!channel || button.ariaBusy === "true") return;
    fire(this, CHANNEL, { channel, join: button.dataset["action"] === "join-channel" });
  };
}

/** Most operators shown on a card; the card also shows how many are online. */
const FACES = 5;

/** One card, which keeps its elements when it is redrawn. */
class ChannelCard {
  /** @type {boolean | undefined} */
  joined;
  #drawn = "";
  #tile = element("span", { className: "tile", attributes: { "aria-hidden": "true" } });
  #name = element("h3");
  #badge = element("p", { className: "badge", textContent: t("channels.joined") });
  #sessions = figure();
  #online = figure();
  #team = element("ul", { className: "team", role: "list", ariaLabel: t("channels.team") });
  #button = element("button", { type: "button" });
  #reason = element("p", { className: "reason" });
  box = element("li", { className: "channel-card" },
    element("div", { className: "channel-head" }, this.#tile,
      element("div", { className: "channel-who" }, this.#name, this.#badge, this.#reason)),
    element("dl", { className: "figures" }, this.#sessions.box, this.#online.box),
    this.#team,
    this.#button);

  /** @param {StaffChannel} channel @param {StaffColleague[]} team @param {Me} me @param {boolean} busy */
  show(channel, team, me, busy) {
    const { colour, id, joined, may_join, name, online, sessions } = channel;
    const operator = me.id !== null;
    const drawn = JSON.stringify([channel, team, operator, busy]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.joined = joined;
    this.box.dataset["channel"] = id;
    this.box.toggleAttribute("joined", joined);
    this.box.style.setProperty("--channel", colour);
    this.box.style.setProperty("--ink", inkOn(colour));
    this.#tile.textContent = initials(name);
    this.#name.textContent = name;
    this.#badge.hidden = !joined;
    this.#sessions.show(sessions, t("channels.sessions", { count: sessions }));
    this.#online.show(online, t("channels.online", { count: online }));
    this.#online.box.classList.toggle("is-online", online > 0);
    this.#drawTeam(team);
    this.#drawButton(channel, operator, busy);
    this.#reason.id = `reason-${id}`;
    this.#reason.textContent = !operator
      ? t("channels.notOperator")
      : may_join ? "" : t(joined ? "channels.mayNotLeave" : "channels.mayNotJoin");
    this.#reason.hidden = !this.#reason.textContent;
    if (this.#reason.hidden) this.#button.removeAttribute("aria-describedby");
    else this.#button.setAttribute("aria-describedby", this.#reason.id);
  }

  /** @param {StaffColleague[]} team */
  #drawTeam(team) {
    const more = team.length - FACES;
    this.#team.hidden = !team.length;
    this.#team.replaceChildren(
      ...team.slice(0, FACES).map((person) => element("li", {},
        avatar(person.name, person.avatar),
        element("span", { className: "team-name", textContent: person.name, dir: "auto" }),
        mark(person))),
      more > 0 ? element("li", { className: "team-more", textContent: t("channels.teamMore", { count: more }) }) : "",
    );
  }

  /** @param {StaffChannel} channel @param {boolean} operator @param {boolean} busy */
  #drawButton({ id, joined, may_join, name }, operator, busy) {
    const button = this.#button;
    button.textContent = busy ? t(joined ? "channels.leaving" : "channels.joining") : t(joined ? "action.leave" : "action.join");
    button.ariaLabel = t(joined ? "rail.leaveChannel" : "rail.joinChannel", { name });
    button.dataset["channel"] = id;
    button.dataset["action"] = joined ? "leave-channel" : "join-channel";
    button.classList.toggle("primary", !joined);
    button.disabled = !may_join || !operator;
    // Not disabled while a result is pending: that would lose the focus.
    button.ariaBusy = String(busy);
  }
}

function figure() {
  const number = element("dd");
  const label = element("dt");
  const box = element("div", { className: "figure" }, label, number);
  return {
    box,
    /** @param {number} value @param {string} text */
    show(value, text) {
      number.textContent = String(value);
      label.textContent = text;
    },
  };
}

customElements.define("channel-cards", ChannelCards);
