/** The inbox's pane with details about the visitor. */

import { avatar } from "../../shared/avatar.js";
import { day, timeOfDay } from "../../shared/dates.js";
import { element, fire } from "../../shared/element.js";
import { icon } from "../../shared/icons.js";
import { shownAddress, webAddress } from "../../shared/links.js";
import { now } from "../../shared/server-time.js";
import { short } from "../../shared/short-times.js";
import { t } from "../texts.js";
import { browserName, localTime, named, visitorName, whereaboutsWords } from "../list/conversation-texts.js";

/** @import { StaffConversation, VisitorTold } from "../../shared/wire.d.ts" */
/** @import { State } from "../store.js" */
/** @import { Whereabouts } from "../list/visitors.js" */

/** A section was folded or unfolded; detail is the names of all folded sections. */
export const FOLDED = "context:folded";
/** The operator closed the details. */
export const AWAY = "context:away";

/** Details about the visitor. Fires {@link FOLDED} and {@link AWAY}. */
export class VisitorContext extends HTMLElement {
  /**
   * URL of the archive, for conversations outside the inbox; null without permission.
   * @type {string | null}
   */
  archive = null;

  #folded = new Set();
  #drawn = "";
  #close = element("button", { type: "button", className: "quiet context-close" }, icon("close"));

  connectedCallback() {
    this.role = "complementary";
    this.ariaLabel = t("context.title");
    this.#close.ariaLabel = this.#close.title = t("context.toggle");
    this.addEventListener("click", this.#clicked);
    this.#close.addEventListener("click", this.#away);
  }

  disconnectedCallback() {
    this.removeEventListener("click", this.#clicked);
    this.#close.removeEventListener("click", this.#away);
  }

  /** @param {string[]} folded */
  set folded(folded) {
    this.#folded = new Set(folded);
  }

  /**
   * @param {State} state
   * @param {StaffConversation | undefined} conversation
   * @param {Whereabouts | null} visitor
   */
  show(state, conversation, visitor) {
    const at = now();
    const details = conversation && state.visitorDetails.get(conversation.id);
    const gone = visitor?.is === "gone";
    const facts = conversation ? factsOf(conversation, at, gone) : [];
    const attributes = conversation ? attributesOf(conversation) : [];
    const known = details?.earlier.map(({ id }) => state.conversations.has(id));
    const drawn = JSON.stringify([conversation?.id, conversation?.held, facts, attributes, details, known, visitor]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    if (!conversation) return this.replaceChildren();
    this.toggleAttribute("gone", gone);
    const name = visitorName(conversation);
    const { email } = conversation.visitor;
    const { scrollTop } = this;
    this.replaceChildren(
      element("div", { className: "card" }, avatar(name),
        element("div", { className: "card-who" },
          element("h2", { textContent: name, dir: "auto" }), email && element("p", { textContent: email }),
          visitor && visitor.is !== "unknown" && element("p", {
            className: "whereabouts", textContent: whereaboutsWords(visitor, at), data: { is: visitor.is },
          })),
        this.#close),
      conversation.held ? element("p", { className: "held", textContent: t("context.held") }) : "",
      this.#part("facts", t("context.facts"), rows(facts, "facts")),
      attributes.length > 0 && this.#part("told", t("context.website"), rows(attributes, "told-facts"), t("context.unverified")) || "",
      details ? this.#part("trail", t("context.trail"), trail(details, at)) : "",
      details ? this.#part("earlier", t("context.earlier"), this.#earlier(state, details, at)) : "",
    );
    this.scrollTo(0, scrollTop);
  }

  /** @param {string} name @param {string} title @param {Node} content @param {string} [hint] */
  #part(name, title, content, hint = "") {
    return element("details", { className: name, open: !this.#folded.has(name), data: { part: name } },
      element("summary", {}, element("h3", { textContent: title, title: hint })), content);
  }

  /** @param {State} state @param {VisitorTold} details @param {Date} at */
  #earlier(state, { earlier, total }, at) {
    if (!earlier.length) return element("p", { className: "none-yet", textContent: t("context.noEarlier") });
    const links = earlier.map(({ channel, id, opened_at, state: chatState, text }) => {
      const inside = state.conversations.has(id);
      const href = inside ? `#${id}` : this.archive && `${this.archive}?q=${id}`;
      const words = [
        element("span", { className: "earlier-line", textContent: text || "–", dir: "auto" }),
        element("span", { className: "earlier-about", textContent: [
          short(opened_at, at), channel, chatState === "closed" ? "" : t(chatState === "queued" ? "inbox.waiting" : "status.in_progress"),
        ].filter(Boolean).join(" · ") }),
      ];
      return element("li", {}, href
        ? element("a", { href, target: inside ? "" : "_blank" }, ...words)
        : element("span", { className: "earlier-plain" }, ...words));
    });
    const more = total - earlier.length;
    return element("div", {},
      element("ul", { className: "earlier-list", role: "list" }, ...links),
      more > 0 && element("p", { className: "none-yet", textContent: t("context.earlierMore", { count: more }) }));
  }

  // On click, because `toggle` fires later: a redraw in between would lose the change.
  #clicked = (/** @type {MouseEvent} */ event) => {
    const part = /** @type {HTMLElement} */ (event.target).closest("summary")?.parentElement;
    if (!(part instanceof HTMLDetailsElement)) return;
    const name = part.dataset["part"] ?? "";
    if (part.open) this.#folded.add(name);
    else this.#folded.delete(name);
    fire(this, FOLDED, [...this.#folded]);
  };

  #away = () => fire(this, AWAY);
}

/** @param {VisitorTold} details @param {Date} at */
function trail(details, at) {
  if (!details.trail.length) return element("p", { className: "none-yet", textContent: t("context.noTrail") });
  return element("ol", { className: "trail-list", role: "list" }, ...details.trail.map((page) => {
    const href = webAddress(page.url);
    const words = page.title || shownAddress(page.url);
    return element("li", {},
      href ? element("a", { href, target: "_blank", rel: "noopener noreferrer", textContent: words, title: shownAddress(page.url), dir: "auto" })
        : element("span", { textContent: words }),
      element("time", { dateTime: page.at, textContent: short(page.at, at) }));
  }));
}

/** @typedef {{ label: string, text: string, href: string }} Fact */

/** @param {Fact[]} facts @param {string} className */
function rows(facts, className) {
  return element("dl", { className }, ...facts.map(({ label, text, href }) => element("div", {},
    element("dt", { textContent: label }),
    element("dd", { dir: "auto" }, href
      ? element("a", { href, target: "_blank", rel: "noopener noreferrer", textContent: text })
      : text))));
}

/**
 * Return what the website says about the visitor. It is unverified, so no value becomes a link.
 * @param {StaffConversation} conversation
 * @returns {Fact[]}
 */
function attributesOf({ visitor }) {
  return Object.entries(visitor.attributes).map(([label, value]) => ({ label, text: said(value), href: "" }));
}

/** @param {string | number | boolean} value */
function said(value) {
  return typeof value === "boolean" ? t(value ? "context.yes" : "context.no") : String(value) || "–";
}

/** @param {StaffConversation} conversation @param {Date} at @param {boolean} gone @returns {Fact[]} */
function factsOf({ opened_at, visitor }, at, gone) {
  const { browser, country, language, page, time_zone } = visitor;
  const referrer = page?.referrer ?? "";
  const facts = [
    { label: t(gone ? "context.lastPage" : "context.page"), text: page ? page.title || shownAddress(page.url) : "", href: webAddress(page?.url ?? "") },
    { label: t("context.referrer"), text: shownAddress(referrer), href: webAddress(referrer) },
    { label: t("context.country"), text: country && named("region", country), href: "" },
    { label: t("context.language"), text: language && named("language", language), href: "" },
    { label: t("context.time"), text: time_zone && localTime(time_zone, at), href: "" },
    { label: t("context.browser"), text: browserName(browser), href: "" },
    { label: t("context.started"), text: `${day(opened_at, at)}, ${timeOfDay(opened_at)}`, href: "" },
  ];
  return facts.filter(({ text }) => text);
}

customElements.define("visitor-context", VisitorContext);
