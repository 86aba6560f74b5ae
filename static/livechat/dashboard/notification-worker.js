/**
 * The inbox's service worker. It only serves notifications, because phones show those of service
 * workers alone; it handles no requests. See `alerts/notices.js`.
 */

const INBOX = "/dashboard/";
const worker = /** @type {any} */ (self);

/** A new version takes over at once: it has no state. */
worker.addEventListener("install", () => worker.skipWaiting());

/** A page that is left asks to close the notifications with these tags. */
worker.addEventListener("message", (/** @type {any} */ event) => {
  event.waitUntil(Promise.all([event.data?.close].flat().map(close)));
});

worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.tag));
});

/** @param {unknown} tag */
async function close(tag) {
  if (typeof tag !== "string") return;
  for (const notice of await worker.registration.getNotifications({ tag })) notice.close();
}

/** Show a conversation in an open inbox, best in one that shows it already, or in a new tab. @param {string} conversation */
async function show(conversation) {
  const tabs = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const hash = `#${conversation}`;
  const inboxes = tabs.map((/** @type {any} */ tab) => ({ tab, url: new URL(tab.url) }))
    .filter((/** @type {any} */ { url }) => url.pathname === INBOX);
  const [best] = [...inboxes.filter((/** @type {any} */ { url }) => url.hash === hash), ...inboxes];
  if (!best) return worker.clients.openWindow(INBOX + hash);
  best.tab.postMessage({ open: conversation });
  return best.tab.focus().catch(() => {
    // The browser does not allow it now; the conversation is open in its tab.
  });
}
