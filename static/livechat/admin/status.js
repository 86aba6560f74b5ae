/**
 * Say something to those who do not see the page.
 * @param {string | undefined} text
 */
export function announce(text) {
  const status = document.getElementById("channel-status");
  if (!status || !text) return;
  status.textContent = "";
  // The same words twice would be read once: first nothing, then they.
  requestAnimationFrame(() => { status.textContent = text; });
}
