import { avatar } from "../shared/avatar.js";
import { short } from "../shared/clock.js";
import { element } from "../shared/element.js";
import { t } from "../shared/texts.js";
import { lastLine, visitorName } from "./wording.js";

/** @import { StaffConversation, StaffMessage } from "../shared/wire.d.ts" */

/**
 * @typedef {object} Row
 * @property {StaffConversation} conversation
 * @property {string} colour  of its channel
 * @property {string} channel
 * @property {StaffMessage | null} said  what somebody said last
 * @property {number} unread
 * @property {boolean} typing  the visitor writes
 * @property {boolean} selected
 */

/**
 * Draw one row of the list into its link, anew.
 * @param {HTMLAnchorElement} link
 * @param {Row} row
 * @param {string | null} me
 */
export function draw(link, { conversation, colour, channel, said, unread, typing, selected }, me) {
  const name = visitorName(conversation);
  const open = conversation.state !== "closed";
  link.href = `#${conversation.id}`;
  link.dataset["conversation"] = conversation.id;
  link.ariaCurrent = selected ? "true" : null;
  link.style.setProperty("--channel", colour);
  link.title = channel;

  const since = open && conversation.waiting_since;
  const clock = since
    ? element("time", { className: "clock", dateTime: since, data: { since } })
    : element("time", {
      className: "moment", dateTime: conversation.last?.at ?? "",
      textContent: conversation.last ? short(conversation.last.at, new Date()) : "",
    });
  const line = element("span", {
    className: typing ? "line typing-now" : "line",
    textContent: typing ? t("inbox.typing") : lastLine(said, me),
  });
  const count = open && unread > 0 && element("span", {
    className: "count", textContent: unread > 99 ? "99+" : String(unread),
    ariaLabel: t("inbox.unread", { count: unread }), attributes: { role: "img" },
  });
  link.replaceChildren(
    avatar(name),
    element("span", { className: "row-text" },
      element("span", { className: "row-head" }, element("span", { className: "row-name", textContent: name }), clock),
      element("span", { className: "row-line" }, line, count || "")),
  );
}
