/** Preferences of the inbox that stay in this browser. */

/** @import { SafeStorage } from "../shared/storage.js" */

/**
 * One user's preferences for the inbox, in this browser.
 * @typedef {object} Kept
 * @property {number} list  width of the list, in pixels
 * @property {number} context  width of the visitor's details, in pixels
 * @property {boolean} aside  whether the details are hidden
 * @property {boolean} compact  whether rows are small
 * @property {boolean} muted
 * @property {boolean} heard  whether sounds were ever unblocked here
 * @property {boolean} dismissed  whether the user dismissed the first steps
 * @property {string} folded  names of the folded sections of the details, separated by spaces
 */

/** @type {Kept} */
export const USUAL = {
  list: 320, context: 320, aside: false, compact: false, muted: false, heard: false, dismissed: false, folded: "",
};

/** Preferences in the browser's storage, as one JSON object without the default values. */
export class BrowserPreferences {
  #key;
  #storage;
  /** @type {Kept} */
  #kept = { ...USUAL };

  /** @param {SafeStorage} storage @param {string} user */
  constructor(storage, user) {
    this.#storage = storage;
    this.#key = `livechat:inbox:${user}`;
    for (const [name, value] of Object.entries(read(storage.get(this.#key)))) {
      const usual = Object.hasOwn(USUAL, name) ? USUAL[/** @type {keyof Kept} */ (name)] : undefined;
      if (typeof value === typeof usual) Object.assign(this.#kept, { [name]: value });
    }
  }

  /** @template {keyof Kept} Name @param {Name} name @returns {Kept[Name]} */
  get(name) {
    return this.#kept[name];
  }

  /** @template {keyof Kept} Name @param {Name} name @param {Kept[Name]} value */
  set(name, value) {
    if (this.#kept[name] === value) return;
    this.#kept[name] = value;
    const own = Object.entries(this.#kept).filter(([key, is]) => is !== USUAL[/** @type {keyof Kept} */ (key)]);
    if (own.length) this.#storage.set(this.#key, JSON.stringify(Object.fromEntries(own)));
    else this.#storage.remove(this.#key);
  }
}

/** @param {string | null} text @returns {object} */
function read(text) {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}
