/** The status under the name in the widget's header. */

import { t } from "../shared/texts.js";

/** @import { PublicChannel, PublicConversation } from "../shared/wire.d.ts" */

/**
 * Return the status to show under the name.
 * @param {PublicChannel} channel
 * @param {PublicConversation | null} conversation
 * @returns {string}
 */
export function status(channel, conversation) {
  if (conversation?.state === "closed") return t("widget.ended");
  if (conversation?.operators.length) {
    return t("widget.with", { names: conversation.operators.map(({ name }) => name).join(", ") });
  }
  if (!channel.available) return t("widget.away");
  return conversation?.state === "queued" ? t("widget.queued") : t("widget.online");
}
