import { avatar } from "../shared/avatar.js";
import { day, timeOfDay } from "../shared/clock.js";
import { element } from "../shared/element.js";
import { t } from "../shared/texts.js";
import { webAddress } from "../shared/words.js";
import { browserName, localTime, named, visitorName } from "./wording.js";

/** @import { StaffConversation } from "../shared/wire.d.ts" */

/** What is known about the visitor. */
export class VisitorContext extends HTMLElement {
  #drawn = "";

  connectedCallback() {
    this.role = "complementary";
    this.ariaLabel = t("context.title");
  }

  /** @param {StaffConversation | undefined} conversation */
  show(conversation) {
    const now = new Date();
    const facts = conversation ? factsOf(conversation, now) : [];
    const told = conversation ? toldBy(conversation) : [];
    const drawn = JSON.stringify([conversation?.id, facts, told]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    if (!conversation) return this.replaceChildren();
    const name = visitorName(conversation);
    this.replaceChildren(
      element("div", { className: "card" },
        avatar(name), element("h2", { textContent: name })),
      rows(facts, "facts"),
      told.length > 0 && element("section", { className: "told", ariaLabel: t("context.website") },
        element("h3", { textContent: t("context.website"), title: t("context.unverified") }),
        rows(told, "told-facts")) || "",
    );
  }
}

/** @typedef {{ label: string, text: string, href: string }} Fact */

/** @param {Fact[]} facts @param {string} className */
function rows(facts, className) {
  return element("dl", { className }, ...facts.flatMap(({ label, text, href }) => [
    element("dt", { textContent: label }),
    element("dd", {}, href
      ? element("a", { href, target: "_blank", rel: "noopener noreferrer", textContent: text })
      : text),
  ]));
}

/**
 * What the website says about him. Nobody has checked it, so nothing of it becomes a link.
 * @param {StaffConversation} conversation
 * @returns {Fact[]}
 */
function toldBy({ visitor }) {
  return Object.entries(visitor.attributes).map(([label, value]) => ({ label, text: said(value), href: "" }));
}

/** @param {string | number | boolean} value */
function said(value) {
  return typeof value === "boolean" ? t(value ? "context.yes" : "context.no") : String(value) || "–";
}

/** @param {StaffConversation} conversation @param {Date} now @returns {Fact[]} */
function factsOf({ opened_at, visitor }, now) {
  const { browser, country, email, language, page, time_zone } = visitor;
  const facts = [
    { label: t("context.page"), text: page ? page.title || page.url : "", href: webAddress(page?.url ?? "") },
    { label: t("context.email"), text: email, href: "" },
    { label: t("context.country"), text: country && named("region", country), href: "" },
    { label: t("context.language"), text: language && named("language", language), href: "" },
    { label: t("context.time"), text: time_zone && localTime(time_zone, now), href: "" },
    { label: t("context.browser"), text: browserName(browser), href: "" },
    { label: t("context.started"), text: `${day(opened_at, now)}, ${timeOfDay(opened_at)}`, href: "" },
  ];
  return facts.filter(({ text }) => text);
}

customElements.define("visitor-context", VisitorContext);
