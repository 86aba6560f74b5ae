/** The sounds of widget and inbox, and how to play them. */

/** @typedef {keyof typeof SOUNDS} Sound */
/** @typedef {[start: number, length: number, frequency: number, strength: number, type?: OscillatorType]} Partial */

/**
 * Synthesised, not loaded. Times in milliseconds, at most 600 in all; frequencies in hertz. With
 * these strengths each sound has about −18 LUFS at full volume.
 * @satisfies {Record<string, Partial[]>}
 */
const SOUNDS = {
  // Two rising notes: a visitor is waiting.
  waiting: [
    [0, 340, 587.3, 0.47],
    [0, 200, 1174.7, 0.11],
    [190, 410, 880, 0.47],
    [190, 240, 1760, 0.09],
  ],
  // One note.
  message: [
    [0, 420, 698.5, 0.66],
    [0, 110, 1396.9, 0.2, "triangle"],
  ],
  // Two short notes and a lower one: a colleague wants attention.
  mention: [
    [0, 150, 1046.5, 0.52, "triangle"],
    [130, 150, 1046.5, 0.52, "triangle"],
    [260, 340, 784, 0.69, "triangle"],
  ],
};

const ATTACK = 0.008;
const SILENCE = 0.0005;
const REST_MS = 60_000;
// A browser that blocks sounds may leave the promise of `resume` pending.
const RESUME_TIMEOUT_MS = 1_000;

/**
 * Plays short sounds and never throws. Without Web Audio, or before the first click, `blocked` is
 * true and sounds are dropped.
 */
export class Sounds {
  /** Called whenever `blocked` has changed. */
  onchange = () => {};

  /** @type {AudioContext | null} */
  #context = null;
  /** Suspended by `#suspendLater`; can resume without a click. */
  #suspended = false;
  #blocked = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #suspendTimer;

  /** Whether the browser would not play a sound now. */
  get blocked() {
    return this.#blocked;
  }

  /**
   * Allow sounds. Call while a click or a key press is handled; safe to repeat.
   * @returns {Promise<boolean>} whether sounds can be played now
   */
  async unlock() {
    if (!this.#blocked) return true;
    try {
      if (!this.#context) {
        this.#context = new AudioContext();
        this.#context.onstatechange = () => this.#checkState();
      }
    } catch {
      return false;
    }
    await this.#resume();
    this.#suspendLater();
    return !this.#blocked;
  }

  /**
   * @param {Sound} name
   * @param {number} [volume]  0 to 1
   */
  async play(name, volume = 1) {
    if (this.#blocked || !(volume > 0)) return;
    if (this.#suspended) await this.#resume();
    const context = this.#context;
    if (this.#blocked || !context) return;
    schedule(context, name, Math.min(volume, 1));
    this.#suspendLater();
  }

  async #resume() {
    const context = this.#context;
    if (!context) return;
    try {
      const timeout = new Promise((done) => setTimeout(done, RESUME_TIMEOUT_MS));
      await Promise.race([context.resume(), timeout]);
    } catch {
      // Refused: `#checkState` finds the context not running.
    }
    this.#suspended = false;
    this.#checkState();
  }

  /** Suspend the audio device after a minute without a sound. */
  #suspendLater() {
    clearTimeout(this.#suspendTimer);
    this.#suspendTimer = setTimeout(() => {
      if (this.#context?.state !== "running") return;
      // Suspend, not close: some browsers want a click for every new context.
      this.#suspended = true;
      this.#context.suspend().catch(() => {});
    }, REST_MS);
  }

  #checkState() {
    const blocked = !this.#suspended && this.#context?.state !== "running";
    if (blocked === this.#blocked) return;
    this.#blocked = blocked;
    this.onchange();
  }
}

/**
 * @param {BaseAudioContext} context
 * @param {Sound} name
 * @param {number} volume  0 to 1
 */
export function schedule(context, name, volume) {
  /** @type {Partial[]} */
  const partials = SOUNDS[name];
  for (const [start, length, frequency, strength, type = "sine"] of partials) {
    const from = context.currentTime + start / 1000;
    const to = from + length / 1000;
    const loudness = context.createGain();
    loudness.gain.setValueAtTime(0, from);
    loudness.gain.linearRampToValueAtTime(strength * volume, from + ATTACK);
    loudness.gain.exponentialRampToValueAtTime(SILENCE * volume, to);
    loudness.connect(context.destination);
    const tone = context.createOscillator();
    tone.type = type;
    tone.frequency.value = frequency;
    tone.connect(loudness);
    tone.start(from);
    tone.stop(to);
  }
}
