/** @typedef {keyof typeof SOUNDS} Sound */
/** @typedef {[start: number, length: number, frequency: number, strength: number, type?: OscillatorType]} Partial */

/**
 * Made rather than loaded. Times in milliseconds, at most 600 in all; frequencies in hertz. The
 * strengths make each about −18 LUFS at full volume.
 * @satisfies {Record<string, Partial[]>}
 */
const SOUNDS = {
  // Two steps up, like a door bell: somebody stands there.
  waiting: [
    [0, 340, 587.3, 0.47],
    [0, 200, 1174.7, 0.11],
    [190, 410, 880, 0.47],
    [190, 240, 1760, 0.09],
  ],
  // One drop.
  message: [
    [0, 420, 698.5, 0.66],
    [0, 110, 1396.9, 0.2, "triangle"],
  ],
  // Two short taps and a step down, from within the house.
  mention: [
    [0, 150, 1046.5, 0.52, "triangle"],
    [130, 150, 1046.5, 0.52, "triangle"],
    [260, 340, 784, 0.69, "triangle"],
  ],
};

const ATTACK = 0.008;
const SILENCE = 0.0005;
const REST_MS = 60_000;
// A browser that refuses does not say no: it leaves the question open.
const PATIENCE_MS = 1_000;

/**
 * Short sounds. Nothing here throws: where the browser has no Web Audio, or wants to be clicked
 * first, `blocked` says so and what would have sounded is dropped.
 */
export class Sounds {
  /** Called whenever `blocked` has changed. */
  onchange = () => {};

  /** @type {AudioContext | null} */
  #context = null;
  /** Asleep by our own wish, to be woken without a click. */
  #resting = false;
  #blocked = true;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  /** Whether a sound would not be heard now. */
  get blocked() {
    return this.#blocked;
  }

  /** To be called while a click or a key is handled. @returns {Promise<boolean>} whether it helped */
  async unlock() {
    if (!this.#blocked) return true;
    try {
      if (!this.#context) {
        this.#context = new AudioContext();
        this.#context.onstatechange = () => this.#look();
      }
    } catch {
      return false;
    }
    await this.#wake();
    this.#tire();
    return !this.#blocked;
  }

  /**
   * @param {Sound} name
   * @param {number} [volume]  0 to 1
   */
  async play(name, volume = 1) {
    if (this.#blocked || !(volume > 0)) return;
    if (this.#resting) await this.#wake();
    const context = this.#context;
    if (this.#blocked || !context) return;
    schedule(context, name, Math.min(volume, 1));
    this.#tire();
  }

  async #wake() {
    const context = this.#context;
    if (!context) return;
    try {
      const patience = new Promise((done) => setTimeout(done, PATIENCE_MS));
      await Promise.race([context.resume(), patience]);
    } catch {
      // Refused: `#look` sees that it does not run.
    }
    this.#resting = false;
    this.#look();
  }

  /** After a minute without a sound the machine need not keep its loudspeaker ready. */
  #tire() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      if (this.#context?.state !== "running") return;
      // Not closed: some browsers want a click for every new context, but for one they know none.
      this.#resting = true;
      this.#context.suspend().catch(() => {});
    }, REST_MS);
  }

  #look() {
    const blocked = !this.#resting && this.#context?.state !== "running";
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
