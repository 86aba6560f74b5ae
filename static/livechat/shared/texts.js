/**
 * Every visible string of the browser code. A language is one JSON of the same keys, which the page
 * names; what it lacks stays English. `{name}` is filled in; where there is a `count`, the text of
 * its plural (`key.one`, `key.few` …, as the language has them) is used instead of `key`.
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
  "canned.choose": "choose",
  "canned.close": "close",
  "canned.count": "{count} canned responses",
  "canned.count.one": "1 canned response",
  "canned.insert": "insert",
  "canned.none": "There are no canned responses for you yet.",
  "canned.title": "Canned responses",
  "channels.admin": "Open the administration",
  "channels.hint": "You are given chats of the channels you have joined.",
  "channels.joined": "You answer here",
  "channels.joining": "Joining…",
  "channels.leaving": "Leaving…",
  "channels.mayNotJoin": "Only a manager can add you",
  "channels.mayNotLeave": "Only a manager can take you out",
  "channels.none": "There are no channels yet",
  "channels.noneHint": "A channel connects a website with the people who answer its visitors.",
  "channels.notOperator": "You are not an operator",
  "channels.online": "operators online",
  "channels.online.one": "operator online",
  "channels.sessions": "open chats",
  "channels.sessions.one": "open chat",
  "channels.youJoined": "You have joined {name}",
  "channels.youLeft": "You have left {name}",
  "composer.blank": "Write something first.",
  "composer.label": "Your message",
  "composer.left": "{count} characters left",
  "composer.left.one": "1 character left",
  "composer.note": "Write a note for your team",
  "composer.send": "Send",
  "composer.tooLong": "Too long by {count} characters.",
  "composer.tooLong.one": "Too long by 1 character.",
  "connection.connecting": "Connecting… your messages are kept",
  "connection.forbidden": "This chat is not available here.",
  "connection.outdated": "There is a newer version of this page.",
  "connection.reload": "Reload",
  "connection.replaced": "This chat is open in another window.",
  "connection.useHere": "Use it here",
  "context.browser": "Browser",
  "context.country": "Country",
  "context.email": "E-mail",
  "context.language": "Language",
  "context.no": "no",
  "context.page": "Page now",
  "context.started": "Chat began",
  "context.time": "Local time",
  "context.title": "Visitor",
  "context.toggle": "Visitor details",
  "context.unverified": "The website says so; nobody has checked it.",
  "context.website": "From the website",
  "context.yes": "yes",
  "inbox.allAnswered": "No one is waiting.",
  "inbox.back": "Back to the list",
  "inbox.closed": "Closed",
  "inbox.closeConfirm": "Close this chat?",
  "inbox.ended": "This chat has ended.",
  "inbox.lineYou": "You: {text}",
  "inbox.mine": "Mine",
  "inbox.nobody": "nobody yet",
  "inbox.none": "None",
  "inbox.note": "Note",
  "inbox.noteLabel": "Note, only your team sees this",
  "inbox.pick": "Choose a chat on the left.",
  "inbox.placeholder": "Write an answer",
  "inbox.reply": "Reply",
  "inbox.takeFirst": "Take this chat to answer it.",
  "inbox.joinFirst": "Join this chat to answer it.",
  "inbox.team": "Team",
  "inbox.title": "Inbox",
  "inbox.typing": "typing…",
  "inbox.unread": "{count} unread",
  "inbox.visitor": "Visitor",
  "inbox.waited": "waiting for {time}",
  "inbox.waiting": "Waiting",
  "inbox.with": "with {names}",
  "line.assigned": "{name} is answering",
  "line.closed_by_operator": "{name} ended the chat",
  "line.closed_by_visitor": "The visitor ended the chat",
  "line.closed_by_you": "You ended the chat",
  "line.joined": "{name} joined",
  "line.left": "{name} left",
  "list.jump": "Jump to latest",
  "list.label": "Conversation",
  "list.says": "{name} says: {text}",
  "list.typing": "{names} is typing…",
  "list.typingMore": "Several people are typing…",
  "list.you": "You",
  "notice.already_taken": "A colleague was faster.",
  "notice.closed": "This chat has ended already.",
  "notice.forbidden": "You may not do this.",
  "notice.not_found": "This does not exist any more.",
  "notice.offline": "Not connected at the moment. Please try again soon.",
  "notice.other": "That did not work ({code}).",
  "presence.accepting": "Taking chats",
  "presence.away": "Away",
  "presence.goAway": "You take new chats. Go away",
  "presence.return": "You are away. Take new chats",
  "rail.admin": "Administration",
  "rail.channels": "Channels",
  "rail.joinChannel": "Join {name}",
  "rail.label": "Livechat",
  "rail.leaveChannel": "Leave {name}",
  "rail.operator": "You are not an operator",
  "refused.blocked": "you may not write here",
  "refused.closed": "the chat has ended",
  "refused.id_conflict": "it was sent before with other words",
  "refused.other": "it was refused",
  "refused.too_long": "it is too long",
  "widget.closePanel": "Close the chat window",
  "widget.end": "End chat",
  "widget.endConfirm": "End this chat?",
  "widget.endLater": "The chat ends as soon as you are connected again.",
  "widget.endRefused": "The chat could not be ended: {reason}.",
  "widget.ended": "This chat has ended.",
  "widget.ending": "Ending the chat…",
  "widget.menu": "Menu",
  "widget.nobody": "Nobody is here right now; leave your message",
  "widget.online": "We are here",
  "widget.placeholder": "Write a message",
  "widget.queued": "Waiting for somebody to answer",
  "widget.startNew": "Start a new chat",
  "widget.with": "You are talking to {names}",
  "widget.unread": "{count} unread messages",
  "widget.unread.one": "1 unread message",
};

/** @typedef {keyof typeof ENGLISH} Key */

/** @type {Record<string, string>} */
let texts = ENGLISH;
let plurals = new Intl.PluralRules("en");

/** @param {Record<string, string>} translated @param {string} language */
export function use(translated, language) {
  // An English plural is none of another language.
  const base = Object.entries(ENGLISH).filter(([key]) => !key.endsWith(".one"));
  texts = { ...Object.fromEntries(base), ...translated };
  plurals = new Intl.PluralRules(language);
}

const { dataset = {}, lang = "" } = globalThis.document?.documentElement ?? {};
if (dataset["texts"]) {
  try {
    use(await (await fetch(dataset["texts"])).json(), lang);
  } catch {
    // Not to be had: English is better than nothing.
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
  return text.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/**
 * The text of a family such as `refused.…`, or the family's `other` when it has no such member.
 * @param {"refused" | "notice"} family
 * @param {string} member
 * @returns {string}
 */
export function tOneOf(family, member) {
  const key = `${family}.${member}` in texts ? `${family}.${member}` : `${family}.other`;
  return t(/** @type {Key} */ (key), { code: member });
}
