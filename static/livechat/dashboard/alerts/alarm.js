/** When sounds play and notifications appear: repeats, quiet hours, one tab only. */

import { t } from "../texts.js";

/** @import { Sound } from "../../shared/sounds.js" */

const AGAIN_MS = 10_000;
const LONGEST_MS = 180_000;
const BREATH_MS = 1_000;
/** A sound or notification is dropped after this time, for example when no tab was the leader. */
const STALE_MS = 3_000;

/** Most urgent first. */
const KINDS = /** @type {const} */ (["waiting", "mention", "message"]);

/**
 * Local times of day in `quiet` look like "22:00".
 * @typedef {object} Preferences
 * @property {Record<Sound, boolean>} sounds
 * @property {number} volume  0 to 1
 * @property {{ from: string, to: string } | null} quiet
 * @property {boolean} notifications
 * @property {boolean} notification_text  whether notifications may quote the message
 *
 * The state of the inbox. `mine` and `mentions` are keyed by conversation.
 * @typedef {object} Situation
 * @property {Iterable<string>} waiting  queued conversations, in channels the operator accepts
 * @property {ReadonlyMap<string, number>} mine  seq of the visitor's newest entry
 * @property {ReadonlyMap<string, number>} mentions  seq of the newest note that names the operator
 * @property {readonly string[]} focused  conversations shown in a visible tab
 * @property {boolean} leads  whether this tab is the elected leader
 * @property {boolean} visible  whether any tab is visible
 *
 * @typedef {object} Notice
 * @property {Sound} kind
 * @property {string} conversation
 * @property {string} body
 *
 * @typedef {object} Dependencies
 * @property {() => number} now  milliseconds of a monotonic clock
 * @property {() => Date} wall  the time of day, for the quiet hours
 * @property {(callback: () => void, milliseconds: number) => void} later
 * @property {(sound: Sound, volume: number) => void} play
 * @property {(notice: Notice) => void} notify
 * @property {(notice: Omit<Notice, "body">) => string} excerpt  message text; "" if unknown
 */

/** @type {Preferences} */
export const DEFAULTS = {
  sounds: { waiting: true, message: true, mention: true },
  volume: 1,
  quiet: null,
  notifications: true,
  notification_text: false,
};

/** Decides which sounds play, and which notifications appear while no tab is visible. */
export class Alarm {
  preferences = DEFAULTS;

  #dependencies;
  /** @type {Situation | null} */
  #situation = null;
  /** @type {Map<string, number>} waiting conversation → when it stops ringing */
  #waiting = new Map();
  /** When waiting conversations ring again; 0 for never. */
  #again = 0;
  #playedAt = -Infinity;
  /** @type {Map<Sound, number>} pending sound → when it was requested */
  #sounds = new Map();
  /** @type {Map<string, Omit<Notice, "body"> & { at: number }>} */
  #notices = new Map();
  /** When the next timer fires; Infinity without one. */
  #wakeAt = Infinity;
  /** @type {Record<"message" | "mention", Map<string, number>>} the newest known seq */
  #known = { message: new Map(), mention: new Map() };

  /** @param {Dependencies} dependencies */
  constructor(dependencies) {
    this.#dependencies = dependencies;
  }

  /** @param {Situation} situation */
  update(situation) {
    const first = !this.#situation;
    this.#situation = situation;
    this.#wait(new Set(situation.waiting), first);
    this.#hear("message", situation.mine, first);
    this.#hear("mention", situation.mentions, first);
    this.#run();
  }

  /**
   * @param {Set<string>} waiting
   * @param {boolean} first  whether this is the first update: what waits already rings only once
   */
  #wait(waiting, first) {
    const now = this.#dependencies.now();
    for (const id of this.#waiting.keys()) {
      if (waiting.has(id)) continue;
      this.#waiting.delete(id);
      this.#notices.delete(`waiting ${id}`);
    }
    const fresh = [...waiting].filter((id) => !this.#waiting.has(id));
    for (const id of fresh) {
      this.#waiting.set(id, first ? now : now + LONGEST_MS);
      this.#want("waiting", id);
    }
    if (fresh.length) this.#again = now + AGAIN_MS;
    if (!waiting.size) {
      this.#again = 0;
      this.#sounds.delete("waiting");
    }
  }

  /**
   * @param {"message" | "mention"} kind
   * @param {ReadonlyMap<string, number>} newest
   * @param {boolean} first  whether this is the first update: earlier messages make no sound
   */
  #hear(kind, newest, first) {
    const known = this.#known[kind];
    for (const [id, seq] of newest) {
      const before = known.get(id) ?? 0;
      if (seq <= before) continue;
      known.set(id, seq);
      if (!first && !this.#situation?.focused.includes(id)) this.#want(kind, id);
    }
  }

  /** @param {Sound} kind @param {string} conversation */
  #want(kind, conversation) {
    const at = this.#dependencies.now();
    this.#sounds.set(kind, at);
    this.#notices.set(`${kind} ${conversation}`, { kind, conversation, at });
  }

  #run() {
    const now = this.#dependencies.now();
    this.#repeat(now);
    for (const [kind, at] of this.#sounds) if (at + STALE_MS < now) this.#sounds.delete(kind);
    for (const [key, { at }] of this.#notices) if (at + STALE_MS < now) this.#notices.delete(key);
    if (this.#situation?.leads) {
      const quiet = isQuiet(this.preferences.quiet, this.#dependencies.wall());
      this.#show(quiet);
      this.#sound(quiet, now);
    }
    if (this.#sounds.size && this.#situation?.leads) this.#wake(this.#playedAt + BREATH_MS);
    if (this.#again) this.#wake(this.#again);
  }

  /** @param {number} now */
  #repeat(now) {
    if (!this.#again || now < this.#again) return;
    const ringing = [...this.#waiting.values()].some((until) => now < until);
    this.#again = ringing ? now + AGAIN_MS : 0;
    if (ringing) this.#sounds.set("waiting", now);
  }

  /** @param {boolean} quiet */
  #show(quiet) {
    const { notification_text, notifications } = this.preferences;
    const wanted = !quiet && notifications && !this.#situation?.visible;
    for (const { kind, conversation } of wanted ? this.#notices.values() : []) {
      const excerpt = notification_text ? this.#dependencies.excerpt({ kind, conversation }) : "";
      this.#dependencies.notify({ kind, conversation, body: excerpt || t(`alarm.${kind}`) });
    }
    this.#notices.clear();
  }

  /** @param {boolean} quiet @param {number} now */
  #sound(quiet, now) {
    const { sounds, volume } = this.preferences;
    for (const kind of KINDS) if (quiet || volume <= 0 || !sounds[kind]) this.#sounds.delete(kind);
    const next = KINDS.find((kind) => this.#sounds.has(kind));
    if (!next || now < this.#playedAt + BREATH_MS) return;
    this.#sounds.delete(next);
    this.#playedAt = now;
    this.#dependencies.play(next, volume);
  }

  /** @param {number} at */
  #wake(at) {
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#dependencies.later(() => {
      if (this.#wakeAt === at) this.#wakeAt = Infinity;
      this.#run();
    }, Math.max(0, at - this.#dependencies.now()));
  }
}

/**
 * @param {Preferences["quiet"]} hours
 * @param {Date} now
 * @returns {boolean} whether `now` is in the quiet hours, which may span midnight
 */
export function isQuiet(hours, now) {
  if (!hours) return false;
  const [from = 0, to = 0] = [hours.from, hours.to].map((time) => {
    const [hour = 0, minute = 0] = time.split(":").map(Number);
    return hour * 60 + minute;
  });
  const minute = now.getHours() * 60 + now.getMinutes();
  return from <= to ? from <= minute && minute < to : from <= minute || minute < to;
}
