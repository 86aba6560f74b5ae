import assert from "node:assert/strict";
import { test } from "node:test";

import { accepts, isReadable, problem } from "../../static/livechat/shared/file-checks.js";
import { isCurable, Uploads } from "../../static/livechat/shared/uploads.js";
import { FILES } from "./people.js";

/** @import { UploadTarget, UploadEvents, Upload } from "../../static/livechat/shared/uploads.js" */

const TARGET = { url: "/files/", headers: {} };

/** A manual server: it stores uploads, and responds when the test says so. */
class ManualServer {
  /** @type {{ name: string, events: UploadEvents }[]} */
  started = [];
  /** @type {string[]} */
  aborted = [];
  /** @type {string[]} */
  removed = [];
  /** @type {{ callback: () => void, milliseconds: number }[]} */
  timers = [];
  /** @type {UploadTarget | null} */
  open = TARGET;
  /** Files on the disk that have been deleted or changed. @type {Set<string>} */
  gone = new Set();
  /** @type {{ name: string, done: (found: File | string) => void, failed: () => void }[]} */
  preparing = [];
  #count = 0;
  uploads = new Uploads({
    changed: () => {},
    newId: () => String((this.#count += 1)),
    transport: (_target, { name }, events) => {
      this.started.push({ name, events });
      return () => this.aborted.push(name);
    },
    remove: (url) => this.removed.push(url),
    readable: async ({ name }) => !this.gone.has(name),
    prepare: ({ name }) => new Promise((done, failed) => { this.preparing.push({ name, done, failed: () => failed(new Error()) }); }),
    later: (callback, milliseconds) => this.timers.push({ callback, milliseconds }),
  });

  /** @param {string} name @param {number} [size] @returns {Upload} */
  upload(name, size = 1) {
    return this.uploads.add(new File(["x".repeat(size)], name), FILES, () => this.open);
  }

  /** @param {string} name @param {number} status @param {unknown} [answer] */
  answers(name, status, answer = { id: `id-${name}` }) {
    this.started.findLast((one) => one.name === name)?.events.answered(status, answer);
  }

  /** Answer nothing, as without a connection. @param {string} name */
  async breaks(name) {
    this.answers(name, 0, null);
    await settled();
  }

  get names() {
    return this.started.map(({ name }) => name);
  }
}

/** Resolves when everything that waits for nothing else has happened. */
const settled = () => new Promise((resolve) => { setTimeout(resolve); });

test("a file without a response is retried automatically, and in the end the failure is shown", async () => {
  const server = new ManualServer();
  const upload = server.upload("1.pdf");

  for (const left of [2, 1]) {
    await server.breaks("1.pdf");
    assert.deepEqual([upload.state, upload.code, server.timers.length], ["failed", "network", 3 - left]);
    server.timers.at(-1)?.callback();
    assert.equal(upload.state, "uploading");
  }
  await server.breaks("1.pdf");
  assert.deepEqual([upload.state, upload.code], ["failed", "upload"]);

  // The connection is back, so the attempts start again.
  server.uploads.wake();
  await server.breaks("1.pdf");
  assert.deepEqual([upload.state, upload.code], ["failed", "network"]);
});

test("three files are on their way at once; the next goes when one has arrived or was given up", () => {
  const server = new ManualServer();
  const [first, second] = ["1.pdf", "2.pdf", "3.pdf", "4.pdf", "5.pdf"].map((name) => server.upload(name));
  assert.deepEqual(server.names, ["1.pdf", "2.pdf", "3.pdf"]);

  server.answers("1.pdf", 201);
  assert.deepEqual([first?.state, first?.stored?.id], ["done", "id-1.pdf"]);
  assert.equal(server.names.at(-1), "4.pdf");

  if (second) server.uploads.cancel(second);
  assert.deepEqual(server.aborted, ["2.pdf"]);
  assert.equal(server.names.at(-1), "5.pdf");
});

test("progress is reported, then that the server is processing the file", () => {
  const server = new ManualServer();
  const upload = server.upload("a.pdf");
  const { events } = server.started[0] ?? assert.fail();

  events.progressed(0.4);
  assert.deepEqual([upload.state, upload.done], ["uploading", 0.4]);
  events.sent();
  assert.equal(upload.state, "processing");
});

test("what cannot be accepted is never brought", () => {
  const server = new ManualServer();
  const states = [server.upload("run.exe"), server.upload("empty.pdf", 0), server.upload("big.pdf", FILES.max_bytes + 1)];

  assert.deepEqual(states.map(({ state, code }) => `${state} ${code}`),
    ["failed file_type", "failed file_empty", "failed too_large"]);
  assert.deepEqual(server.names, []);
});

test("without an upload target a file waits; it goes when there is one", () => {
  const server = new ManualServer();
  server.open = null;
  server.upload("a.pdf");
  assert.deepEqual(server.names, []);

  server.open = TARGET;
  server.uploads.wake();
  assert.deepEqual(server.names, ["a.pdf"]);
});

test("what failed with the connection goes again when it is back; another failure waits to be tried again", async () => {
  const server = new ManualServer();
  const lost = server.upload("lost.pdf");
  const broken = server.upload("broken.pdf");
  await server.breaks("lost.pdf");
  server.answers("broken.pdf", 503, null);
  assert.deepEqual([lost.code, broken.code], ["network", "unavailable"]);

  server.uploads.wake();
  assert.deepEqual([lost.state, broken.state], ["uploading", "failed"]);
  server.uploads.retry(broken);
  assert.equal(broken.state, "uploading");
});

test("too many files at once are sent later, without a notice", () => {
  const server = new ManualServer();
  const upload = server.upload("a.pdf");
  server.answers("a.pdf", 429, { error: { code: "rate_limited", retry_after: 3 } });
  assert.deepEqual([upload.state, server.names.length, server.timers[0]?.milliseconds], ["queued", 1, 3_000]);

  server.timers[0]?.callback();
  assert.deepEqual([upload.state, server.names.length], ["uploading", 2]);
});

test("a refusal has the server's reason", () => {
  const server = new ManualServer();
  const upload = server.upload("a.pdf");
  server.answers("a.pdf", 415, { error: { code: "file_type" } });

  assert.deepEqual([upload.state, upload.code, isCurable(upload.code)], ["failed", "file_type", false]);
});

test("a file that has arrived and is not wanted is removed there; what an aborted attempt says is not heard", () => {
  const server = new ManualServer();
  const stored = server.upload("stored.pdf");
  server.answers("stored.pdf", 201);
  server.uploads.cancel(stored);
  assert.deepEqual(server.removed, ["/files/id-stored.pdf/"]);

  const moving = server.upload("moving.pdf");
  server.uploads.cancel(moving);
  server.answers("moving.pdf", 201);
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

test("a file that cannot be read any more has failed for good and lets the next one go", async () => {
  const server = new ManualServer();
  const [gone] = ["gone.pdf", "2.pdf", "3.pdf", "4.pdf"].map((name) => server.upload(name));
  server.gone.add("gone.pdf");
  await server.breaks("gone.pdf");

  assert.deepEqual([gone?.state, gone?.code, isCurable("file_unreadable")], ["failed", "file_unreadable", false]);
  assert.deepEqual([server.names.at(-1), server.timers.length], ["4.pdf", 0]);
  server.uploads.wake();
  assert.equal(gone?.state, "failed");
});

test("a file that is cancelled while it is examined stays cancelled", async () => {
  const server = new ManualServer();
  const upload = server.upload("a.pdf");
  server.answers("a.pdf", 0, null);
  server.uploads.cancel(upload);
  await settled();

  assert.deepEqual([upload.code, server.timers.length], ["", 0]);
});

test("a file in memory can always be read", async () => {
  assert.ok(await isReadable(new File(["text"], "pasted.txt")));
  assert.ok(await isReadable(new File([], "empty.txt")));
});

test("pictures are prepared one after the other; other files do not wait for them", async () => {
  const server = new ManualServer();
  const accept = "image/*,.pdf";
  const [large, small] = ["large.png", "small.png"].map((name) =>
    server.uploads.add(new File(["x"], name, { type: "image/png" }), { ...FILES, accept }, () => TARGET));
  server.upload("a.pdf");
  await settled();
  assert.deepEqual([large?.state, small?.state], ["preparing", "preparing"]);
  assert.deepEqual([server.names, server.preparing.map(({ name }) => name)], [["a.pdf"], ["large.png"]]);

  server.preparing[0]?.done(new File(["x"], "large.webp"));
  await settled();
  assert.deepEqual([large?.state, large?.file.name, server.names.at(-1)], ["uploading", "large.webp", "large.webp"]);
  server.preparing[1]?.done("image_too_large");
  await settled();
  assert.deepEqual([small?.state, small?.code], ["failed", "image_too_large"]);
});

test("a picture above the limits, or of a format that only the browser knows, is prepared first", async () => {
  const server = new ManualServer();
  const files = [new File(["x".repeat(FILES.max_bytes + 1)], "photo.jpg", { type: "image/jpeg" }), new File(["x"], "IMG_1.HEIC")];
  const uploads = files.map((file) => server.uploads.add(file, FILES, () => TARGET));
  const gif = server.uploads.add(new File(["x".repeat(FILES.max_bytes + 1)], "a.gif", { type: "image/gif" }), FILES, () => TARGET);
  const plain = server.uploads.add(new File(["x"], "a.heic"), { ...FILES, accept: ".pdf" }, () => TARGET);

  assert.deepEqual(uploads.map(({ state }) => state), ["preparing", "preparing"]);
  assert.deepEqual([gif.code, plain.code], ["too_large", "file_type"]);
});

test("without the code that prepares pictures, or in time, a picture goes as it is", async () => {
  const server = new ManualServer();
  const add = (/** @type {string} */ name, size = 1) =>
    server.uploads.add(new File(["x".repeat(size)], name, { type: "image/png" }), FILES, () => TARGET);
  const [fits, large] = [add("fits.png"), add("large.png", FILES.max_bytes + 1)];
  await settled();
  server.preparing[0]?.failed();
  await settled();
  assert.deepEqual([fits.state, server.names], ["uploading", ["fits.png"]]);

  server.timers.at(-1)?.callback();
  await settled();
  assert.deepEqual([large.state, large.code], ["failed", "too_large"]);
});
