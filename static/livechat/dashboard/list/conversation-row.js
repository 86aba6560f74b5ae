/** One row of the list: name, last line, waiting time and marks. */

import { avatar } from "../../shared/avatar.js";
import { short } from "../../shared/short-times.js";
import { element } from "../../shared/element.js";
import { now } from "../../shared/server-time.js";
import { glyph } from "../inbox-icons.js";
import { t } from "../texts.js";
import { lastLine, named, visitorName } from "./conversation-texts.js";

/** @import { StaffChannel, StaffConversation, StaffMessage } from "../../shared/wire.d.ts" */

/**
 * @typedef {object} Row
 * @property {StaffConversation} conversation
 * @property {StaffChannel | undefined} channel
 * @property {StaffMessage | null} said  the last text or note
 * @property {number} unread
 * @property {boolean} typing  whether the visitor is typing
 * @property {boolean} here  whether the visitor is known to be on the website
 * @property {boolean} selected
 * @property {string | null} me
 */

/**
 * Draw one row of the list into its link, in place of what it contains.
 * @param {HTMLAnchorElement} link
 * @param {Row} row
 * @returns {HTMLElement | null} the clock that shows how long the visitor has waited, if they wait
 */
export function draw(link, { conversation, channel, said, unread, typing, here, selected, me }) {
  const name = visitorName(conversation);
  const { country } = conversation.visitor;
  const open = conversation.state !== "closed";
  link.href = `#${conversation.id}`;
  link.dataset["conversation"] = conversation.id;
  link.ariaCurrent = selected ? "true" : null;
  link.style.setProperty("--channel", channel?.colour ?? "");
  // One title for the row: its parts get no pointer events.
  link.title = [channel?.name, country && named("region", country), here && t("whereabouts.here")].filter(Boolean).join(" · ");

  const since = open && conversation.waiting_since;
  const clock = since && element("time", { className: "clock", dateTime: since, data: { since } },
    glyph("clock"), glyph("alert"), element("span", {}));
  const moment = element("time", {
    className: "moment", dateTime: conversation.last?.at ?? "",
    textContent: conversation.last ? short(conversation.last.at, now()) : "",
  });
  const line = element("span", {
    className: typing ? "line typing-now" : "line", dir: "auto",
    textContent: typing ? t("inbox.typing") : lastLine(said, me),
  });
  const asksForHelp = open && conversation.status === "need_help" && element("span", {
    className: "help-mark", title: t("list.help"), ariaLabel: t("list.help"), attributes: { role: "img" },
  }, glyph("help"));
  const count = open && unread > 0 && element("span", {
    className: "count", textContent: unread > 99 ? "99+" : String(unread),
    ariaLabel: t("inbox.unread", { count: unread }), attributes: { role: "img" },
  });
  link.replaceChildren(
    element("span", { className: "face" }, avatar(name), here && element("span", {
      className: "here-mark", title: t("whereabouts.here"), ariaLabel: t("whereabouts.here"), attributes: { role: "img" },
    })),
    element("span", { className: "row-text" },
      element("span", { className: "row-head" },
        element("span", { className: "row-name", textContent: name, dir: "auto" }),
        country && element("abbr", { className: "country", textContent: country, title: named("region", country) }),
        element("span", { className: "gap" }), clock || moment),
      element("span", { className: "row-line" }, line, asksForHelp, count)),
  );
  return clock || null;
}
