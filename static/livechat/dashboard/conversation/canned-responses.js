/** Canned responses: whether a text calls for one, and which ones match. Pure. */

import { fold } from "../../shared/fold.js";

/** @import { CannedResponse } from "../../shared/wire.d.ts" */

/**
 * Text before the caret that calls for a response: `:hello`, or `::` for all of them.
 * @typedef {object} Call
 * @property {number} from  index of the first colon
 * @property {string} query  text after the colons
 * @property {boolean} all  whether there are two colons
 */

const MAX_QUERY = 40;

/** After a single colon, fewer characters would match nearly every text. */
const MIN_CONTENT = 3;

const CALL = /(?:^|\s)(?<colons>::?)(?<query>\S*)$/u;

/** Only queries with a letter or digit match inside texts. */
const WORDS = /[\p{L}\p{N}]/u;
/** `:D` and `:3` are emoticons, not calls. */
const FACE = /^[\p{Lu}\p{N}]$/u;

/**
 * @param {string} text
 * @param {number} caret
 * @returns {Call | null}
 */
export function callIn(text, caret) {
  const { colons = "", query = "" } = CALL.exec(text.slice(0, caret))?.groups ?? {};
  const all = colons === "::";
  if (!colons || query.length > MAX_QUERY) return null;
  if (!all && (!query || FACE.test(query))) return null;
  return { from: caret - query.length - colons.length, query, all };
}

/**
 * Return the responses that match: first by the start of the shortcut, then by any part of it, then
 * by their text. The order within each group stays.
 * @param {readonly CannedResponse[]} responses
 * @param {Pick<Call, "query" | "all">} call
 * @returns {CannedResponse[]}
 */
export function matching(responses, { query, all }) {
  const wanted = fold(query);
  const inside = WORDS.test(query) && (all || query.length >= MIN_CONTENT);
  /** @type {[CannedResponse[], CannedResponse[], CannedResponse[]]} */
  const ranks = [[], [], []];
  for (const response of responses) {
    const shortcut = fold(response.shortcut);
    if (shortcut.startsWith(wanted)) ranks[0].push(response);
    else if (inside && shortcut.includes(wanted)) ranks[1].push(response);
    else if (inside && fold(response.substitution).includes(wanted)) ranks[2].push(response);
  }
  return ranks.flat();
}

const BEFORE = 24;

/**
 * Return a text on one line, cut to start shortly before the query.
 * @param {string} text
 * @param {string} query
 * @returns {string}
 */
export function excerpt(text, query) {
  const line = text.replace(/\s+/gu, " ").trim();
  const [start] = found(line, query) ?? [0];
  if (start <= 2 * BEFORE) return line;
  const word = line.indexOf(" ", start - BEFORE);
  return `…${line.slice(word >= 0 && word < start ? word + 1 : start)}`;
}

/**
 * @param {string} text
 * @param {string} query
 * @returns {[number, number] | null} start and end of the query in `text`; null also when
 *   folding changes the length
 */
export function found(text, query) {
  const folded = fold(text);
  const start = query && folded.length === text.length ? folded.indexOf(fold(query)) : -1;
  return start < 0 ? null : [start, start + fold(query).length];
}
