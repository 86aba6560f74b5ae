/**
 * Announce a text to screen readers.
 * @param {string | undefined} text
 */
export function announce(text) {
  const status = document.getElementById("channel-status");
  if (!status || !text) return;
  status.textContent = "";
  // Clear it first, as an unchanged text would not be read again.
  requestAnimationFrame(() => { status.textContent = text; });
}
