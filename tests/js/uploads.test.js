import assert from "node:assert/strict";
import { test } from "node:test";

import { accepts, isCurable, problem, Uploads } from "../../static/livechat/shared/uploads.js";
import { FILES } from "./people.js";

/** @import { Door, Ears, Upload } from "../../static/livechat/shared/uploads.js" */

const DOOR = { url: "/files/", headers: {} };

/** A manual server: it stores uploads, and responds when the test says so. */
class Yard {
  /** @type {{ name: string, ears: Ears }[]} */
  came = [];
  /** @type {string[]} */
  aborted = [];
  /** @type {string[]} */
  removed = [];
  /** @type {{ callback: () => void, milliseconds: number }[]} */
  timers = [];
  /** @type {Door | null} */
  open = DOOR;
  #count = 0;
  uploads = new Uploads({
    changed: () => {},
    newId: () => String((this.#count += 1)),
    transport: (_door, { name }, ears) => {
      this.came.push({ name, ears });
      return () => this.aborted.push(name);
    },
    remove: (url) => this.removed.push(url),
    later: (callback, milliseconds) => this.timers.push({ callback, milliseconds }),
  });

  /** @param {string} name @param {number} [size] @returns {Upload} */
  bring(name, size = 1) {
    return this.uploads.add(new File(["x".repeat(size)], name), FILES, () => this.open);
  }

  /** @param {string} name @param {number} status @param {unknown} [answer] */
  answers(name, status, answer = { id: `id-${name}` }) {
    this.came.findLast((one) => one.name === name)?.ears.answered(status, answer);
  }

  get names() {
    return this.came.map(({ name }) => name);
  }
}

test("a file that gets no answer is tried again by itself, and in the end people are told", () => {
  const yard = new Yard();
  const upload = yard.bring("1.pdf");

  for (const left of [2, 1]) {
    yard.answers("1.pdf", 0);
    assert.deepEqual([upload.state, upload.code, yard.timers.length], ["failed", "network", 3 - left]);
    yard.timers.at(-1)?.callback();
    assert.equal(upload.state, "uploading");
  }
  yard.answers("1.pdf", 0);
  assert.deepEqual([upload.state, upload.code], ["failed", "upload"]);

  // The connection is back, so the attempts start again.
  yard.uploads.wake();
  yard.answers("1.pdf", 0);
  assert.deepEqual([upload.state, upload.code], ["failed", "network"]);
});

test("three files are on their way at once; the next goes when one has arrived or was given up", () => {
  const yard = new Yard();
  const [first, second] = ["1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf"].map((name) => yard.bring(name));
  assert.deepEqual(yard.names, ["1.pdf", "2.pdf", "3.pdf"]);

  yard.answers("1.pdf", 201);
  assert.deepEqual([first?.state, first?.stored?.id], ["done", "id-1.pdf"]);
  assert.equal(yard.names.at(-1), "4.pdf");

  if (second) yard.uploads.cancel(second);
  assert.deepEqual(yard.aborted, ["2.pdf"]);
  assert.equal(yard.names.at(-1), "5.pdf");
});

test("progress is told, then that the server is looking at it", () => {
  const yard = new Yard();
  const upload = yard.bring("a.pdf");
  const { ears } = yard.came[0] ?? assert.fail();

  ears.progressed(0.4);
  assert.deepEqual([upload.state, upload.done], ["uploading", 0.4]);
  ears.sent();
  assert.equal(upload.state, "processing");
});

test("what cannot be accepted is never brought", () => {
  const yard = new Yard();
  const states = [yard.bring("run.exe"), yard.bring("empty.pdf", 0), yard.bring("big.pdf", FILES.max_bytes + 1)];

  assert.deepEqual(states.map(({ state, code }) => `${state} ${code}`),
    ["failed file_type", "failed file_empty", "failed too_large"]);
  assert.deepEqual(yard.names, []);
});

test("without a door a file waits; it goes when there is one", () => {
  const yard = new Yard();
  yard.open = null;
  yard.bring("a.pdf");
  assert.deepEqual(yard.names, []);

  yard.open = DOOR;
  yard.uploads.wake();
  assert.deepEqual(yard.names, ["a.pdf"]);
});

test("what failed with the connection goes again when it is back; another failure waits to be tried again", () => {
  const yard = new Yard();
  const lost = yard.bring("lost.pdf");
  const broken = yard.bring("broken.pdf");
  yard.answers("lost.pdf", 0, null);
  yard.answers("broken.pdf", 503, null);
  assert.deepEqual([lost.code, broken.code], ["network", "unavailable"]);

  yard.uploads.wake();
  assert.deepEqual([lost.state, broken.state], ["uploading", "failed"]);
  yard.uploads.retry(broken);
  assert.equal(broken.state, "uploading");
});

test("too many at once are sent later, and nobody is told", () => {
  const yard = new Yard();
  const upload = yard.bring("a.pdf");
  yard.answers("a.pdf", 429, { error: { code: "rate_limited", retry_after: 3 } });
  assert.deepEqual([upload.state, yard.names.length, yard.timers[0]?.milliseconds], ["queued", 1, 3_000]);

  yard.timers[0]?.callback();
  assert.deepEqual([upload.state, yard.names.length], ["uploading", 2]);
});

test("a refusal has the server's reason", () => {
  const yard = new Yard();
  const upload = yard.bring("a.pdf");
  yard.answers("a.pdf", 415, { error: { code: "file_type" } });

  assert.deepEqual([upload.state, upload.code, isCurable(upload.code)], ["failed", "file_type", false]);
});

test("a file that has arrived and is not wanted is removed there; what an aborted attempt says is not heard", () => {
  const yard = new Yard();
  const stored = yard.bring("stored.pdf");
  yard.answers("stored.pdf", 201);
  yard.uploads.cancel(stored);
  assert.deepEqual(yard.removed, ["/files/id-stored.pdf/"]);

  const moving = yard.bring("moving.pdf");
  yard.uploads.cancel(moving);
  yard.answers("moving.pdf", 201);
  assert.equal(moving.stored, null);
});

test("a file is known by its type or by the end of its name", () => {
  const accept = "image/*,application/pdf,.pdf,.CSV";

  assert.ok(accepts(accept, { name: "a", type: "image/png" }));
  assert.ok(accepts(accept, { name: "A.PDF", type: "" }));
  assert.ok(accepts(accept, { name: "a.csv", type: "application/vnd.ms-excel" }));
  assert.ok(!accepts(accept, { name: "pdf", type: "" }));
  assert.ok(!accepts("", { name: "a.pdf", type: "application/pdf" }));
  assert.equal(problem({ name: "a.pdf", type: "", size: 1 }, { ...FILES, accept: "" }), "files_off");
});
