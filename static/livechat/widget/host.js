/** @import { Page, SetAttributes } from "../shared/wire.d.ts" */

/**
 * What the page around the frame can tell. `focus`: the visitor opened it himself.
 * @typedef {{
 *   opened: (focus: boolean) => void,
 *   closed: () => void,
 *   page: (page: Page) => void,
 *   available: (available: boolean) => void,
 *   attributes: (attributes: SetAttributes["attributes"]) => void,
 *   prefill: (text: string) => void,
 *   consent: (given: boolean) => void,
 *   phone: (phone: boolean) => void,
 * }} Heard
 */

/**
 * The page around the frame, spoken to by `postMessage` with its exact origin and a closed list of
 * verbs. Without one (the frame opened by itself) it is as if the panel stood open.
 */
export class Host {
  #origin = originOf(location.hash.replace(/^#host=/, ""));
  #heard;
  /** @type {Map<string, unknown>} what was told last, so as not to repeat it */
  #told = new Map();

  /** @param {Heard} heard */
  constructor(heard) {
    this.#heard = heard;
    if (this.alone) return;
    addEventListener("message", this.#hear);
    this.#post("ready");
  }

  get alone() {
    return parent === window || !this.#origin;
  }

  close() {
    this.#post("close");
  }

  /** @param {boolean} has */
  tellChat(has) {
    if (this.#told.get("has_chat") === has) return;
    this.#told.set("has_chat", has);
    this.#post("has_chat", has);
  }

  /** @param {boolean} wide */
  tellWide(wide) {
    this.#post("wide", wide);
  }

  /**
   * @param {number} count
   * @param {string} text  the same in words
   * @param {{ name: string, text: string } | null} newest  the last of them, to be shown beside the button
   */
  tellUnread(count, text, newest) {
    const told = `${count} ${newest?.name} ${newest?.text}`;
    if (this.#told.get("unread") === told) return;
    this.#told.set("unread", told);
    this.#post("unread", { count, text, newest });
  }

  /** @param {string} verb @param {unknown} [value] */
  #post(verb, value) {
    if (!this.alone) parent.postMessage({ livechat: verb, value }, this.#origin);
  }

  #hear = (/** @type {MessageEvent} */ event) => {
    if (event.source !== parent || event.origin !== this.#origin) return;
    const { livechat: verb, value } = event.data ?? {};
    if (verb === "opened") this.#heard.opened(Boolean(value));
    if (verb === "closed") this.#heard.closed();
    if (verb === "available") this.#heard.available(Boolean(value));
    if (verb === "phone") this.#heard.phone(Boolean(value));
    if (verb === "consent") this.#heard.consent(Boolean(value));
    if (verb === "prefill") this.#heard.prefill(text(value).slice(0, 8_000));
    if (verb === "set" && value && typeof value === "object") this.#heard.attributes(value);
    if (verb === "page" && typeof value?.url === "string") {
      this.#heard.page({
        url: value.url.slice(0, 2_048),
        title: text(value.title).slice(0, 300),
        referrer: text(value.referrer).slice(0, 2_048),
      });
    }
  };
}

/** @param {string} claimed @returns {string} "" for what is none: then nobody is spoken to */
function originOf(claimed) {
  try {
    const { origin } = new URL(decodeURIComponent(claimed));
    return origin === "null" ? "" : origin;
  } catch {
    return "";
  }
}

/** @param {unknown} value @returns {string} */
function text(value) {
  return typeof value === "string" ? value : "";
}
