// Generated from livechat/wire by `manage.py generate_wire`. Do not edit.

export type Version = 1;

/**
 * The command `client_id` is committed. `seq` for messages, `conversation` for openings.
 */
export interface Ack {
  type: "ack";
  client_id: string;
  at: string;
  seq: number | null;
  conversation: string | null;
}

export interface CloseConversation {
  type: "conversation.close";
  conversation: string;
  client_id: string;
}

/**
 * This server is about to stop: reconnect after so many milliseconds.
 */
export interface Drain {
  type: "drain";
  reconnect_in_ms: number;
}

/**
 * Answered by ``timeline.page``: entries after `after_seq`, or the last ones before
 * `before_seq`. Exactly one of the two is given.
 */
export interface FetchTimeline {
  type: "timeline.fetch";
  conversation: string;
  after_seq?: number;
  before_seq?: number;
  limit?: number;
}

export interface FileOpened {
  type: "file.opened";
  file: File;
}

/**
 * Answer to the server's heartbeat. `active`: there was real input since the last one.
 */
export interface Heartbeat {
  type: "heartbeat";
  active?: boolean;
}

/**
 * Answered by ``file.opened``: the file with addresses that have just been signed.
 */
export interface OpenFile {
  type: "file.open";
  file: string;
}

/**
 * Answered by ``transcript.opened``: where the whole conversation can be fetched.
 */
export interface OpenTranscript {
  type: "transcript.open";
  conversation: string;
  format: "html" | "text";
}

/**
 * The command was refused and nothing was stored. `retry_after` in seconds when trying
 * again makes sense; `conversation` when it would work in that one.
 */
export interface Rejected {
  type: "rejected";
  code: string;
  client_id?: string | null;
  retry_after?: number | null;
  command?: string | null;
}

/**
 * Everything up to and including `up_to` (the sender's own numbering) has been read.
 */
export interface SeeMessages {
  type: "messages.see";
  conversation: string;
  up_to: number;
}

/**
 * Sent when typing starts, every 4 s while it goes on, and when it stops.
 */
export interface SetTyping {
  type: "typing.set";
  conversation: string;
  active: boolean;
}

/**
 * `url` is a path of this server, good for ten minutes.
 */
export interface TranscriptOpened {
  type: "transcript.opened";
  conversation: string;
  format: "html" | "text";
  url: string;
}

/**
 * How soon visitors were answered: of the `count` conversations in the reader's inbox that
 * began `since` then, as he asked, and have an answer, the average wait in `seconds`, null for
 * none.
 */
export interface AnswersTold {
  type: "answers.told";
  since: string;
  count: number;
  seconds: number | null;
}

/**
 * The canned responses the reader may use, those used last first; at most 200. Split like
 * the inbox: the client replaces its list after the frame whose `part` is `parts`.
 */
export interface CannedListed {
  type: "canned.listed";
  responses: Array<CannedResponse>;
  part: number;
  parts: number;
}

/**
 * `shortcut` as it is typed after a colon; `id` is a number and means nothing elsewhere.
 */
export interface CannedResponse {
  id: number;
  shortcut: string;
  substitution: string;
}

/**
 * The reader may no longer read it.
 */
export interface ConversationGone {
  type: "conversation.gone";
  conversation: string;
}

/**
 * Another conversation of the same visitor that the reader may read. `text`: its first.
 */
export interface EarlierConversation {
  id: string;
  channel: string;
  state: "assigned" | "bot" | "closed" | "queued";
  opened_at: string;
  text: string;
}

/**
 * Answered by ``answers.told``. `since`: when the reader's day began, at most two days ago.
 */
export interface FetchAnswers {
  type: "answers.fetch";
  since: string;
}

/**
 * Answered by ``canned.listed``.
 */
export interface FetchCanned {
  type: "canned.fetch";
}

/**
 * Answered by ``inbox.snapshot``. The one way of repair: also joins what is to be heard.
 */
export interface FetchInbox {
  type: "inbox.fetch";
}

/**
 * Answered by ``visitor.told``: what is known beside the conversation itself.
 */
export interface FetchVisitor {
  type: "visitor.fetch";
  conversation: string;
}

/**
 * What a newcomer has done. `answers`: he is an operator of a channel; `introduced`: he has a
 * chat name or a picture; `embedded`: a website has asked for the widget; `chatted`: he has
 * answered somebody.
 */
export interface FirstSteps {
  answers: boolean;
  introduced: boolean;
  embedded: boolean;
  chatted: boolean;
}

/**
 * Channels or rights of the reader changed: he sends ``inbox.fetch``.
 */
export interface InboxChanged {
  type: "inbox.changed";
}

/**
 * All the reader's inbox: waiting, his own, his team's open conversations and the newest
 * closed ones. `seen` maps conversation ids to how far he has read them himself.
 * `digest` names the open ones as the heartbeat will. Split over several frames of at most
 * 64 KiB: `part` counts from 1 to `parts`, and the client replaces its inbox after the last.
 */
export interface InboxSnapshot {
  type: "inbox.snapshot";
  me: Me;
  channels: Array<StaffChannel>;
  conversations: Array<StaffConversation>;
  seen: Record<string, number>;
  digest: string;
  steps: FirstSteps;
  colleagues: Array<StaffColleague>;
  part: number;
  parts: number;
}

export interface JoinChannel {
  type: "channel.join";
  channel: string;
  client_id: string;
}

/**
 * Take part in a colleague's conversation beside him.
 */
export interface JoinConversation {
  type: "conversation.join";
  conversation: string;
  client_id: string;
}

export interface LeaveChannel {
  type: "channel.leave";
  channel: string;
  client_id: string;
}

/**
 * Leave; when nobody of staff remains, the conversation waits again.
 */
export interface LeaveConversation {
  type: "conversation.leave";
  conversation: string;
  client_id: string;
}

/**
 * `id` is the operator's id as in `StaffOperator`; null for staff who do not answer, and so is
 * `availability`, what he chose for himself. `presence` is how others see him.
 */
export interface Me {
  id: string | null;
  name: string;
  avatar: string;
  accepting: boolean;
  in_call: boolean;
  presence: "away" | "busy" | "offline" | "online";
  availability: "available" | "busy" | "invisible" | null;
}

/**
 * A page of the visitor's trail; `url` as in `Page`.
 */
export interface PageSeen {
  url: string;
  title: string;
  at: string;
}

/**
 * The whole value for one operator. `availability` is what he chose; only he himself is told,
 * for colleagues it is null. His own dashboards get both frames, and believe the one for him.
 */
export interface PresenceChanged {
  type: "presence.changed";
  operator: string;
  name: string;
  accepting: boolean;
  in_call: boolean;
  presence: "away" | "busy" | "offline" | "online";
  availability: "available" | "busy" | "invisible" | null;
}

/**
 * `accepting`: is available, may be given new conversations. `in_call`: is on the telephone.
 * `availability`: in which way he does not accept; nobody asks for it while he does.
 */
export interface SetPresence {
  type: "presence.set";
  client_id: string;
  accepting: boolean;
  in_call?: boolean;
  availability?: "busy" | "invisible";
}

/**
 * How an assigned conversation stands: whose turn it is, or that help is wanted.
 */
export interface SetStatus {
  type: "conversation.set_status";
  conversation: string;
  client_id: string;
  status: "in_progress" | "need_help" | "waiting_for_customer";
}

/**
 * The sender has this conversation before his eyes, or no longer. Said again every 20 s;
 * colleagues believe it for 30 s. Nothing is stored, and the visitor hears nothing.
 */
export interface SetViewing {
  type: "viewing.set";
  conversation: string;
  active: boolean;
}

/**
 * A channel as the dashboard shows it. `joined`: the reader takes its chats; `may_join`:
 * he may do so himself; `online`: operators available now. `link` is the path of the direct chat.
 * A visitor who waits is shown amber after `amber_after` seconds, red after `red_after`.
 */
export interface StaffChannel {
  id: string;
  name: string;
  colour: string;
  joined: boolean;
  may_join: boolean;
  online: number;
  sessions: number;
  link: string;
  amber_after: number;
  red_after: number;
  files: FileRules;
}

/**
 * Somebody who answers on a channel of the reader. `id` and `name` as in `StaffOperator`.
 */
export interface StaffColleague {
  id: string;
  name: string;
  avatar: string;
  presence: "away" | "busy" | "offline" | "online";
  in_call: boolean;
  channels: Array<string>;
}

/**
 * The staff view. `operator` is the main one, `operators` all who take part now. `head`,
 * `seen` (the reader's own mark is not here: see `Inbox.seen`), `seen_by_visitor` and
 * `seen_by_staff` are in staff numbers. `last` is the newest entry, for the list row.
 * `waiting_since`: the visitor has been without an answer since then.
 */
export interface StaffConversation {
  id: string;
  revision: number;
  channel: string;
  state: "assigned" | "bot" | "closed" | "queued";
  status: "in_progress" | "need_help" | "waiting_for_customer" | null;
  outcome: "escalated" | "no_agent" | "no_answer" | "no_failure";
  operator: StaffOperator | null;
  operators: Array<StaffOperator>;
  visitor: StaffVisitor;
  opened_at: string;
  closed_at: string | null;
  waiting_since: string | null;
  head: number;
  seen_by_visitor: number;
  seen_by_staff: number;
  last: StaffMessage | null;
}

export interface StaffConversationChanged {
  type: "conversation.changed";
  conversation: StaffConversation;
}

/**
 * `digest` over (id, revision, head) of the reader's open conversations; a client whose
 * own digest differs sends ``inbox.fetch``. See `domain.digest`. `presence` is how others see
 * the reader, and serves the same end; null for who does not answer. `hears_all`: whether this
 * process hears the others; if not, nothing is known of visitors who are there.
 */
export interface StaffHeartbeat {
  type: "heartbeat";
  digest: string;
  presence: "away" | "busy" | "offline" | "online" | null;
  hears_all: boolean;
}

/**
 * First frame of a staff socket; who it is comes from the session.
 */
export interface StaffHello {
  type: "hello";
  version: number;
  tab: string;
}

/**
 * `public_seq` is null for a note.
 */
export interface StaffMessage {
  seq: number;
  public_seq: number | null;
  id: string;
  client_id: string | null;
  author: "bot" | "operator" | "system" | "visitor";
  author_id: string | null;
  author_name: string;
  kind: "note" | "system" | "text";
  text: string;
  line: Line | null;
  at: string;
  files: Array<File>;
}

export interface StaffMessagePosted {
  type: "message.posted";
  conversation: string;
  message: StaffMessage;
}

/**
 * `reader` is the operator's id when `by` is staff.
 */
export interface StaffMessagesSeen {
  type: "messages.seen";
  conversation: string;
  by: "staff" | "visitor";
  reader: string | null;
  up_to: number;
}

export interface StaffOperator {
  id: string;
  name: string;
  avatar: string;
}

/**
 * `internal` makes it a note that only staff ever see.
 */
export interface StaffPostMessage {
  type: "message.post";
  conversation: string;
  client_id: string;
  text: string;
  internal?: boolean;
  files?: Array<string>;
}

export interface StaffTimelinePage {
  type: "timeline.page";
  conversation: string;
  messages: Array<StaffMessage>;
  head: number;
  more: boolean;
}

/**
 * `who` is null for the visitor, else the operator's id.
 */
export interface StaffTypingChanged {
  type: "typing.changed";
  conversation: string;
  who: string | null;
  name: string;
  active: boolean;
}

/**
 * `attributes`: what the website told of him, unverified.
 */
export interface StaffVisitor {
  id: string;
  name: string;
  email: string;
  country: string;
  language: string;
  time_zone: string;
  browser: string;
  page: Page | null;
  attributes: Record<string, string | number | boolean>;
}

/**
 * Answer to `StaffHello`; the client then sends ``inbox.fetch``.
 */
export interface StaffWelcome {
  type: "welcome";
  version: number;
  epoch: string;
  now: string;
  heartbeat_seconds: number;
}

/**
 * Become the main operator of a waiting conversation; only the first gets it.
 */
export interface TakeConversation {
  type: "conversation.take";
  conversation: string;
  client_id: string;
}

export interface UnwatchConversation {
  type: "conversation.unwatch";
  conversation: string;
}

/**
 * A canned response was put into a text: it moves to the top of the list.
 */
export interface UseCanned {
  type: "canned.use";
  response: number;
}

/**
 * A colleague has the conversation before his eyes, or no longer.
 */
export interface ViewingChanged {
  type: "viewing.changed";
  conversation: string;
  operator: string;
  name: string;
  avatar: string;
  active: boolean;
}

export interface VisitorMoved {
  type: "visitor.moved";
  conversation: string;
  page: Page;
  at: string;
}

/**
 * One of the visitor's sockets is there, or has gone. Said when it changes and with each
 * heartbeat that follows an answered one; whoever hears nothing for three of them believes that
 * it has gone.
 */
export interface VisitorPresence {
  type: "visitor.presence";
  conversation: string;
  socket: string;
  present: boolean;
}

/**
 * Both lists newest first: the last pages, and at most ten conversations. `total` counts all
 * earlier conversations that the reader may read.
 */
export interface VisitorTold {
  type: "visitor.told";
  conversation: string;
  trail: Array<PageSeen>;
  earlier: Array<EarlierConversation>;
  total: number;
}

/**
 * Hear everything of a conversation one may read, without taking part. Until the socket
 * closes or ``conversation.unwatch``.
 */
export interface WatchConversation {
  type: "conversation.watch";
  conversation: string;
}

/**
 * A file of a message. `size` in bytes; `width` and `height` in pixels, 0 for what is no
 * picture. `url` and `thumbnail` ("" without one) are paths of this server, good for ten minutes
 * and for this audience; ``file.open`` gives fresh ones. `family` says how it may be shown.
 */
export interface File {
  id: string;
  name: string;
  content_type: string;
  family: "archive" | "audio" | "document" | "image" | "video";
  size: number;
  width: number;
  height: number;
  url: string;
  thumbnail: string;
}

/**
 * What may be attached here. `accept` as a file input takes it, "" when nothing may;
 * `max_bytes` of one file, `max_files` in one message.
 */
export interface FileRules {
  accept: string;
  max_bytes: number;
  max_files: number;
}

/**
 * What a system line tells: an event of `domain.states.SystemEvent` and whom it is about.
 */
export interface Line {
  event: string;
  name: string;
}

/**
 * A page of the customer's website. The server drops query and credentials from `url`.
 */
export interface Page {
  url: string;
  title?: string;
  referrer?: string;
}

/**
 * Begin a conversation with a first message. `client_id` names opening and message:
 * a repeat returns the same conversation. With one already open, the text goes there.
 */
export interface OpenConversation {
  type: "conversation.open";
  client_id: string;
  text: string;
  page?: Page | null;
  files?: Array<string>;
}

/**
 * `files` were uploaded before and are in no message yet; with any, `text` may be empty.
 */
export interface PostMessage {
  type: "message.post";
  conversation: string;
  client_id: string;
  text: string;
  files?: Array<string>;
}

/**
 * `answers_in`: how many seconds half of the recent visitors waited for a first answer at
 * most, null when too few were answered to tell. `suggestions` are first messages to choose
 * from, at most four. `team`: who is there now, at most three. `colours`: by their names in the
 * style sheets, all readable (`domain.colours.ramp`).
 */
export interface PublicChannel {
  name: string;
  welcome: string;
  placeholder: string;
  button_text: string;
  colours: Record<string, string>;
  available: boolean;
  theme: "auto" | "dark" | "light";
  privacy_link: string;
  contact_hint: string;
  suggestions: Array<string>;
  answers_in: number | null;
  team: Array<PublicOperator>;
  files: FileRules;
}

/**
 * The visitor's view of his conversation. `head` is the last public number;
 * `seen_by_staff` how far staff have read, in public numbers; `seen` how far he has.
 */
export interface PublicConversation {
  id: string;
  revision: number;
  state: "assigned" | "bot" | "closed" | "queued";
  operators: Array<PublicOperator>;
  opened_at: string;
  closed_at: string | null;
  head: number;
  seen: number;
  seen_by_staff: number;
}

/**
 * The whole view; a lower `revision` than known is ignored. An unknown id is a new
 * conversation of this visitor: the client starts an empty timeline for it.
 */
export interface PublicConversationChanged {
  type: "conversation.changed";
  conversation: PublicConversation;
}

export interface PublicMessage {
  seq: number;
  id: string;
  client_id: string | null;
  author: "bot" | "operator" | "system" | "visitor";
  author_id: string | null;
  author_name: string;
  kind: "system" | "text";
  text: string;
  line: Line | null;
  at: string;
  files: Array<File>;
}

export interface PublicMessagePosted {
  type: "message.posted";
  conversation: string;
  message: PublicMessage;
}

export interface PublicMessagesSeen {
  type: "messages.seen";
  conversation: string;
  by: "staff" | "visitor";
  up_to: number;
}

/**
 * Only the chat name ever leaves the house, never the account or the e-mail. `avatar` is a
 * path of this server, "" without a picture.
 */
export interface PublicOperator {
  id: string;
  name: string;
  avatar: string;
}

/**
 * `more`: there are further entries in the direction asked for.
 */
export interface PublicTimelinePage {
  type: "timeline.page";
  conversation: string;
  messages: Array<PublicMessage>;
  head: number;
  more: boolean;
}

export interface PublicTypingChanged {
  type: "typing.changed";
  conversation: string;
  name: string;
  active: boolean;
}

/**
 * What the website tells of the visitor; null takes a name away. Kept from the first message
 * on, shown to operators, never verified. At most 20 names in all.
 */
export interface SetAttributes {
  type: "attributes.set";
  attributes: Record<string, string | number | boolean | null>;
}

export interface ViewPage {
  type: "page.view";
  page: Page;
}

/**
 * The visitor's newest conversation as the database has it: a client that knows less
 * fetches, one that knows another conversation says hello again.
 */
export interface VisitorHeartbeat {
  type: "heartbeat";
  conversation: string | null;
  head: number;
  revision: number;
}

/**
 * First frame of a visitor's socket. Without `token` a new one is minted, and no row.
 */
export interface VisitorHello {
  type: "hello";
  version: number;
  tab: string;
  token?: string | null;
  conversation?: string | null;
  after_seq?: number;
  page?: Page | null;
  language?: string;
  time_zone?: string;
}

/**
 * Answer to `VisitorHello`. `messages` are those after the `after_seq` of the hello when
 * it named this conversation, else the newest page; `more`: there are further ones between
 * (after a named `after_seq`) or before (without one). `now` by the server's clock: a browser's
 * may be wrong by days.
 */
export interface VisitorWelcome {
  type: "welcome";
  version: number;
  epoch: string;
  token: string;
  visitor: string;
  channel: PublicChannel;
  conversation: PublicConversation | null;
  messages: Array<PublicMessage>;
  more: boolean;
  now: string;
  heartbeat_seconds: number;
}

export type VisitorCommand =
  | VisitorHello
  | OpenConversation
  | PostMessage
  | CloseConversation
  | SeeMessages
  | SetTyping
  | ViewPage
  | SetAttributes
  | FetchTimeline
  | OpenFile
  | OpenTranscript
  | Heartbeat;

export type StaffCommand =
  | StaffHello
  | FetchInbox
  | StaffPostMessage
  | TakeConversation
  | JoinConversation
  | LeaveConversation
  | WatchConversation
  | UnwatchConversation
  | CloseConversation
  | SetStatus
  | SetViewing
  | FetchVisitor
  | JoinChannel
  | LeaveChannel
  | SetPresence
  | FetchCanned
  | UseCanned
  | FetchAnswers
  | SeeMessages
  | SetTyping
  | FetchTimeline
  | OpenFile
  | OpenTranscript
  | Heartbeat;

export type VisitorEvent =
  | VisitorWelcome
  | Ack
  | Rejected
  | Drain
  | PublicMessagePosted
  | PublicConversationChanged
  | PublicMessagesSeen
  | PublicTypingChanged
  | PublicTimelinePage
  | FileOpened
  | TranscriptOpened
  | VisitorHeartbeat;

export type StaffEvent =
  | StaffWelcome
  | Ack
  | Rejected
  | Drain
  | InboxSnapshot
  | StaffMessagePosted
  | StaffConversationChanged
  | ConversationGone
  | StaffMessagesSeen
  | StaffTypingChanged
  | ViewingChanged
  | VisitorPresence
  | StaffTimelinePage
  | FileOpened
  | TranscriptOpened
  | PresenceChanged
  | VisitorMoved
  | VisitorTold
  | CannedListed
  | AnswersTold
  | InboxChanged
  | StaffHeartbeat;
