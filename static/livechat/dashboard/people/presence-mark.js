/** A colleague's status, in words and as an icon. */

import { element } from "../../shared/element.js";
import { glyph } from "../inbox-icons.js";
import { t } from "../texts.js";

/** @import { StaffColleague } from "../../shared/wire.d.ts" */

/** @type {Record<StaffColleague["presence"], Parameters<typeof glyph>[0]>} */
const DRAWINGS = { online: "available", busy: "busy", away: "away", offline: "invisible" };

/**
 * Return a colleague's status in words.
 * @param {Pick<StaffColleague, "presence" | "in_call">} colleague
 */
export function wordsOf({ in_call, presence }) {
  const status = t(`presence.${presence}`);
  return in_call ? t("presence.andCall", { status }) : status;
}

/** Return a colleague's status as an icon with words. @param {StaffColleague} colleague */
export function mark(colleague) {
  return element("span", { className: "presence-mark", data: { presence: colleague.presence } },
    glyph(DRAWINGS[colleague.presence]), colleague.in_call && glyph("phone"), wordsOf(colleague));
}
