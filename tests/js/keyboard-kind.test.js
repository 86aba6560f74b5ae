import assert from "node:assert/strict";
import { test } from "node:test";

import { learned, UNKNOWN } from "../../static/livechat/shared/keyboard-kind.js";

/** @param {[type: "keydown" | "keyup", code: string, timeStamp: number, key?: string, repeat?: boolean][]} events */
function isReal(...events) {
  return events.reduce((known, [type, code, timeStamp, key = "a", repeat = false]) =>
    learned(known, { type, code, key, repeat, timeStamp }), UNKNOWN).isReal;
}

test("a key that a finger holds is one of a real keyboard", () => {
  assert.equal(isReal(["keydown", "KeyA", 0], ["keyup", "KeyA", 80]), true);
});

test("nothing is known before a key is released", () => {
  assert.equal(isReal(), false);
  assert.equal(isReal(["keydown", "KeyA", 0]), false);
  assert.equal(isReal(["keyup", "KeyA", 80]), false);
});

test("Android's keyboard on the screen has keys without a code", () => {
  assert.equal(isReal(["keydown", "", 0, "Unidentified"], ["keyup", "", 80, "Unidentified"]), false);
  assert.equal(isReal(["keydown", "", 0, "Enter"], ["keyup", "", 80, "Enter"]), false);
  assert.equal(isReal(["keydown", "Unidentified", 0], ["keyup", "Unidentified", 80]), false);
});

test("the keyboard of iOS on the screen presses and releases a key at once", () => {
  assert.equal(isReal(["keydown", "KeyA", 0], ["keyup", "KeyA", 4], ["keydown", "KeyB", 300], ["keyup", "KeyB", 301]), false);
});

test("only a real keyboard reports its modifier keys", () => {
  assert.equal(isReal(["keydown", "ShiftLeft", 0, "Shift"]), true);
  assert.equal(isReal(["keydown", "ShiftLeft", 0, "Shift"], ["keydown", "KeyA", 50, "A"]), true);
});

test("the last key counts: people change from one keyboard to the other", () => {
  assert.equal(isReal(["keydown", "KeyA", 0], ["keyup", "KeyA", 80], ["keydown", "", 900]), false);
  assert.equal(isReal(["keydown", "KeyA", 0], ["keyup", "KeyA", 80], ["keydown", "KeyB", 900], ["keyup", "KeyB", 902]), false);
  assert.equal(isReal(["keydown", "", 0], ["keydown", "KeyA", 900], ["keyup", "KeyA", 980]), true);
});

test("keys that overlap or repeat are measured from their first press", () => {
  assert.equal(isReal(["keydown", "KeyA", 0], ["keydown", "KeyB", 60], ["keyup", "KeyA", 65], ["keyup", "KeyB", 140]), true);
  assert.equal(isReal(["keydown", "KeyA", 0], ["keydown", "KeyA", 500, "a", true], ["keyup", "KeyA", 505]), true);
});
