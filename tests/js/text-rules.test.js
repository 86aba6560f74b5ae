import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { stopwatch } from "../../static/livechat/shared/short-times.js";
import { countCharacters, initials, isBlank, parts, shown, shownAddress, tone, webAddress } from "../../static/livechat/shared/text-rules.js";

/** The server has the same rule; its tests read the same texts.
 * @type {{ blank: Record<string, string>, visible: Record<string, string> }} */
const VISIBLE_TEXTS = JSON.parse(readFileSync(new URL("../visible_texts.json", import.meta.url), "utf8"));

const links = (/** @type {string} */ text) => parts(text).filter(({ href }) => href).map((part) => part.text);

for (const [name, text] of Object.entries(VISIBLE_TEXTS.blank)) {
  test(`${name}: nothing to send`, () => assert.equal(isBlank(text), true));
}

for (const [name, text] of Object.entries(VISIBLE_TEXTS.visible)) {
  test(`${name}: something to send`, () => assert.equal(isBlank(text), false));
}

test("the parts of a text joined are the text", () => {
  for (const text of ["", "plain", "see https://a.example/x, or http://b.example.", "https://a.example"]) {
    assert.equal(parts(text).map((part) => part.text).join(""), text);
  }
});

test("a link ends before the punctuation of its sentence", () => {
  assert.deepEqual(links("Go to https://a.example/x?y=1, (or http://b.example/z)."),
    ["https://a.example/x?y=1", "http://b.example/z"]);
  assert.deepEqual(links("https://a.example/wiki/Tea_(drink)"), ["https://a.example/wiki/Tea_(drink)"]);
});

test("an address before any number of brackets and full stops is found", () => {
  for (const end of [")", ".)", ").", "!)?"]) {
    const text = `https://a.example/x${end.repeat(50_000)}`;

    const found = parts(text);

    assert.deepEqual(found[0], { text: "https://a.example/x", href: "https://a.example/x" });
    assert.equal(found.map((part) => part.text).join(""), text);
  }
});

test("an address that no browser would open is no link", () => {
  assert.deepEqual(links(`https://a.example/${"x".repeat(2_100)}`), []);
  assert.equal(webAddress(`https://${"ü".repeat(8_000)}.example`), "");
});

test("a host that could be taken for another one is shown as the browser names it", () => {
  for (const written of [
    "https://p\u0430ypal.com/login?a=1", "https://\u0430\u0440\u0440\u04cf\u0435.com/", "https://\u03bfnline.example:8443/x",
    "https://shop.\u0430\u0441.example/", "https://tech\u30ceacademy.example/", "https://bu\u0308cher.example/", "https://wr\u0131te.example/",
  ]) {
    const { href, host } = new URL(written);

    assert.match(host, /xn--/);
    assert.equal(shownAddress(written), href);
    assert.deepEqual(links(`See ${written}.`), [href]);
  }
});

test("an honest host is shown as it is written", () => {
  for (const address of [
    "https://a.example/p\u0430th", "https://b\u00fccher.example/", "http://\u043f\u0440\u0438\u043c\u0435\u0440.\u0440\u0444/",
    "https://www.\u65e5\u672c\u8a9e.example/", "https://\u0645\u062b\u0627\u0644.example/", "https://\ud55c\uad6d.example", "", "no address",
  ]) {
    assert.equal(shownAddress(address), address);
  }
});

test("an address with a name before its host is no link", () => {
  assert.deepEqual(links("https://paypal.com@evil.example/ http://:x@evil.example https://@evil.example"), []);
  assert.equal(webAddress("https://good.example@evil.example"), "");
});

test("only the web is linked", () => {
  assert.deepEqual(links("javascript:alert(1) data:text/html,x ftp://a.example file:///etc"), []);
  assert.equal(webAddress("javascript:alert(1)"), "");
  assert.equal(webAddress("not an address"), "");
  assert.equal(webAddress("https://a.example"), "https://a.example/");
});

test("a mark that turns text around does not hide in a link", () => {
  assert.deepEqual(links("https://a.example/\u202Egpj.exe"), ["https://a.example/"]);
});

test("characters count as people count them", () => {
  assert.equal(countCharacters("a".repeat(8001)), 8001);
  assert.equal(countCharacters("👍".repeat(5000)), 5000);
});

test("an avatar has the first and the last initial", () => {
  assert.deepEqual(["Anna", "maria dos santos", "", " Yo  ", "👍 ok"].map(initials), ["A", "MS", "", "Y", "👍O"]);
});

test("a name keeps its tone, and different names have different ones", () => {
  const names = ["Anna", "Ben", "Visitor 21C7", "Visitor BACE", "Visitor 99F0", "ليلى", ""];
  const tones = names.map(tone);

  assert.deepEqual(names.map(tone), tones);
  assert.ok(tones.every((value) => Number.isInteger(value) && value >= 0 && value < 8));
  assert.ok(new Set(tones).size > 3);
});

test("a stopwatch shows hours only when there are some", () => {
  assert.deepEqual([0, 42, 61, 3723, -5].map(stopwatch), ["0:00", "0:42", "1:01", "1:02:03", "0:00"]);
});

test("also where nothing is a link a host is shown as browsers name it", () => {
  assert.equal(shown("Look: https://раураl.com/login, soon"), "Look: https://xn--l-7sba6dbr.com/login, soon");
  assert.equal(shown("Nothing to see"), "Nothing to see");
});
