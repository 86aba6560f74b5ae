// Generated from livechat/wire by `manage.py generate_wire`. Do not edit.

export type Version = 1;

/**
 * The command `client_id` is committed. `seq` is set for messages and openings, `conversation`
 * for commands that concern one.
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
 * The server is stopping: reconnect after this many milliseconds.
 */
export interface Drain {
  type: "drain";
  reconnect_in_ms: number;
}

/**
 * Get ``timeline.page``: with `after_seq` the first entries after it, else the last ones
 * before `before_seq`.
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
 * Response to the server's heartbeat. `active`: there was input since the last one.
 */
export interface Heartbeat {
  type: "heartbeat";
  active?: boolean;
}

/**
 * Get ``file.opened``: the file with newly signed links.
 */
export interface OpenFile {
  type: "file.open";
  file: string;
}

/**
 * Get ``transcript.opened``: a link to the transcript of the conversation.
 */
export interface OpenTranscript {
  type: "transcript.open";
  conversation: string;
  format: "html" | "text";
}

/**
 * A frame was refused and nothing was stored. `retry_after`: seconds until a retry makes
 * sense. `command`: the type of the refused command, where it is known.
 */
export interface Rejected {
  type: "rejected";
  code: string;
  client_id?: string | null;
  retry_after?: number | null;
  command?: string | null;
}

/**
 * The sender has read all entries up to and including `up_to`, in their own numbering.
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
 * `url` is a path on this server, valid for ten minutes.
 */
export interface TranscriptOpened {
  type: "transcript.opened";
  conversation: string;
  format: "html" | "text";
  url: string;
}

/**
 * How soon visitors got a first response. `count`: conversations that the reader may read,
 * began at the requested `since` or later, and have a response. `seconds`: their average wait,
 * null if there are none.
 */
export interface AnswersTold {
  type: "answers.told";
  since: string;
  count: number;
  seconds: number | null;
}

/**
 * The canned responses that the reader may use, the last used first; at most 200. Split like
 * the inbox: the client replaces its list after the frame whose `part` is `parts`.
 */
export interface CannedListed {
  type: "canned.listed";
  responses: Array<CannedResponse>;
  part: number;
  parts: number;
}

/**
 * `shortcut` is typed after a colon; `id` is a number, for ``canned.use`` only.
 */
export interface CannedResponse {
  id: number;
  shortcut: string;
  substitution: string;
}

/**
 * Another conversation of the visitor that the reader may read. `text`: its start.
 */
export interface EarlierConversation {
  id: string;
  channel: string;
  state: "assigned" | "bot" | "closed" | "queued";
  opened_at: string;
  text: string;
}

/**
 * Get ``answers.told``. `since`: start of the reader's day, limited to the last two days.
 */
export interface FetchAnswers {
  type: "answers.fetch";
  since: string;
}

/**
 * Get ``canned.listed``.
 */
export interface FetchCanned {
  type: "canned.fetch";
}

/**
 * Get ``inbox.snapshot``, and receive all that belongs to the inbox. Also the way of repair.
 */
export interface FetchInbox {
  type: "inbox.fetch";
}

/**
 * Get ``visitor.told``: what is known of the visitor besides the conversation.
 */
export interface FetchVisitor {
  type: "visitor.fetch";
  conversation: string;
}

/**
 * What a new user has done. `answers`: is an operator of a channel; `introduced`: has a chat
 * name or a picture; `embedded`: a website has asked for the widget; `chatted`: has written in a
 * conversation.
 */
export interface FirstSteps {
  answers: boolean;
  introduced: boolean;
  embedded: boolean;
  chatted: boolean;
}

/**
 * The reader's channels or rights changed: the client sends ``inbox.fetch``.
 */
export interface InboxChanged {
  type: "inbox.changed";
}

/**
 * The reader's whole inbox: the open conversations that they may read, and the newest closed
 * ones. `seen` maps conversation ids to how far the reader has read. `digest` is that of the open
 * ones, as in the heartbeat. Split into frames of at most 64 KiB: `part` counts from 1 to
 * `parts`, and the client replaces its inbox after the last.
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
 * Take part in a colleague's conversation, or take it if it has no main operator.
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
 * Leave. If the main operator leaves, the next one takes over, or the conversation waits.
 */
export interface LeaveConversation {
  type: "conversation.leave";
  conversation: string;
  client_id: string;
}

/**
 * The reader. `id` as in `StaffOperator`; `availability` is the reader's own choice. Both are
 * null for staff who are not operators. `presence` is how others see the reader.
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
 * A page that the visitor viewed; `url` as in `Page`.
 */
export interface PageSeen {
  url: string;
  title: string;
  at: string;
}

/**
 * The complete presence of one operator. `availability` is the operator's own choice, null in
 * the frame for colleagues. The operator's dashboards get both frames, and use their own.
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
 * `accepting`: the operator may be given new conversations. `in_call`: they are on the
 * telephone. `availability`: how they do not accept; ignored while they accept.
 */
export interface SetPresence {
  type: "presence.set";
  client_id: string;
  accepting: boolean;
  in_call?: boolean;
  availability?: "busy" | "invisible";
}

/**
 * Set the status of an assigned conversation: whose turn it is, or that help is needed.
 */
export interface SetStatus {
  type: "conversation.set_status";
  conversation: string;
  client_id: string;
  status: "in_progress" | "need_help" | "waiting_for_customer";
}

/**
 * The operator views this conversation, or no longer. Repeated every 20 s; colleagues see it
 * for 30 s. Nothing is stored or sent to the visitor.
 */
export interface SetViewing {
  type: "viewing.set";
  conversation: string;
  active: boolean;
}

/**
 * A channel as the dashboard shows it. `joined`: the reader takes its chats; `may_join`: they
 * may join and leave it on their own; `online`: operators available now; `sessions`: its open
 * conversations. `link` is the path of the direct chat. A visitor's wait is shown amber after
 * `amber_after` seconds, red after `red_after`.
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
 * Another operator of a channel that the reader sees; `id`, `name` as in `StaffOperator`.
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
 * The staff view. `operator` is the main one, `operators` are all who take part now. `head`,
 * `seen_by_visitor` and `seen_by_staff` are in staff numbers; the reader's own mark is in
 * `InboxSnapshot.seen`. `last` is the newest entry, for the list. `waiting_since`: the visitor
 * has waited for a response since then. `held`: no operator gets it automatically, because
 * operators have as many chats from the visitor's address as the channel allows.
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
  held: boolean;
}

export interface StaffConversationChanged {
  type: "conversation.changed";
  conversation: StaffConversation;
}

/**
 * `digest` is over (id, revision, head) of the reader's open conversations
 * (`domain.inbox_digest`). `presence` is how others see the reader, null for staff who are not
 * operators. A client that knows another value of either sends ``inbox.fetch``. `hears_all`:
 * whether this process hears the others; if not, visitors' presence is unknown.
 */
export interface StaffHeartbeat {
  type: "heartbeat";
  digest: string;
  presence: "away" | "busy" | "offline" | "online" | null;
  hears_all: boolean;
}

/**
 * First frame of a staff socket. The login session identifies the user.
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
 * `reader` is the operator's id if `by` is staff, else null.
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
 * `internal` makes it a note, which only staff see.
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
 * `who` is the operator's id, null for the visitor.
 */
export interface StaffTypingChanged {
  type: "typing.changed";
  conversation: string;
  who: string | null;
  name: string;
  active: boolean;
}

/**
 * `attributes`: what the website says about the visitor, unverified.
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
 * Response to `StaffHello`; the client then sends ``inbox.fetch``.
 */
export interface StaffWelcome {
  type: "welcome";
  version: number;
  epoch: string;
  now: string;
  heartbeat_seconds: number;
}

/**
 * Become the main operator of a waiting conversation. Only the first operator succeeds.
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
 * The operator used a canned response: it moves to the top of the list.
 */
export interface UseCanned {
  type: "canned.use";
  response: number;
}

/**
 * A colleague views the conversation, or no longer.
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
 * A socket of the visitor is connected, or has gone. Sent on a change and with each heartbeat
 * that follows an answered one; after three heartbeats without it, dashboards take the socket
 * as gone.
 */
export interface VisitorPresence {
  type: "visitor.presence";
  conversation: string;
  socket: string;
  present: boolean;
}

/**
 * Both lists are newest first: the last pages, and at most ten other conversations. `total`
 * counts all other conversations that the reader may read.
 */
export interface VisitorTold {
  type: "visitor.told";
  conversation: string;
  trail: Array<PageSeen>;
  earlier: Array<EarlierConversation>;
  total: number;
}

/**
 * Receive everything of a conversation without taking part, until the socket closes or
 * ``conversation.unwatch``.
 */
export interface WatchConversation {
  type: "conversation.watch";
  conversation: string;
}

/**
 * A file of a message. `size` in bytes; `width` and `height` in pixels, 0 if it is not a
 * picture. `url` and `thumbnail` ("" without one) are paths on this server, valid for ten minutes
 * and for this audience; ``file.open`` gets new ones. `family` says how it may be shown.
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
 * Which files may be attached. `accept`: as for a file input, "" if none are allowed;
 * `max_bytes` per file, `max_files` per message, `max_pixels` and `max_side` (also in pixels)
 * per picture.
 */
export interface FileRules {
  accept: string;
  max_bytes: number;
  max_files: number;
  max_pixels: number;
  max_side: number;
}

/**
 * The content of a system line: a `domain.states.SystemEvent` and the person it concerns.
 */
export interface Line {
  event: string;
  name: string;
}

/**
 * A page of the customer's website. The server removes query, fragment and credentials from
 * `url` and `referrer`.
 */
export interface Page {
  url: string;
  title?: string;
  referrer?: string;
}

/**
 * Get ``page_key.made``: a key for the website of `origin` to keep, with which a later page of
 * it resumes this open conversation (``docs/decisions/0026-a-page-may-keep-a-key.md``).
 */
export interface MakePageKey {
  type: "page_key.make";
  conversation: string;
  origin: string;
}

/**
 * Open a conversation with a first message. `client_id` identifies both: a repeat returns the
 * same conversation. If one is already open, the message is posted there.
 */
export interface OpenConversation {
  type: "conversation.open";
  client_id: string;
  text: string;
  page?: Page | null;
  files?: Array<string>;
}

export interface PageKeyMade {
  type: "page_key.made";
  conversation: string;
  key: string;
}

/**
 * `files`: ids of uploaded files that are in no message yet; with any, `text` may be empty.
 */
export interface PostMessage {
  type: "message.post";
  conversation: string;
  client_id: string;
  text: string;
  files?: Array<string>;
}

/**
 * A channel as visitors see it. `answers_in`: median seconds that recent visitors waited for
 * the first response, null if there were too few. `suggestions`: first messages to choose from,
 * at most four. `team`: operators present now, at most three. `colours`: by their names in the
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
 * The visitor's view of their conversation, in public numbers: `head` is the last entry,
 * `seen` how far the visitor has read, `seen_by_staff` how far staff have read.
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
 * The complete view; clients ignore a lower `revision` than they know. An unknown id is a new
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
 * `name` is the chat name, or else the full name, or else "": as in messages, lines and
 * `typing.changed`, the client then shows a word for operators. Never the user name. `avatar` is
 * a path on this server, "" without a picture.
 */
export interface PublicOperator {
  id: string;
  name: string;
  avatar: string;
}

/**
 * `more`: there are further entries in the requested direction.
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
 * What the website says about the visitor; null removes a name. Stored from the first message
 * on, shown to operators, never verified. At most 20 names in total.
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
 * The visitor's newest conversation in the database. A client that knows less fetches; a
 * client that knows another conversation says hello again.
 */
export interface VisitorHeartbeat {
  type: "heartbeat";
  conversation: string | null;
  head: number;
  revision: number;
}

/**
 * First frame of a visitor's socket. Without `token`, the server makes one, but no row.
 * 
 * `page_key`: what `page_key.made` gave to a page of this `origin`, if the browser lets the chat
 * store no token. A key that is not valid any more counts as none. `language` is in the syntax of
 * ``Accept-Language``: a tag, or the `ChatLanguage.wish` that the server gave to the page.
 */
export interface VisitorHello {
  type: "hello";
  version: number;
  tab: string;
  token?: string | null;
  page_key?: string | null;
  origin?: string;
  conversation?: string | null;
  after_seq?: number;
  page?: Page | null;
  language?: string;
  time_zone?: string;
}

/**
 * Response to `VisitorHello`. `messages`: the first page after the hello's `after_seq` if it
 * named this conversation, else the newest page. `more`: there are later entries (in the first
 * case) or earlier ones. `now` is the server's clock: a browser's may be wrong by days.
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
  | MakePageKey
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
  | PageKeyMade
  | VisitorHeartbeat;

export type StaffEvent =
  | StaffWelcome
  | Ack
  | Rejected
  | Drain
  | InboxSnapshot
  | StaffMessagePosted
  | StaffConversationChanged
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
