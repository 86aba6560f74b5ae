/** The inbox's texts about visitors and conversations, and a channel's text colour. */

import { day, language, midnight, timeOfDay } from "../../shared/dates.js";
import { shown } from "../../shared/links.js";
import { t } from "../texts.js";

/** @import { StaffConversation, StaffMessage } from "../../shared/wire.d.ts" */
/** @import { Key } from "../texts.js" */
/** @import { Whereabouts } from "./visitors.js" */

/** Name of a visitor who types, as their typing events carry none. */
export const VISITOR = "";

/** Characters of a message to process for its line in the list, which shows fewer. */
const LINE = 300;

/** @param {{ line: import("../../shared/wire.d.ts").Line | null }} message @returns {string} */
export function wordLine({ line }) {
  return line ? t(/** @type {Key} */ (`line.${line.event}`), { name: line.name }) : "";
}

/** @param {StaffConversation} conversation @returns {string} */
export function visitorName({ id, visitor }) {
  // Four stable characters distinguish anonymous visitors.
  return visitor.name || `${t("inbox.visitor")} ${(visitor.id || id).slice(0, 4).toUpperCase()}`;
}

/** @param {Whereabouts} visitor @param {Date} at @returns {string} "" when nothing is known */
export function whereaboutsWords(visitor, at) {
  if (visitor.is !== "gone") return visitor.is === "here" ? t("whereabouts.here") : "";
  const { since } = visitor;
  if (!since) return t("whereabouts.gone");
  const time = timeOfDay(since);
  return midnight(since) === midnight(at)
    ? t("whereabouts.left", { time }) : t("whereabouts.leftOn", { day: day(since, at), time });
}

/**
 * @param {StaffMessage | null} message
 * @param {string | null} me
 * @returns {string} the last line in a row of the list
 */
export function lastLine(message, me) {
  if (!message) return "";
  if (message.kind === "system") return wordLine(message);
  const text = shown(message.text.slice(0, LINE)) || filesOf(message);
  if (message.author === "visitor") return text;
  if (message.author_id === me) return t("inbox.lineYou", { text });
  return `${message.author_name}: ${text}`;
}

/** @param {StaffMessage} message @returns {string} its first file and the number of others */
function filesOf({ files }) {
  const [first] = files;
  if (!first) return "";
  return t(files.length > 1 ? "list.files" : "list.file", { name: first.name, more: files.length - 1 });
}

/**
 * Return a language or country in the operator's language; the code if the browser has no name.
 * @param {"language" | "region"} type
 * @param {string} code
 * @returns {string}
 */
export function named(type, code) {
  try {
    return new Intl.DisplayNames(language(), { type }).of(code) ?? code;
  } catch {
    return code;
  }
}

/**
 * Return the text colour that is readable on a colour.
 * @param {string} colour  such as #2f5d50
 * @returns {"#000" | "#fff"}
 */
export function inkOn(colour) {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = (parseInt(colour.slice(at, at + 2), 16) || 0) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  // At a luminance of 0.179, black and white have equal contrast (WCAG).
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000" : "#fff";
}

/** @param {string} timeZone @param {Date} now @returns {string} "" for an unknown zone */
export function localTime(timeZone, now) {
  try {
    return new Intl.DateTimeFormat(language(), {
      timeZone, hour: "numeric", minute: "2-digit", weekday: "short",
    }).format(now);
  } catch {
    return "";
  }
}

/**
 * @param {string} agent  a user agent string, or already a name
 * @returns {string} the usual name, version and system
 */
export function browserName(agent) {
  const found = /(Edg|OPR|Firefox|Chrome|Version)\/(\d+)/g;
  const names = { Edg: "Edge", OPR: "Opera", Firefox: "Firefox", Chrome: "Chrome", Version: "Safari" };
  const hits = [...agent.matchAll(found)].map(([, name, version]) => ({ name, version }));
  const hit = hits.find(({ name }) => name === "Edg" || name === "OPR") ?? hits[0];
  if (!hit) return agent.slice(0, 40);
  const system = /iPhone|iPad|Android|Windows|Mac OS X|Linux/.exec(agent)?.[0]?.replace("Mac OS X", "macOS");
  const name = `${names[/** @type {keyof typeof names} */ (hit.name)]} ${hit.version}`;
  return system ? `${name}, ${system}` : name;
}
