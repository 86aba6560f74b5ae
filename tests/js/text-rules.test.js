import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parts, shown, shownAddress, webAddress } from "../../static/livechat/shared/links.js";
import { stopwatch } from "../../static/livechat/shared/short-times.js";
import { countCharacters, initials, isBlank, tone } from "../../static/livechat/shared/text-rules.js";

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

/** @type {Record<string, Record<string, string[]>>} */
const LINKED = {
  "sentences": {
    "See https://a.example/x.": ["https://a.example/x"],
    "https://a.example/x, https://b.example/y; https://c.example!": ["https://a.example/x", "https://b.example/y", "https://c.example"],
    "https://a.example/x...": ["https://a.example/x"],
    "https://a.example/x…": ["https://a.example/x"],
    "https://a.example/1...2?p=3.": ["https://a.example/1...2?p=3"],
    "Is it http://localhost:8000?": ["http://localhost:8000"],
    "Link:https://a.example/x": ["https://a.example/x"],
    "HTTPS://A.EXAMPLE/X.": ["HTTPS://A.EXAMPLE/X"],
    "https://a.example/news/what-s-new-": ["https://a.example/news/what-s-new-"],
    "https://a.example/maps/@59.9,30.3,15z?hl=ru!": ["https://a.example/maps/@59.9,30.3,15z?hl=ru"],
    "https://a.example,https://b.example": ["https://a.example", "https://b.example"],
    "https://a.example—see": ["https://a.example"],
    "https://a.example/x—see": ["https://a.example/x"],
  },
  "scripts": {
    "ここ：https://a.example/x。次": ["https://a.example/x"],
    "「https://a.example/x」と『https://b.example』": ["https://a.example/x", "https://b.example"],
    "（https://a.example/x）、【https://b.example/y】！": ["https://a.example/x", "https://b.example/y"],
    "｜https://a.example｜b～https://b.example/x～": ["https://a.example", "https://b.example/x"],
    "https://a.example/x，https://b.example/y？": ["https://a.example/x", "https://b.example/y"],
    "https://a.example/x、https://b.example/y": ["https://a.example/x", "https://b.example/y"],
    "هل هذا https://a.example/x؟": ["https://a.example/x"],
    "https://a.example/x، https://b.example/y؛": ["https://a.example/x", "https://b.example/y"],
    "یہاں https://a.example/x۔": ["https://a.example/x"],
    "यहाँ https://a.example/x।": ["https://a.example/x"],
    "https://a.example/x։ https://b.example/y።": ["https://a.example/x", "https://b.example/y"],
    "https://ja.example/wiki/日本_(国)": ["https://ja.example/wiki/日本_(国)"],
    "https://ja.example/wiki/ジョン・レノン": ["https://ja.example/wiki/ジョン・レノン"],
    "https://ca.example/Col·lecció": ["https://ca.example/Col·lecció"],
    "https://he.example/צה״ל": ["https://he.example/צה״ל"],
    "https://en.example/Bose–Einstein": ["https://en.example/Bose–Einstein"],
    "https://fa.example/می\u200cخواهم\u200c": ["https://fa.example/می\u200cخواهم"],
    "https://a.example👍 https://b.example/👍": ["https://a.example", "https://b.example/👍"],
    "http://бъдеще.рф/път.": ["http://бъдеще.рф/път"],
    "http://россия.рф.": ["http://россия.рф"],
    "http://bücher.example/ä": ["http://bücher.example/ä"],
  },
  "brackets": {
    "(https://a.example/x)": ["https://a.example/x"],
    "(see https://a.example/x.)": ["https://a.example/x"],
    "[https://a.example/x]": ["https://a.example/x"],
    "{https://a.example/x}": ["https://a.example/x"],
    "<https://a.example/x>.": ["https://a.example/x"],
    "(https://a.example/wiki/Tea_(drink)).": ["https://a.example/wiki/Tea_(drink)"],
    "https://a.example/a_(b_(c))_d": ["https://a.example/a_(b_(c))_d"],
    "https://a.example/x_[y] https://a.example/{z}": ["https://a.example/x_[y]", "https://a.example/{z}"],
    "https://a.example/(x) (y)": ["https://a.example/(x)"],
    "https://a.example/x(": ["https://a.example/x"],
    "https://a.example(see": ["https://a.example"],
    "[text](https://a.example/x)(more)": ["https://a.example/x"],
    "[https://a.example](https://a.example)": ["https://a.example", "https://a.example"],
    "http://[2001:db8::1]:8000/x": ["http://[2001:db8::1]:8000/x"],
    "https://a.example/?q[]=1&q[]=2": ["https://a.example/?q[]=1&q[]=2"],
  },
  "quotes": {
    "\"https://a.example/x\"": ["https://a.example/x"],
    "'https://a.example/x','https://b.example/y'": ["https://a.example/x", "https://b.example/y"],
    "“https://a.example/x” «https://b.example/y» „https://c.example“": ["https://a.example/x", "https://b.example/y", "https://c.example"],
    "»https://a.example/x« ›https://b.example/y‹ ‘https://c.example/z’": ["https://a.example/x", "https://b.example/y", "https://c.example/z"],
    "https://a.example/anna's": ["https://a.example/anna's"],
    "https://a.example/anna’s https://b.example/x’": ["https://a.example/anna’s", "https://b.example/x"],
    "https://www.a.example's page": ["https://www.a.example"],
    "&lt;https://a.example/x&gt; &quot;https://a.example/x?a=1&amp;b=2&quot;": ["https://a.example/x", "https://a.example/x?a=1&amp;b=2"],
    "https://a.example/?gt=1&lt=2": ["https://a.example/?gt=1&lt=2"],
    "`https://a.example/x`": ["https://a.example/x"],
  },
  "emphasis": {
    "*https://a.example/x* **https://b.example/y**": ["https://a.example/x", "https://b.example/y"],
    "~https://a.example/x~ ~~https://b.example/y~~": ["https://a.example/x", "https://b.example/y"],
    "_https://a.example/x_y_ __https://b.example__": ["https://a.example/x_y", "https://b.example"],
    "_see https://a.example/x_": ["https://a.example/x"],
    "*see https://a.example/x.*": ["https://a.example/x"],
    "https://a.example/anna_ some_name https://a.example/ben_": ["https://a.example/anna_", "https://a.example/ben_"],
  },
  "www": {
    "www.a.example, WWW.b.example/x_(y).": ["www.a.example", "WWW.b.example/x_(y)"],
    "(www.a.example)": ["www.a.example"],
    "请看www.a.example。": ["www.a.example"],
    "｜www.a.example/x｜": ["www.a.example/x"],
    "www.bücher.example:8080?x": ["www.bücher.example:8080?x"],
    "www.a www. www..a.example wwww.a.example x.www.a.example /www.a.example": [],
    "www.a.example@b.example": [],
  },
  "mail": {
    "anna@a.example, ben.b+c@mail.b.example.": ["anna@a.example", "ben.b+c@mail.b.example"],
    "(anna@a.example) <anna@a.example> 'anna@a.example' _anna@a.example_": Array(4).fill("anna@a.example"),
    "mailto:ANNA@A.EXAMPLE": ["ANNA@A.EXAMPLE"],
    "o'neil@a.example jürgen@bücher.example": ["o'neil@a.example", "jürgen@bücher.example"],
    "メールはanna@a.exampleまで。": ["anna@a.example"],
    "anna@a.example、ben@b.example": ["anna@a.example", "ben@b.example"],
    "｜anna@a.example｜": ["anna@a.example"],
    "почта@пример.рф": ["почта@пример.рф"],
    "192.168.1.1@a.example": ["192.168.1.1@a.example"],
    "anna@www.a.example": ["anna@www.a.example"],
    "a.example@https://b.example": ["https://b.example"],
    "anna@a anna@ @a.example anna@@a.example anna@a.e anna@1.2.3.4": [],
  },
  "nothing": {
    "http:// https://. http://? http://# https://) http:///": [],
    "javascript:alert(1) javascript://www%0aalert(1) vbscript:x data:text/html,x": [],
    "ftp://a.example file:///etc //a.example a.example photo.jpg 1.2.3.4": [],
    "https://good.example\\@evil.example": ["https://good.example"],
  },
};

for (const [kind, cases] of Object.entries(LINKED)) {
  for (const [text, expected] of Object.entries(cases)) {
    test(`${kind}: ${text}`, () => {
      assert.deepEqual(links(text), expected);
      assert.equal(parts(text).map((part) => part.text).join(""), text);
    });
  }
}

test("a link without https:// leads to it, and a mail address to a new mail", () => {
  const hrefs = (/** @type {string} */ text) => parts(text).flatMap(({ href }) => href ?? []);

  assert.deepEqual(hrefs("www.a.example/x"), ["https://www.a.example/x"]);
  assert.deepEqual(hrefs("a+b@a.example"), ["mailto:a+b@a.example"]);
  assert.deepEqual(hrefs("jürgen@bücher.example"), ["mailto:j%C3%BCrgen@xn--bcher-kva.example"]);
});

test("also after www. and in a mail address a host that could be taken for another one is shown as browsers name it", () => {
  assert.deepEqual(links("www.p\u0430ypal.com/x"), ["www.xn--pypal-4ve.com/x"]);
  assert.deepEqual(links("help@p\u0430ypal.com"), ["help@xn--pypal-4ve.com"]);
});

const SLOW = {
  "hosts": "http://a", "addresses that end early": "http://a/)", "open brackets": "http://a/(", "no links": "http://a@b ",
  "underscores": "_", "words of emphasis": "_a http://a@b ", "quotes": "'http://a/'", "names of mail": "a.", "mails": "a@a.", "joiners": "http://a/ا\u200c",
  "www": "www.", "entities": "http://a/&gt;", "apostrophes": "http://a/'", "trailing": "http://a/.'*",
};

for (const [name, part] of Object.entries(SLOW)) {
  test(`links are found in linear time: ${name}`, () => {
    const whole = [8_000, 16_000].map((length) => covered(part.repeat(length / part.length)));

    assert.ok(/** @type {number} */ (whole[1]) < 2.2 * /** @type {number} */ (whole[0]), String(whole));
    assert.ok(/** @type {number} */ (whole[1]) < 8 * 16_000, String(whole));
  });
}

/** @param {string} text @returns {number} the characters that regular expressions run over */
function covered(text) {
  const exec = RegExp.prototype.exec;
  let count = 0;
  RegExp.prototype.exec = function counted(/** @type {string} */ given) {
    const isStateful = this.global || this.sticky;
    const begun = isStateful ? this.lastIndex : 0;
    const match = exec.call(this, given);
    const end = match ? match.index + match[0].length : this.sticky ? begun : given.length;
    count += end - begun + 1;
    return match;
  };
  try {
    parts(text);
  } finally {
    RegExp.prototype.exec = exec;
  }
  return count;
}

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
