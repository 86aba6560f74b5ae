/** The widget's greeting, with suggestions for a first message. */

import { element, fire } from "../shared/element.js";
import { outline } from "../shared/icons.js";
import { t } from "../shared/texts.js";
import { faces } from "./avatar-stack.js";

/** @import { PublicChannel } from "../shared/wire.d.ts" */

/** The visitor chose a suggested first message: detail is its text. */
export const SUGGEST = "greeting:suggest";

const CLOCK = "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18m0 4v5l3 2";

/** The response times, in seconds, that are shown as a number of minutes. */
const STEPS = [60, 120, 180, 300, 600, 900, 1_800, 2_700];

/** What a visitor sees before the first message: the team, and how soon it usually responds. */
export class ChatGreeting extends HTMLElement {
  #drawn = "";

  /**
   * @param {PublicChannel} channel
   * @param {{ name: string, avatar: string }[]} people
   * @param {boolean} kept  whether the chat is still there on later visits
   */
  show(channel, people, kept) {
    const { available, answers_in, contact_hint, privacy_link, suggestions, welcome } = channel;
    const drawn = JSON.stringify([people, kept, available, answers_in, contact_hint, privacy_link, suggestions, welcome]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const expect = available ? answers_in !== null && expected(answers_in) : t(kept ? "widget.awayGreeting" : "widget.away");
    this.replaceChildren(
      element("div", { className: "card" },
        faces(people, available),
        element("h2", { textContent: welcome || t("widget.hello"), dir: "auto" }),
        expect && element("p", { className: "expect" }, outline("clock", CLOCK), element("span", { textContent: expect })),
        !available && contact_hint && element("p", { textContent: t("widget.contact", { hint: contact_hint }) }),
      ),
      suggestions.length > 0 && element("ul", { ariaLabel: t("widget.suggestions") },
        ...suggestions.map((text) => element("li", {}, element("button", {
          type: "button", textContent: text, dir: "auto", onclick: () => fire(this, SUGGEST, text),
        })))) || "",
      privacy_link && element("a", {
        className: "privacy", href: privacy_link, target: "_blank", rel: "noopener", textContent: t("widget.privacy"),
      }),
    );
  }
}

/** @param {number} seconds  the median wait of visitors @returns {string} */
function expected(seconds) {
  const step = STEPS.find((most) => seconds <= most);
  if (step) return t("widget.answersMinutes", { count: step / 60 });
  if (seconds <= 3_600) return t("widget.answersHour");
  return t(seconds <= 43_200 ? "widget.answersHours" : "widget.answersDay");
}

customElements.define("chat-greeting", ChatGreeting);
