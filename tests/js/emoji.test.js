import assert from "node:assert/strict";
import { test } from "node:test";

import { ACROSS, GROUPS, Recent, rows, step } from "../../static/livechat/shared/emoji.js";
import { t } from "../../static/livechat/shared/more-texts.js";

test("about 300 emoji, each one sign and each but once", () => {
  const all = GROUPS.flatMap(({ emoji }) => emoji);
  const segments = new Intl.Segmenter("en");

  assert.ok(all.length > 250 && all.length < 350, String(all.length));
  assert.deepEqual(all.filter((one) => [...segments.segment(one)].length !== 1), []);
  // Each shows as a colour picture; one that could also be text has a variation selector.
  assert.deepEqual(all.filter((one) => !/^(\p{Emoji_Presentation}|\p{Emoji}\uFE0F)$/u.test(one)), []);
  assert.equal(new Set(all).size, all.length);
});

test("every group fills its rows and has a name", () => {
  assert.equal(GROUPS.length, 8);
  for (const { name, emoji } of GROUPS) {
    assert.equal(emoji.length % 4, 0, name);
    assert.notEqual(t(`emoji.${name}`), `emoji.${name}`);
  }
});

test("what was used last comes first, once, and one row of it is kept", () => {
  const recent = new Recent(new Map());
  assert.deepEqual(recent.emoji, []);

  for (const one of ["1", "2", "3", "4", "5", "6", "7", "8", "9", "3"]) recent.add(one);

  assert.deepEqual(recent.emoji, ["3", "9", "8", "7", "6", "5", "4", "2"]);
  assert.equal(recent.emoji.length, ACROSS);
});

test("arrows walk the rows, over their ends, and stay inside", () => {
  const lengths = rows([..."abcdefghijk"]).map(({ length }) => length);
  assert.deepEqual(lengths, [8, 3]);

  assert.deepEqual(step(lengths, [0, 0], "ArrowRight", false), [0, 1]);
  assert.deepEqual(step(lengths, [0, 7], "ArrowRight", false), [1, 0]);
  assert.deepEqual(step(lengths, [1, 2], "ArrowRight", false), [1, 2]);
  assert.deepEqual(step(lengths, [1, 0], "ArrowLeft", false), [0, 7]);
  assert.deepEqual(step(lengths, [0, 0], "ArrowLeft", false), [0, 0]);
  assert.deepEqual(step(lengths, [0, 6], "ArrowDown", false), [1, 2]);
  assert.deepEqual(step(lengths, [0, 6], "ArrowUp", false), [0, 6]);
  assert.deepEqual(step(lengths, [1, 1], "End", false), [1, 2]);
  assert.deepEqual(step(lengths, [1, 1], "Home", false), [1, 0]);
  assert.equal(step(lengths, [0, 0], "x", false), null);
});

test("where one reads from the right, left leads on", () => {
  assert.deepEqual(step([8, 3], [0, 0], "ArrowLeft", true), [0, 1]);
  assert.deepEqual(step([8, 3], [0, 7], "ArrowLeft", true), [1, 0]);
  assert.deepEqual(step([8, 3], [1, 0], "ArrowRight", true), [0, 7]);
});
