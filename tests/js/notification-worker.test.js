import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const CONVERSATION = "11111111-1111-4111-8111-111111111111";
/** @type {string[]} what the worker has done */
const done = [];
/** @type {{ url: string, focus?: () => Promise<void> }[]} */
let tabs = [];
/** @type {Record<string, (event: any) => void>} */
const handlers = {};

Object.assign(globalThis, {
  self: {
    addEventListener: (/** @type {string} */ type, /** @type {(event: any) => void} */ handler) => (handlers[type] = handler),
    registration: { getNotifications: async (/** @type {{ tag: string }} */ { tag }) => [notice(tag), notice(tag)] },
    clients: {
      matchAll: async (/** @type {object} */ options) => {
        assert.deepEqual(options, { type: "window", includeUncontrolled: true });
        return tabs.map(({ url, focus }) => ({
          url,
          focus: focus ?? (async () => done.push(`focus ${url}`)),
          postMessage: (/** @type {{ open: string }} */ { open }) => done.push(`open ${open} in ${url}`),
        }));
      },
      openWindow: async (/** @type {string} */ url) => done.push(`new ${url}`),
    },
  },
});
const SCRIPT = "../../static/livechat/dashboard/notification-worker.js";
await import(SCRIPT);

beforeEach(() => {
  done.length = 0;
});

/** @param {string} tag */
function notice(tag) {
  return { tag, close: () => done.push(`close ${tag}`) };
}

/** @param {string} type @param {object} event */
async function happens(type, event) {
  /** @type {Promise<unknown> | undefined} */
  let waiting;
  handlers[type]?.({ ...event, waitUntil: (/** @type {Promise<unknown>} */ promise) => (waiting = promise) });
  await waiting;
}

/** @param {...{ url: string, focus?: () => Promise<void> }} open */
async function click(...open) {
  tabs = open;
  await happens("notificationclick", { notification: notice(CONVERSATION) });
  return done.slice(1);
}

const INBOX = { url: "https://chat.example/dashboard/#other" };
const SHOWING = { url: `https://chat.example/dashboard/#${CONVERSATION}` };

test("a click opens the chat in the inbox that is open, and closes the notification", async () => {
  const did = await click({ url: "https://chat.example/profile/" }, INBOX, { url: "https://chat.example/dashboard/" });

  assert.equal(done[0], `close ${CONVERSATION}`);
  assert.deepEqual(did, [`open ${CONVERSATION} in ${INBOX.url}`, `focus ${INBOX.url}`]);
});

test("a tab that shows the chat already is preferred", async () => {
  assert.deepEqual(await click(INBOX, SHOWING), [`open ${CONVERSATION} in ${SHOWING.url}`, `focus ${SHOWING.url}`]);
});

test("without an inbox a new one is opened", async () => {
  assert.deepEqual(await click({ url: "https://chat.example/profile/" }), [`new /dashboard/#${CONVERSATION}`]);
  done.length = 0;
  assert.deepEqual(await click(), [`new /dashboard/#${CONVERSATION}`]);
});

test("a tab that may not be focused opens the chat all the same", async () => {
  const refused = { ...INBOX, focus: () => Promise.reject(new Error("InvalidAccessError")) };

  assert.deepEqual(await click(refused), [`open ${CONVERSATION} in ${INBOX.url}`]);
});

test("a page that is left has its notifications closed, whatever else a message contains", async () => {
  await happens("message", { data: { close: ["a", 5, null, "b"] } });
  assert.deepEqual(done, ["close a", "close a", "close b", "close b"]);

  for (const data of [null, undefined, 5, "close", {}, { close: 5 }, { close: null }]) await happens("message", { data });
  assert.equal(done.length, 4);
});
