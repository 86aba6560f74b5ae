import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { afterEach, test } from "node:test";

import { t, use } from "../../static/livechat/shared/texts.js";

const LANGUAGES = new URL("../../static/livechat/languages/", import.meta.url);

/** @param {string} name @returns {Record<string, string>} */
function language(name) {
  return JSON.parse(readFileSync(new URL(name, LANGUAGES), "utf8"));
}

afterEach(() => use({ "widget.unread.one": "1 unread message" }, "en"));

test("a text is filled in, and a count of one uses the singular", () => {
  assert.equal(t("widget.unread", { count: 1 }), "1 unread message");
  assert.equal(t("widget.unread", { count: 2 }), "2 unread messages");
  assert.equal(t("widget.with", { names: "Anna" }), "You are chatting with Anna");
});

test("what a language lacks stays English, but for English plurals", () => {
  use({ "widget.unread": "{count} ungelesene Nachrichten" }, "de");

  assert.equal(t("widget.unread", { count: 1 }), "1 ungelesene Nachrichten");
  assert.equal(t("action.close"), "Close");
});

test("every language uses its plural form for each number", () => {
  for (const name of readdirSync(LANGUAGES)) {
    const code = name.replace(".json", "");
    const texts = language(name);
    use(texts, code);
    for (const count of [0, 1, 2, 3, 11, 100]) {
      const form = new Intl.PluralRules(code).select(count);
      const wanted = texts[`widget.unread.${form}`] ?? texts["widget.unread"];
      assert.equal(t("widget.unread", { count }), wanted?.replace("{count}", String(count)), `${code} ${count}`);
    }
  }
});
