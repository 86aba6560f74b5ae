/** The time by the server's clock: a device that is a day late still knows what is today. */

let ahead = 0;

/** @param {string} iso  the server's time as it just told it, RFC 3339 */
export function setServerNow(iso) {
  const told = Date.parse(iso);
  if (!Number.isNaN(told)) ahead = told - Date.now();
}

/** @returns {Date} by the server's clock, as far as it was told */
export function now() {
  return new Date(Date.now() + ahead);
}
