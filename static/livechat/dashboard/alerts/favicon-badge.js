let shown = 0;
let plain = "";

/**
 * Mark the tab, and the installed app, with what waits. The tab gets a second drawing, which the
 * link names in `data-badge`: nobody can read a number of 6 px; the app gets the number.
 * @param {number} count  0 takes the mark away
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
  const told = count ? navigator.setAppBadge?.(count) : navigator.clearAppBadge?.();
  told?.catch(() => {
    // Not installed, or not allowed: the tab says it.
  });
}
