import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { fold } from "../../static/livechat/shared/fold.js";

/** @type {{ same: [string, string][], different: [string, string][] }} */
const CASES = JSON.parse(readFileSync(new URL("../search_cases.json", import.meta.url), "utf8"));

test("the browser finds what the server finds", () => {
  for (const [term, text] of CASES.same) assert.ok(fold(text).includes(fold(term)), `${term} in ${text}`);
});

test("the browser does not find what the server does not", () => {
  for (const [term, text] of CASES.different) assert.ok(!fold(text).includes(fold(term)), `${term} in ${text}`);
});
