/** Shows and closes the inbox's notifications, by a service worker where the browser has one. */

const WORKER = "/dashboard/worker.js";

/** @import { Sound } from "../../shared/sounds.js" */

/**
 * One notification for each conversation, its `tag`. Phones show only those of service workers, and
 * a click on one works while the browser has put the tab to sleep. Without a service worker, as in
 * some private windows, the page shows them.
 */
export class Notices {
  /** Conversations with a notification that this page has shown, and what for. @type {Map<string, Sound>} */
  shown = new Map();

  #open;
  /** Those of the page itself. @type {Map<string, Notification>} */
  #own = new Map();
  /** @type {Promise<ServiceWorkerRegistration | null> | null} */
  #registered = null;
  /** @type {ServiceWorker | null} */
  #worker = null;

  /** @param {(conversation: string) => void} open  called when a notification is clicked */
  constructor(open) {
    this.#open = open;
    const { serviceWorker } = navigator;
    serviceWorker?.addEventListener("message", ({ data }) => {
      if (typeof data?.open === "string") open(data.open);
    });
    serviceWorker?.startMessages();
    addEventListener("pagehide", this.#left);
  }

  /** Load the service worker. Safe to repeat. */
  prepare() {
    this.#registered ??= register();
  }

  /** @param {string} conversation @param {Sound} kind @param {string} title @param {string} body */
  async show(conversation, kind, title, body) {
    this.shown.set(conversation, kind);
    // Without `renotify` a second message would replace the first one without any sign.
    const options = /** @type {NotificationOptions} */ ({
      body, tag: conversation, renotify: true, icon: new URL("../../icon.svg", import.meta.url).href,
    });
    this.prepare();
    const registration = await this.#registered ?? null;
    this.#worker = registration?.active ?? null;
    if (!this.shown.has(conversation)) return;
    try {
      if (registration) return await registration.showNotification(title, options);
      const notice = new Notification(title, options);
      this.#own.set(conversation, notice);
      notice.onclick = () => {
        window.focus();
        this.#open(conversation);
        notice.close();
      };
    } catch {
      // The permission was withdrawn, or a phone without service workers: the profile page says so.
    }
  }

  /** Close the notification of a conversation, of any tab. Safe to repeat. @param {string} conversation */
  async close(conversation) {
    this.shown.delete(conversation);
    this.#own.get(conversation)?.close();
    this.#own.delete(conversation);
    const registration = await this.#registered;
    for (const notice of await registration?.getNotifications({ tag: conversation }) ?? []) notice.close();
  }

  /** The page closes, and perhaps its user has signed out. By the worker, as the page has no time. */
  #left = () => {
    this.#worker?.postMessage({ close: [...this.shown.keys()] });
    for (const notice of this.#own.values()) notice.close();
  };
}

/** @returns {Promise<ServiceWorkerRegistration | null>} null if the browser has no service workers here */
async function register() {
  try {
    const { trustedTypes } = /** @type {any} */ (globalThis);
    const policy = trustedTypes?.createPolicy("notification-worker", { createScriptURL: () => WORKER });
    await navigator.serviceWorker.register(policy?.createScriptURL("") ?? WORKER);
    return await navigator.serviceWorker.ready;
  } catch {
    return null;
  }
}
