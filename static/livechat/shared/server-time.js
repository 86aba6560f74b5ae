/** The time by the server's clock, so that a device with a wrong clock shows the right day. */

let ahead = 0;

/** @param {string} iso  the server's time now, RFC 3339 */
export function setServerNow(iso) {
  const serverNow = Date.parse(iso);
  if (!Number.isNaN(serverNow)) ahead = serverNow - Date.now();
}

/** @returns {Date} by the server's clock; by the device's until `setServerNow` is called */
export function now() {
  return new Date(Date.now() + ahead);
}
