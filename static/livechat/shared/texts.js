/**
 * Visible strings of the browser code; `extend` adds those of parts that are loaded later. The page
 * names a JSON file with the translations; missing keys stay English. `{name}` is a placeholder.
 * With a `count`, the language's plural form (`key.one`, `key.few` …) is used instead of `key`.
 */
const ENGLISH = {
  "action.cancel": "Cancel",
  "action.close": "Close",
  "action.delete": "Delete",
  "action.join": "Join",
  "action.leave": "Leave",
  "action.take": "Take",
  "bubble.failed": "Not sent",
  "bubble.pending": "Sending…",
  "bubble.retry": "Retry",
  "bubble.seen": "Seen",
  "bubble.sent": "Sent",
  "bubble.startNew": "Start a new chat",
  "composer.blank": "Write something first.",
  "composer.label": "Your message",
  "composer.left": "{count} characters left",
  "composer.left.one": "1 character left",
  "composer.note": "Write a note for your team",
  "composer.send": "Send",
  "composer.tooLong": "Too long by {count} characters.",
  "composer.tooLong.one": "Too long by 1 character.",
  "connection.busy": "Very many people are here. We try again by ourselves; your messages are kept.",
  "connection.connecting": "Connecting… your messages are kept",
  "connection.forbidden": "This chat is not available here.",
  "connection.outdated": "This page has to be loaded anew.",
  "connection.reload": "Reload",
  "connection.replaced": "This chat is open in another window.",
  "connection.useHere": "Use it here",
  "emoji.title": "Emoji",
  "file.attach": "Attach files",
  "file.hasFailed": "Remove the file that could not be uploaded, or try it again.",
  "inbox.note": "Note",
  "line.assigned": "{name} is answering",
  "line.closed_by_operator": "{name} ended the chat",
  "line.closed_by_visitor": "The visitor ended the chat",
  "line.closed_by_you": "You ended the chat",
  "line.closed_silent": "The chat ended, as nobody wrote for a day",
  "line.joined": "{name} joined",
  "line.left": "{name} left",
  "line.lost": "{name} lost the connection",
  "list.jump": "Jump to latest",
  "list.jumpNew": "Jump to {count} new messages",
  "list.jumpNew.one": "Jump to 1 new message",
  "list.label": "Conversation",
  "list.new": "New messages",
  "list.says": "{name} says: {text}",
  "list.typing": "{names} is typing…",
  "list.typingMore": "Several people are typing…",
  "list.you": "You",
  "notice.offline": "Not connected at the moment. Please try again soon.",
  "refused.blocked": "you may not write here",
  "refused.closed": "the chat has ended",
  "refused.file_gone": "the file is no longer there",
  "refused.id_conflict": "it was sent before with other words",
  "refused.other": "it was refused",
  "refused.too_long": "it is too long",
  "refused.too_many_files": "these are too many files",
  "refused.unavailable": "the server did not answer",
  "widget.answersDay": "Usually answers within a day",
  "widget.answersHour": "Usually answers within an hour",
  "widget.answersHours": "Usually answers within a few hours",
  "widget.answersMinutes": "Usually answers within {count} minutes",
  "widget.answersMinutes.one": "Usually answers within a minute",
  "widget.closePanel": "Close the chat window",
  "widget.contact": "You can also reach us here: {hint}",
  "widget.endLater": "The chat ends as soon as you are connected again.",
  "widget.endRefused": "The chat could not be ended: {reason}.",
  "widget.ended": "This chat has ended.",
  "widget.ending": "Ending the chat…",
  "widget.hello": "Hello! How can we help you?",
  "widget.menu": "Menu",
  "widget.nobody": "Nobody is here right now; leave your message",
  "widget.nobodyNow": "Nobody is here right now. Write to us all the same: your message is kept, and the answer will be here when you come back.",
  "widget.online": "We are here",
  "widget.operator": "Operator",
  "widget.placeholder": "Write a message",
  "widget.privacy": "Privacy",
  "widget.queued": "Waiting for somebody to answer",
  "widget.save": "Download transcript",
  "widget.startNew": "Start a new chat",
  "widget.suggestions": "Suggestions",
  "widget.with": "You are talking to {names}",
  "widget.unread": "{count} unread messages",
  "widget.unread.one": "1 unread message",
  "widget.wider": "Wider window",
};

/** @typedef {keyof typeof ENGLISH} Key */

/** @type {Record<string, string>} */
let texts = ENGLISH;
const ours = new Intl.PluralRules("en");
let plurals = ours;

/** @param {Record<string, string>} translated @param {string} language */
export function use(translated, language) {
  texts = { ...singular(ENGLISH), ...translated };
  plurals = new Intl.PluralRules(language);
}

/** Remove English plurals, which fit no other language. @param {Record<string, string>} english */
function singular(english) {
  return Object.fromEntries(Object.entries(english).filter(([key]) => !key.endsWith(".one")));
}

/**
 * Add the texts of a part that not every page loads.
 * @param {Record<string, string>} english @param {Record<string, string>} [translated]
 */
export function extend(english, translated = {}) {
  texts = { ...(plurals === ours ? english : singular(english)), ...texts, ...translated };
}

const { dataset = {}, lang = "" } = globalThis.document?.documentElement ?? {};
if (dataset["texts"]) {
  try {
    use(await (await fetch(dataset["texts"])).json(), lang);
  } catch {
    // The translations cannot be loaded: stay English.
  }
}

/**
 * @param {Key} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const plural = "count" in values ? plurals.select(Number(values["count"])) : "";
  const text = texts[`${key}.${plural}`] || texts[key] || key;
  return text.replace(/\{(\w+)\}/g, (_, name) => (values[name] ?? "").toLocaleString(lang || "en"));
}

/**
 * Return the text of a member of a family such as `refused.…`; without one, the family's `other`.
 * @param {"refused" | "notice"} family
 * @param {string} member
 * @returns {string}
 */
export function tOneOf(family, member) {
  const key = `${family}.${member}` in texts ? `${family}.${member}` : `${family}.other`;
  return t(/** @type {Key} */ (key), { code: member });
}
