/** Turns stored and outgoing messages into the rows of a log. */

/** @import { Outgoing } from "./outbox.js" */
/** @import { File as Stored, PublicMessage, StaffMessage } from "./wire.d.ts" */

const GROUP_MS = 180_000;

/**
 * One row of the log: a message, or a line about an event.
 * @typedef {object} Item
 * @property {string} key  the same before and after the server has stored it
 * @property {number} seq  0 until it is stored
 * @property {string} clientId
 * @property {"own" | "other" | "line"} side
 * @property {boolean} note
 * @property {string} author  visitor, operator, bot or system
 * @property {string} name
 * @property {string} text
 * @property {string} at  "" for an item without a time, such as a greeting
 * @property {"" | "pending" | "sent" | "seen" | "failed"} state
 * @property {string} code  why it failed
 * @property {(Stored & { key?: string })[]} [files]  `id` is "" during the upload
 * @property {string} [picture]  of the author
 *
 * @typedef {object} Place
 * @property {boolean} first  of a group
 * @property {boolean} last  of a group
 * @property {boolean} newDay
 * @property {boolean} showState  true for failed messages and the last own message
 *
 * @typedef {object} Reader
 * @property {(author: string) => boolean} isOwn  whether the author is on the reader's side
 * @property {string} author  kind of author of the reader
 * @property {string} name
 * @property {string} visitor  shown for a visitor without a name
 * @property {number} seenUpTo  the other side has read up to this `seq`
 * @property {(message: PublicMessage | StaffMessage) => string} wordLine
 * @property {(author: string) => string | undefined} [picture]  of an operator, by operator id
 */

/**
 * Return what the reader sees: the timeline, then outgoing messages that are not in it yet.
 * @param {(PublicMessage | StaffMessage)[]} entries
 * @param {Outgoing[]} outgoing
 * @param {Reader} reader
 * @returns {Item[]}
 */
export function items(entries, outgoing, reader) {
  const stored = new Set(entries.map((entry) => entry.client_id));
  const onTheWay = outgoing.filter((entry) => !stored.has(entry.client_id));
  return [
    ...entries.map((entry) => storedItem(entry, reader)),
    ...onTheWay.map((entry) => outgoingItem(entry, reader)),
  ];
}

/**
 * Return the place of each item among its neighbours.
 * @param {Item[]} shown
 * @returns {Place[]}
 */
export function places(shown) {
  const marked = shown.findLastIndex((item) => item.side === "own" && !item.note);
  return shown.map((item, index) => {
    const before = shown[index - 1];
    const after = shown[index + 1];
    return {
      first: !before || !together(before, item),
      last: !after || !together(item, after),
      newDay: Boolean(item.at) && !(before?.at && sameDay(before.at, item.at)),
      showState: item.state === "failed" || index === marked,
    };
  });
}

/** @param {PublicMessage | StaffMessage} entry @param {Reader} reader @returns {Item} */
function storedItem(entry, reader) {
  const own = entry.kind !== "system" && reader.isOwn(entry.author);
  return {
    key: entry.client_id ?? entry.id,
    seq: entry.seq,
    clientId: entry.client_id ?? "",
    side: entry.kind === "system" ? "line" : own ? "own" : "other",
    note: entry.kind === "note",
    author: entry.author,
    name: entry.author_name || (entry.author === "visitor" ? reader.visitor : ""),
    text: entry.kind === "system" ? reader.wordLine(entry) : entry.text,
    at: entry.at,
    files: entry.files,
    picture: reader.picture?.(entry.author_id ?? ""),
    state: !own ? "" : entry.seq <= reader.seenUpTo ? "seen" : "sent",
    code: "",
  };
}

/** @param {Outgoing} entry @param {Reader} reader @returns {Item} */
function outgoingItem(entry, reader) {
  const state = entry.state === "failed" || entry.state === "sent" ? entry.state : "pending";
  return {
    key: entry.client_id,
    seq: 0,
    clientId: entry.client_id,
    side: "own",
    note: entry.internal,
    author: reader.author,
    name: reader.name,
    text: entry.text,
    at: entry.at,
    files: entry.files,
    state,
    code: entry.code,
  };
}

/** @param {Item} one @param {Item} next @returns {boolean} whether they form one group */
function together(one, next) {
  return one.side !== "line" && one.side === next.side && one.note === next.note
    && one.author === next.author && one.name === next.name && Boolean(one.at && next.at)
    && sameDay(one.at, next.at) && Date.parse(next.at) - Date.parse(one.at) < GROUP_MS;
}

/** @param {string} one @param {string} other */
function sameDay(one, other) {
  return new Date(one).toDateString() === new Date(other).toDateString();
}
