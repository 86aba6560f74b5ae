/** Messages between the widget's frame and the website's page. */

/** @import { Page, SetAttributes } from "../shared/wire.d.ts" */

/**
 * Handlers for messages of the page around the frame. `focus`: the visitor opened the chat.
 * `keeps`: whether the page can store a key; `resume`: the key that an earlier page stored.
 * @typedef {{
 *   opened: (focus: boolean) => void,
 *   closed: () => void,
 *   page: (page: Page) => void,
 *   available: (available: boolean) => void,
 *   attributes: (attributes: SetAttributes["attributes"]) => void,
 *   prefill: (text: string) => void,
 *   keeps: (keeps: boolean) => void,
 *   resume: (key: string) => void,
 *   consent: (given: boolean) => void,
 *   phone: (phone: boolean) => void,
 * }} Heard
 */

/**
 * Connects the frame to the page around it by `postMessage`, with the exact origin and a fixed list
 * of verbs. Without such a page, `alone` is true and nothing is sent or received.
 */
export class Host {
  #origin = originOf(location.hash.replace(/^#host=/, ""));
  #heard;
  /** @type {Map<string, unknown>} last value by verb, so that it is not sent twice */
  #sent = new Map();

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

  /** The exact origin of the page, "" if alone. */
  get origin() {
    return this.alone ? "" : this.#origin;
  }

  close() {
    this.#post("close");
  }

  /** Have the page store the key of the conversation; "" deletes it. @param {string} key */
  tellKey(key) {
    if ((this.#sent.get("key") ?? null) === key) return;
    this.#sent.set("key", key);
    this.#post("key", key);
  }

  /** @param {boolean} has */
  tellChat(has) {
    if (this.#sent.get("has_chat") === has) return;
    this.#sent.set("has_chat", has);
    this.#post("has_chat", has);
  }

  /** @param {boolean} wide */
  tellWide(wide) {
    this.#post("wide", wide);
  }

  /**
   * @param {number} count
   * @param {string} text  the same in words
   * @param {{ name: string, text: string } | null} newest  last of them, shown beside the button
   */
  tellUnread(count, text, newest) {
    const summary = `${count} ${newest?.name} ${newest?.text}`;
    if (this.#sent.get("unread") === summary) return;
    this.#sent.set("unread", summary);
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
    if (verb === "keeps") this.#heard.keeps(Boolean(value));
    if (verb === "resume") this.#heard.resume(text(value).slice(0, 512));
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

/** @param {string} claimed @returns {string} "" if invalid: the frame then counts as alone */
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
