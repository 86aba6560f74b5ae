/** Short forms of times and durations, for narrow places. */

import { language, midnight, timeOfDay } from "./dates.js";

/** @param {string | Date} moment @param {Date} now @returns {string} time if today, else date */
export function short(moment, now) {
  if (midnight(new Date(moment)) === midnight(now)) return timeOfDay(moment);
  return new Date(moment).toLocaleDateString(language(), { day: "numeric", month: "short" });
}

/** @param {number} seconds @returns {string} such as 0:42 or 1:02:03 */
export function stopwatch(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = String(whole % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}
