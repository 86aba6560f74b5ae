/**
 * The known entries of one conversation: a run without a gap, and entries beyond a gap. Pure: no
 * function changes a timeline.
 *
 * @template {Entry} E
 * @typedef {object} Timeline
 * @property {E[]} entries  in order of `seq`, without a gap
 * @property {number} before  the `seq` before the first entry; 0 when the beginning is known
 * @property {E[]} early  entries beyond a gap, in order of `seq`
 * @property {number} head  the highest `seq` known to exist
 */

/** @typedef {{ seq: number, client_id: string | null }} Entry */

/**
 * Return a timeline from the beginning of a conversation, without entries yet.
 * @template {Entry} E
 * @param {number} [head]
 * @returns {Timeline<E>}
 */
export function empty(head = 0) {
  return { entries: [], before: 0, early: [], head };
}

/**
 * Return a timeline of which only the newest page is known.
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
 * Return the timeline with more entries. Duplicates are dropped. Entries beyond a gap are kept
 * apart until it is filled. Older entries are accepted only if they touch the known run.
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

/** @param {Timeline<any>} timeline @returns {number} the `seq` at the end of the run */
export function last(timeline) {
  return timeline.before + timeline.entries.length;
}

/** @param {Timeline<any>} timeline @returns {boolean} whether entries after the run exist */
export function hasGap(timeline) {
  return timeline.head > last(timeline);
}

/**
 * Remove and return the entries of `loose` from `seq` up to the first gap.
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
