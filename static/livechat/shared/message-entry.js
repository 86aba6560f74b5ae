/** Draws one row of a log: bubble, files, time and state. */

import { avatar } from "./avatar.js";
import { language, timeOfDay } from "./dates.js";
import { element } from "./element.js";
import { parts } from "./links.js";
import { kept } from "./outbox.js";
import { t, tOneOf } from "./texts.js";

/** @import { Item, Place } from "./log-items.js" */

const EMOJI = /^(?:(?![©®™])(?:\p{RI}{2}|\p{ExtPict}[\uFE0F\p{EMod}]?(?:\u200D\p{ExtPict}[\uFE0F\p{EMod}]?)*)\s*){1,3}$/u;

/** Codes of problems with files, which a retry does not solve. */
const INCURABLE = /^(?:file_|image_|too_(?!long))/;

/** @typedef {typeof import("./file-view.js")} View */

/** Loaded with the first file, as most chats have none. @type {View | null} */
let view = null;
/** @type {Promise<View> | null} */
let coming = null;

/**
 * Redraw one item in its list element.
 * @param {HTMLLIElement} row
 * @param {Item} item
 * @param {Place} place
 */
export function draw(row, item, place) {
  row.className = `entry ${item.side}${item.note ? " note" : ""}`
    + `${place.first ? " first" : ""}${place.last ? " last" : ""}`;
  Object.assign(row.dataset, {
    seq: item.seq, clientId: item.clientId, state: item.state, author: item.author,
  });
  row.tabIndex = -1;
  if (item.side === "line") {
    row.replaceChildren(element("bdi", { textContent: item.text }), " · ", moment(item));
    return;
  }
  const bubble = item.text && element("div", { className: "bubble", dir: "auto" }, ...linked(item.text));
  if (bubble) {
    if (item.at) bubble.title = new Date(item.at).toLocaleString(language());
    if (item.text.length < 40 && EMOJI.test(item.text)) bubble.classList.add("large");
  }
  row.replaceChildren(
    ...face(item, place), meta(item), ...files(row, item), ...bubble ? [bubble] : [], ...state(item, place));
}

/** @param {HTMLLIElement} row @param {Item} item */
function files(row, item) {
  if (!item.files?.length) return [];
  // Show the names until file-view.js is loaded, and if that fails.
  const box = element("div", {
    className: "files", dir: "auto", textContent: item.files.map(({ name }) => name).join("\n"),
  });
  // Draw at once if possible: a row that shrinks for a moment would move the text below it.
  if (view) view.show(row, box, item);
  else {
    coming ??= import("./file-view.js");
    coming.then((module) => {
      view = module;
      view.show(row, box, item);
    }, () => {
      coming = null;
    });
  }
  return [box];
}

/** @param {Item} item @param {Place} place */
function face(item, place) {
  return item.side === "own" || !place.first ? [] : [avatar(item.name, item.picture)];
}

/** @param {Item} item */
function meta(item) {
  const label = item.note && element("span", { className: "label", textContent: t("inbox.note") });
  return element("div", { className: "meta" },
    label, element("bdi", { className: "name", textContent: item.name }), " ", moment(item));
}

/** @param {Item} item */
function moment(item) {
  return item.at && element("time", { dateTime: item.at, textContent: timeOfDay(item.at) });
}

/** @param {string} text */
function linked(text) {
  return parts(text).map((part) => part.href
    ? element("a", {
      href: part.href, target: "_blank", rel: "noopener noreferrer nofollow", textContent: part.text,
    })
    : part.text);
}

/** @param {Item} item @param {Place} place */
function state(item, place) {
  if (!place.showState || !item.state) return [];
  if (item.state !== "failed") {
    return [element("div", { className: "state", textContent: t(`bubble.${item.state}`) })];
  }
  const reason = `${t("bubble.failed")}: ${tOneOf("refused", item.code)}`;
  return [element("div", { className: "state failed" },
    element("span", { textContent: reason }),
    element("span", {},
      item.code === "closed" ? button("restart", t("bubble.startNew"))
        : !INCURABLE.test(item.code) ? button("retry", t("bubble.retry"))
          : (item.text || kept(item.files)[0]) ? button("without", t("bubble.without")) : null,
      button("delete", t("action.delete"))))];
}

/** @param {string} action @param {string} label */
function button(action, label) {
  return element("button", { type: "button", className: "link", textContent: label, data: { action } });
}
