/**
 * The entries of one conversation as far as they are known here: an unbroken run, what came too
 * early, and how many there must be. Pure; every function returns a new timeline.
 *
 * @template {Entry} E
 * @typedef {object} Timeline
 * @property {E[]} entries  in order of `seq`, without a hole
 * @property {number} before  the number before the first entry; 0 when we have the beginning
 * @property {E[]} early  entries beyond a hole, in order of `seq`
 * @property {number} head  the highest number known to exist
 */

/** @typedef {{ seq: number, client_id: string | null }} Entry */

/**
 * A timeline that begins at its first entry and has none yet.
 * @template {Entry} E
 * @param {number} [head]
 * @returns {Timeline<E>}
 */
export function empty(head = 0) {
  return { entries: [], before: 0, early: [], head };
}

/**
 * A timeline of which only the newest page is known.
 * @template {Entry} E
 * @param {E[]} page
 * @param {number} head
 * @returns {Timeline<E>}
 */
export function newest(page, head) {
  const first = page[0];
  return add({ ...empty(head), before: first ? first.seq - 1 : head }, page, head);
}

/**
 * Put entries where they belong: doubles fall away, early ones are kept aside until the hole
 * before them is filled, older ones are accepted when they touch the known run.
 * @template {Entry} E
 * @param {Timeline<E>} timeline
 * @param {E[]} page
 * @param {number} [head]
 * @returns {Timeline<E>}
 */
export function add(timeline, page, head = 0) {
  /** @type {Map<number, E>} */
  const loose = new Map();
  for (const entry of [...timeline.early, ...page]) {
    if (entry.seq <= timeline.before || entry.seq > last(timeline)) loose.set(entry.seq, entry);
  }
  const after = run(loose, last(timeline) + 1, 1);
  const earlier = run(loose, timeline.before, -1).reverse();
  const end = last(timeline) + after.length;
  const early = [...loose.values()].filter((entry) => entry.seq > end);
  early.sort((one, other) => one.seq - other.seq);
  return {
    entries: after.length || earlier.length
      ? [...earlier, ...timeline.entries, ...after]
      : timeline.entries,
    before: timeline.before - earlier.length,
    early,
    head: Math.max(timeline.head, head, end, early.at(-1)?.seq ?? 0),
  };
}

/** @param {Timeline<any>} timeline @returns {number} the end of the unbroken run */
export function last(timeline) {
  return timeline.before + timeline.entries.length;
}

/** @param {Timeline<any>} timeline @returns {boolean} whether entries after the run are known to exist */
export function hasGap(timeline) {
  return timeline.head > last(timeline);
}

/**
 * The entries of `loose` from `seq` on, taken out of it, until the first hole.
 * @template {Entry} E
 * @param {Map<number, E>} loose
 * @param {number} seq
 * @param {1 | -1} step
 */
function run(loose, seq, step) {
  /** @type {E[]} */
  const found = [];
  for (let entry = loose.get(seq); entry; entry = loose.get(seq)) {
    found.push(entry);
    loose.delete(seq);
    seq += step;
  }
  return found;
}
