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
  "bubble.without": "Send without the file",
  "composer.blank": "Write something first.",
  "composer.label": "Your message",
  "composer.left": "{count} characters left",
  "composer.left.one": "1 character left",
  "composer.note": "Write a note for your team",
  "composer.send": "Send",
  "composer.tooLong": "Too long by {count} characters.",
  "composer.tooLong.one": "Too long by 1 character.",
  "connection.busy": "High demand right now. The chat reconnects automatically; your messages are saved.",
  "connection.connecting": "Connecting… Your messages are saved.",
  "connection.forbidden": "This chat is not available here.",
  "connection.outdated": "This page is out of date. Reload it to continue.",
  "connection.reload": "Reload",
  "connection.replaced": "This chat is open in another window.",
  "connection.useHere": "Use it here",
  "emoji.title": "Emoji",
  "file.attach": "Attach files",
  "file.hasFailed": "A file was not uploaded. Remove it or try again.",
  "inbox.note": "Note",
  "line.assigned": "{name} is answering",
  "line.closed_by_operator": "{name} ended the chat",
  "line.closed_by_visitor": "The visitor ended the chat",
  "line.closed_by_you": "You ended the chat",
  "line.closed_silent": "The chat ended after a day without messages",
  "line.joined": "{name} joined",
  "line.left": "{name} left",
  "line.lost": "{name} lost the connection",
  "list.jump": "Jump to latest",
  "list.jumpNew": "Jump to {count} new messages",
  "list.jumpNew.one": "Jump to 1 new message",
  "list.label": "Messages",
  "list.new": "New messages",
  "list.says": "{name} says: {text}",
  "list.typing": "{names} is typing…",
  "list.typingMore": "Several people are typing…",
  "list.you": "You",
  "notice.offline": "No connection right now. Please try again in a moment.",
  "refused.blocked": "you cannot send messages in this chat",
  "refused.closed": "the chat has ended",
  "refused.file_gone": "the file is no longer available",
  "refused.id_conflict": "this message was already sent with a different text",
  "refused.other": "the server rejected it",
  "refused.too_long": "the text is too long",
  "refused.too_many_files": "the message has too many files",
  "refused.unavailable": "the server did not respond",
  "widget.answersDay": "Usually replies within a day",
  "widget.answersHour": "Usually replies within an hour",
  "widget.answersHours": "Usually replies within a few hours",
  "widget.answersMinutes": "Usually replies within {count} minutes",
  "widget.answersMinutes.one": "Usually replies within a minute",
  "widget.away": "We are away right now",
  "widget.awayGreeting": "We are away right now. Leave us a message: our reply will be here when you come back.",
  "widget.closePanel": "Close the chat window",
  "widget.contact": "You can also reach us here: {hint}",
  "widget.endLater": "You are offline. The chat ends when you are connected again.",
  "widget.endRefused": "The chat could not be ended: {reason}.",
  "widget.ended": "This chat has ended.",
  "widget.ending": "Ending the chat…",
  "widget.hello": "Hello! How can we help you?",
  "widget.menu": "Menu",
  "widget.online": "We are here",
  "widget.operator": "Operator",
  "widget.placeholder": "Write a message",
  "widget.privacy": "Privacy",
  "widget.queued": "Waiting for a reply",
  "widget.save": "Download transcript",
  "widget.startNew": "Start a new chat",
  "widget.suggestions": "Suggestions",
  "widget.unread": "{count} unread messages",
  "widget.unread.one": "1 unread message",
  "widget.wider": "Wider window",
  "widget.with": "You are chatting with {names}",
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
