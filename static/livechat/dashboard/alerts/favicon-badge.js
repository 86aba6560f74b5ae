/** The badge on the browser tab's icon and on the installed app. */

let shown = 0;
let plain = "";

/**
 * Mark the tab and the installed app with a badge. The app's badge shows the number. The tab gets
 * the icon that the link names in `data-badge`, because a number 6 px high is unreadable.
 * @param {number} count  0 removes the badge
 */
export function setBadge(count) {
  if (count === shown) return;
  shown = count;
  const link = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  if (link?.dataset["badge"]) {
    plain ||= link.href;
    const href = count ? link.dataset["badge"] : plain;
    if (link.getAttribute("href") !== href) link.setAttribute("href", href);
  }
  const result = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  result?.catch(() => {
    // Not installed, or not allowed: the tab's icon is enough.
  });
}
