/** Dates and times in the reader's language and time zone. */

/**
 * Return the reader's own variant of the page's language, such as "en-GB": with "en" alone a time
 * may be 14:05 or 2:05 PM.
 * @returns {string}
 */
export function language() {
  const page = document.documentElement.lang || "en";
  const base = (/** @type {string} */ tag) => tag.split("-")[0];
  return navigator.languages.find((own) => base(own) === base(page)) ?? page;
}

/** @param {string | Date} moment @returns {string} such as 14:05 */
export function timeOfDay(moment) {
  return new Date(moment).toLocaleTimeString(language(), { hour: "numeric", minute: "2-digit" });
}

/**
 * @param {string | Date} moment
 * @param {Date} now
 * @returns {string} "today", "yesterday", or the date
 */
export function day(moment, now) {
  const then = new Date(moment);
  const days = Math.round((midnight(now) - midnight(then)) / 86_400_000);
  if (days === 0 || days === 1) {
    return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(-days, "day");
  }
  const year = then.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return then.toLocaleDateString(language(), { weekday: "long", day: "numeric", month: "long", year });
}

/** @param {Date} moment */
export function midnight(moment) {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();
}
