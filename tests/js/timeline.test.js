import assert from "node:assert/strict";
import { test } from "node:test";

import { add, empty, hasGap, last, newest } from "../../static/livechat/shared/timeline.js";
import { message, messages, seqs } from "./people.js";

test("messages are in the order of their numbers, whatever the order of arrival", () => {
  let timeline = empty();

  for (const seq of [3, 1, 4, 2]) timeline = add(timeline, [message(seq)]);

  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
  assert.equal(hasGap(timeline), false);
});

test("a message that comes twice is there once", () => {
  const timeline = add(add(empty(), messages(1, 3)), [message(2), message(3), message(3), message(4)]);

  assert.deepEqual(seqs(timeline), [1, 2, 3, 4]);
});

test("nothing is shown beyond a hole until the hole is filled", () => {
  const early = add(add(empty(), messages(1, 2)), [message(5), message(4)]);

  assert.deepEqual(seqs(early), [1, 2]);
  assert.equal(hasGap(early), true);
  assert.equal(last(early), 2);

  const filled = add(early, [message(3)]);

  assert.deepEqual(seqs(filled), [1, 2, 3, 4, 5]);
  assert.equal(hasGap(filled), false);
});

test("a heartbeat that knows a higher number reveals a lost message", () => {
  const timeline = add(add(empty(), messages(1, 2)), [], 3);

  assert.equal(hasGap(timeline), true);
});

test("a head that is older than what we have changes nothing", () => {
  const timeline = add(add(empty(), messages(1, 5)), [], 3);

  assert.equal(timeline.head, 5);
  assert.equal(hasGap(timeline), false);
});

test("the newest page begins where it begins, and earlier pages are put before it", () => {
  let timeline = newest(messages(101, 200), 200);

  assert.equal(timeline.before, 100);
  assert.equal(hasGap(timeline), false);

  timeline = add(timeline, messages(1, 100));

  assert.equal(timeline.before, 0);
  assert.equal(timeline.entries.length, 200);
});

test("an earlier page that does not touch what we have is left aside", () => {
  const timeline = add(newest(messages(101, 110), 110), messages(1, 50));

  assert.deepEqual([timeline.before, timeline.entries.length], [100, 10]);
});

test("a conversation that is only just opened takes its newest page and live messages in any order", () => {
  const early = add(newest([], 57), [message(58)]);

  const timeline = add(early, messages(1, 57), 57);

  assert.equal(timeline.entries.length, 58);
  assert.equal(timeline.before, 0);
});

test("any shuffle with doubles ends in the same timeline", () => {
  const wanted = messages(1, 40);
  for (let seed = 1; seed <= 50; seed += 1) {
    let random = seed;
    const next = () => (random = (random * 16807) % 2147483647) / 2147483647;
    const shuffled = [...wanted, ...wanted.filter(() => next() < 0.3)].sort(() => next() - 0.5);

    let timeline = add(empty(), shuffled.slice(0, 1));
    for (const entry of shuffled.slice(1)) timeline = add(timeline, [entry]);

    assert.deepEqual(timeline.entries, wanted);
    assert.deepEqual(timeline.early, []);
  }
});
