/** The inbox's alerts: connects its state to sounds, notifications and other tabs. */

import { Election } from "../../shared/election.js";
import { Sounds } from "../../shared/sounds.js";
import { Alarm, DEFAULTS } from "./alarm.js";
import { isOver, situationOf } from "./alert-rules.js";
import { Notices } from "./notices.js";
import { said } from "../store.js";
import { t } from "../texts.js";
import { lastLine, visitorName } from "../list/conversation-texts.js";

/** @import { Sound } from "../../shared/sounds.js" */
/** @import { Preferences } from "./alarm.js" */
/** @import { BrowserPreferences } from "../browser-preferences.js" */
/** @import { State } from "../store.js" */

/** Milliseconds after loading before the page asks for the click that unblocks sounds. */
const ASK_AFTER_MS = 5_000;

/** Plays sounds and shows notifications, in one tab only, as far as the browser allows them. */
export class Alerts {
  #alarm;
  #notices;
  #place = "";
  #election;
  #browserPreferences;
  #preferences;
  #sounds = new Sounds();
  #changed;
  #patient = true;
  /** @type {State | null} */
  #state = null;

  /**
   * @param {string} user
   * @param {Partial<Preferences> | undefined} preferences
   * @param {BrowserPreferences} browserPreferences
   * @param {{ open: (conversation: string) => void, changed: () => void }} listener
   */
  constructor(user, preferences, browserPreferences, { open, changed }) {
    this.#preferences = { ...DEFAULTS, ...preferences };
    this.#browserPreferences = browserPreferences;
    this.#notices = new Notices(open);
    if (this.#isAllowed) this.#notices.prepare();
    this.#changed = changed;
    this.#election = new Election(`staff:${user}`, { changed: () => this.#look() });
    this.#alarm = new Alarm({
      now: () => performance.now(),
      wall: () => new Date(),
      later: (callback, milliseconds) => setTimeout(callback, milliseconds),
      play: (sound, volume) => this.#sounds.play(sound, volume),
      notify: ({ body, conversation, kind }) => this.#notify(kind, conversation, body),
      excerpt: ({ conversation }) => {
        const known = this.#state?.conversations.get(conversation);
        const last = this.#state && known ? said(this.#state, known) : null;
        return last?.kind === "system" ? "" : lastLine(last, null);
      },
    });
    this.#sounds.onchange = () => {
      this.#election.able = !this.#sounds.blocked;
      if (!this.#sounds.blocked) browserPreferences.set("heard", true);
      changed();
    };
    this.muted = browserPreferences.get("muted");
    setTimeout(() => {
      this.#patient = false;
      changed();
    }, ASK_AFTER_MS);
    // Not `pointerdown`: the strip would vanish, and the pressed element would move away.
    addEventListener("click", this.#unlock, { capture: true });
    addEventListener("keydown", this.#unlock, { capture: true });
  }

  get muted() {
    return this.#browserPreferences.get("muted");
  }

  set muted(muted) {
    this.#browserPreferences.set("muted", muted);
    this.#alarm.preferences = { ...this.#preferences, volume: muted ? 0 : this.#preferences.volume };
    this.#look();
  }

  /** Whether to warn the operator that the browser blocks the sounds they want. */
  get blocked() {
    const { sounds, volume } = this.#preferences;
    const wanted = volume > 0 && Object.values(sounds).some(Boolean) && !this.muted;
    return wanted && this.#sounds.blocked && !this.#patient;
  }

  /** Whether the browser can still be asked for permission to notify. */
  get askable() {
    return this.#preferences.notifications && globalThis.Notification?.permission === "default";
  }

  /** @param {State} state @param {string} place  the shown conversation, "" for none */
  update(state, place) {
    if (!state.loaded) return;
    this.#state = state;
    this.#election.place = place;
    this.#look();
    if (place && place !== this.#place) this.#notices.close(place);
    this.#place = place;
  }

  /** Unblock sounds. Call it in a click handler, as browsers require. */
  async unlock() {
    this.#patient = false;
    await this.#sounds.unlock();
    this.#changed();
  }

  /** Ask for permission to notify. Call it in a click handler, as browsers require. */
  async ask() {
    if (this.askable) await Notification.requestPermission();
    if (this.#isAllowed) this.#notices.prepare();
    this.#changed();
  }

  #look() {
    if (!this.#state) return;
    const situation = situationOf(this.#state);
    for (const [id, kind] of this.#notices.shown) {
      if (isOver(kind, id, situation, this.#state.seen[id] ?? 0)) this.#notices.close(id);
    }
    const { anyVisible, leads, places } = this.#election;
    this.#alarm.update({ ...situation, focused: places, leads, visible: anyVisible });
  }

  #unlock = () => {
    if (this.#sounds.blocked) this.unlock();
  };

  get #isAllowed() {
    return this.#preferences.notifications && globalThis.Notification?.permission === "granted";
  }

  /** @param {Sound} kind @param {string} conversation @param {string} body */
  #notify(kind, conversation, body) {
    if (!this.#isAllowed) return;
    const known = this.#state?.conversations.get(conversation);
    this.#notices.show(conversation, kind, known ? visitorName(known) : t("inbox.title"), body);
  }
}
