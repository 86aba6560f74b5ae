/** Canned responses: when a text calls for one, and for which. Pure. */

/** @import { CannedResponse } from "../../shared/wire.d.ts" */

/**
 * What stands before the caret and calls for a response: `:hello`, or `::` for all of them.
 * @typedef {object} Call
 * @property {number} from  where the colon stands
 * @property {string} query  what follows it
 * @property {boolean} all  two colons
 */

const MAX_QUERY = 40;

/** Behind a single colon fewer letters would find something in nearly every text. */
const MIN_CONTENT = 3;

const CALL = /(?:^|\s)(?<colons>::?)(?<query>\S*)$/u;

/** What looks like a face, or like nothing, is not searched for in texts. */
const WORDS = /[\p{L}\p{N}]/u;
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
 * Those that a call may mean: their shortcut begins with it, then has it, then their text has it.
 * Within each the order stays.
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
 * A text on one line, beginning shortly before what was searched for.
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
 * @returns {[number, number] | null} where in `text` the query is, as far as that can be shown
 */
export function found(text, query) {
  const folded = fold(text);
  const start = query && folded.length === text.length ? folded.indexOf(fold(query)) : -1;
  return start < 0 ? null : [start, start + fold(query).length];
}

/** Without case and accents. @param {string} text */
function fold(text) {
  return text.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase().normalize("NFC");
}
