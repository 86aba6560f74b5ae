import assert from "node:assert/strict";
import { test } from "node:test";

import { named, outlineOf, prepare, scaled } from "../../static/livechat/shared/pictures.js";
import { FILES } from "./people.js";

/** @param {...(string | number[])} parts  letters or bytes @returns {Uint8Array<ArrayBuffer>} with some bytes after them */
function bytes(...parts) {
  return Uint8Array.from([...parts.flatMap((part) => typeof part === "string" ? [...Buffer.from(part, "latin1")] : part),
    ...Array(40).fill(0)]);
}

const EXIF = [0xff, 0xe1, 0x00, 0x06, 1, 2, 3, 4];
const PICTURES = {
  jpeg: bytes([0xff, 0xd8, ...EXIF, 0xff, 0xff, 0xc2, 0x00, 0x11, 8, 0x17, 0x70, 0x1f, 0x40]),
  png: bytes([0x89], "PNG\r\n\x1a\n", [0, 0, 0, 13], "IHDR", [0, 0, 0x04, 0x38, 0, 0, 0x32, 0xc8]),
  gif: bytes("GIF89a", [0x0a, 0, 0x14, 0]),
  lossy: bytes("RIFF", [0, 0, 0, 0], "WEBPVP8 ", [0, 0, 0, 0, 0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0]),
  lossless: bytes("RIFF", [0, 0, 0, 0], "WEBPVP8L", [0, 0, 0, 0, 0x2f, 0x3f, 0xc1, 0x3b, 0]),
  animated: bytes("RIFF", [0, 0, 0, 0], "WEBPVP8X", [10, 0, 0, 0, 2, 0, 0, 0, 0x3f, 1, 0, 0xef, 0, 0]),
};

test("a picture's size is read from its first bytes", () => {
  const sizes = Object.fromEntries(Object.entries(PICTURES).map(([name, found]) => {
    const { width, height, animated } = outlineOf(found) ?? assert.fail(name);
    return [name, `${width} ${height}${animated ? " animated" : ""}`];
  }));

  assert.deepEqual(sizes, {
    jpeg: "8000 6000", png: "1080 13000", gif: "10 20 animated", lossy: "320 240", lossless: "320 240",
    animated: "320 240 animated",
  });
});

test("a picture of a phone is known by its bytes, whatever its name is; a film is none", () => {
  for (const brand of ["heic", "heix", "mif1", "avif"]) {
    assert.equal(outlineOf(bytes([0, 0, 0, 24], "ftyp", brand))?.kind, "other", brand);
  }
  for (const none of [bytes([0, 0, 0, 24], "ftypisom"), bytes("%PDF-1.4"), new Uint8Array(), bytes("RIFF", [0, 0, 0, 0], "WAVE")]) {
    assert.equal(outlineOf(none), null);
  }
});

test("whatever the bytes are, reading the size ends", () => {
  for (const found of Object.values(PICTURES)) {
    for (let length = 0; length < found.length; length += 1) outlineOf(found.slice(0, length));
  }
  const endless = new Uint8Array(1024 * 1024).fill(0xff);
  endless[1] = 0xd8;
  assert.equal(outlineOf(endless)?.width, 0);
});

test("a picture keeps its shape within both limits and is never enlarged", () => {
  const limits = { max_pixels: 40_000_000, max_side: 12_000 };

  assert.deepEqual(scaled({ width: 1080, height: 13_000 }, limits), { width: 996, height: 12_000 });
  assert.deepEqual(scaled({ width: 8_000, height: 6_000 }, limits), { width: 7302, height: 5477 });
  assert.deepEqual(scaled({ width: 30_000, height: 1 }, limits), { width: 12_000, height: 1 });
  assert.deepEqual(scaled({ width: 40, height: 30 }, limits), { width: 40, height: 30 });
});

test("a new format has its extension", () => {
  const names = [["IMG_1.HEIC", "image/jpeg"], ["scan.v2.tiff", "image/webp"], ["نص", "image/png"], [".heic", "image/jpeg"]];

  assert.deepEqual(names.map(([name = "", type = ""]) => named(name, type)), ["IMG_1.jpg", "scan.v2.webp", "نص.png", "file.jpg"]);
});

test("a picture that fits, an animated one, and what is no picture stay as they are", async () => {
  const small = new File([PICTURES.lossy], "small.webp", { type: "image/webp" });
  const moves = new File([PICTURES.animated], "moves.webp", { type: "image/webp" });
  const fake = new File(["words"], "fake.png", { type: "image/png" });

  assert.deepEqual(await Promise.all([small, moves, fake].map((file) => prepare(file, FILES))), [small, moves, fake]);
  assert.equal(await prepare(moves, { ...FILES, max_bytes: 10 }), "too_large");
});

test("what this browser cannot decode is refused with advice", async () => {
  const large = new File([PICTURES.jpeg], "large.jpg", { type: "image/jpeg" });
  const heic = new File([bytes([0, 0, 0, 24], "ftypheic")], "photo.heic");

  assert.equal(await prepare(large, FILES), "image_too_large");
  assert.equal(await prepare(heic, FILES), "image_format");
});

test("a picture that cannot be read any more is refused", async () => {
  const gone = new File([PICTURES.png], "gone.png", { type: "image/png" });
  gone.slice = () => ({ ...new Blob(), arrayBuffer: () => Promise.reject(new DOMException("", "NotReadableError")) });

  assert.equal(await prepare(gone, FILES), "file_unreadable");
});
