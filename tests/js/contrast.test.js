import assert from "node:assert/strict";
import { test } from "node:test";

import { isColour, nearest } from "../../static/livechat/admin/contrast.js";
import { contrast } from "../../static/livechat/admin/colours.js";

/**
 * Colour, background, required contrast, and the result of livechat.domain.colours.nearest(): the
 * Admin must propose the same colour in the browser and after saving.
 * @type {[string, string, number, string][]}
 */
const PYTHON = [
  ["#7a8cff", "#ffffff", 4.5, "#616fca"],
  ["#3451d1", "#ffffff", 4.5, "#3451d1"],
  ["#FFE500", "#ffffff", 3, "#a69500"],
  ["#ffffff", "#ffffff", 4.5, "#767676"],
  ["#000000", "#000000", 4.5, "#757575"],
  ["#777777", "#767676", 4.5, "#040404"],
  ["#777777", "#767676", 7, "#000000"],
  ["#777777", "#606060", 7, "#ffffff"],
  ["#AbCdEf", "#123456", 4.5, "#abcdef"],
  ["#8a1f3d", "#7a1f1f", 3, "#b9798b"],
  ["#2e7d32", "#c8e6c9", 4.5, "#29702d"],
  ["#ff6600", "#ffffff", 3, "#fb6400"],
  ["#ff6600", "#ffffff", 4.5, "#c95000"],
  ["#1b1e24", "#000000", 3, "#585a5e"],
];

test("the nearest colour is the one that Python finds", () => {
  for (const [colour, against, wanted, expected] of PYTHON) {
    assert.equal(nearest(colour, against, wanted), expected, `${colour} on ${against}, ${wanted}`);
  }
});

test("what is proposed has the contrast, wherever black or white has it", () => {
  for (const [colour, against, wanted] of PYTHON.filter((row) => row[2] < 4.58)) {
    assert.ok(contrast(nearest(colour, against, wanted), against) >= wanted, `${colour} on ${against}`);
  }
});

test("only a hash and six digits are a colour", () => {
  for (const text of ["#12aBcF", "#000000"]) assert.equal(isColour(text), true, text);
  for (const text of ["red", "#fff", "#12345g", "#123456 ", "#123456\n", "", "123456", "#123456;x", "url(//x)"]) {
    assert.equal(isColour(text), false, JSON.stringify(text));
  }
});
