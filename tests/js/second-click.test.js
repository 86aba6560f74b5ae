import assert from "node:assert/strict";
import { test } from "node:test";

import { secondClick } from "../../static/livechat/shared/second-click.js";

/** @param {string} pointerType @param {[detail: number, timeStamp: number][]} clicks */
function seconds(pointerType, clicks) {
  const isSecond = secondClick();
  return clicks.map(([detail, timeStamp]) => isSecond({ detail, timeStamp, pointerType }));
}

test("the browser counts the clicks of a mouse", () => {
  assert.deepEqual(seconds("mouse", [[1, 0], [2, 490], [3, 600], [1, 650]]), [false, true, true, false]);
});

test("two taps in a hurry are a double tap, though each counts as one", () => {
  assert.deepEqual(seconds("touch", [[1, 0], [1, 250], [1, 1_000]]), [false, true, false]);
  assert.deepEqual(seconds("", [[1, 5], [1, 250], [1, 1_000]]), [false, true, false]);
});

test("a key that is pressed twice acts twice", () => {
  assert.deepEqual(seconds("", [[0, 0], [0, 100], [0, 200]]), [false, false, false]);
});
