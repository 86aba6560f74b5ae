import assert from "node:assert/strict";
import { test } from "node:test";

import { stateOf } from "../../static/livechat/profile/notifications.js";

/** @type {import("../../static/livechat/profile/notifications.js").Browser} */
const COMPUTER = { isSecure: true, permission: "default", isInstalled: undefined, hasWorker: true, isPhone: false };
const IPHONE = { ...COMPUTER, permission: null, isInstalled: false, isPhone: true };
const PRIVATE = { ...COMPUTER, hasWorker: false };

test("the browser's permission is shown where it shows notifications", () => {
  for (const permission of /** @type {const} */ (["granted", "denied", "default"])) {
    assert.equal(stateOf({ ...COMPUTER, permission }), permission);
    assert.equal(stateOf({ ...COMPUTER, permission, isPhone: true }), permission);
    assert.equal(stateOf({ ...PRIVATE, permission }), permission);
    assert.equal(stateOf({ ...IPHONE, permission, isInstalled: true }), permission);
  }
});

test("without https the permission is of no use", () => {
  assert.equal(stateOf({ ...COMPUTER, isSecure: false, permission: "denied" }), "insecure");
  assert.equal(stateOf({ ...IPHONE, isSecure: false }), "insecure");
});

test("an iPhone needs the installed app", () => {
  assert.equal(stateOf(IPHONE), "install");
  assert.equal(stateOf({ ...IPHONE, isInstalled: true }), "unsupported");
  assert.equal(stateOf({ ...IPHONE, isInstalled: undefined }), "unsupported");
});

test("a phone needs a service worker, which private windows may lack", () => {
  assert.equal(stateOf({ ...PRIVATE, isPhone: true, permission: "granted" }), "private");
  assert.equal(stateOf({ ...PRIVATE, isPhone: true, permission: "denied" }), "denied");
});
