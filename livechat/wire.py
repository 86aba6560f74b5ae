"""Every WebSocket frame: commands in, events out.

JSON text frames tagged by ``type``. Commands are imperative and refuse unknown fields,
events are past tense and may grow: clients ignore fields they do not know. The browser's
types, ``static/livechat/shared/wire.d.ts``, are generated from this file
(``manage.py generate_wire``).

Two audiences, two vocabularies: what a visitor may send and see is declared apart from what
staff may. A field that is only in a staff struct cannot reach a visitor.

Times are RFC 3339 UTC. Ids are UUIDs. `seq` counts an audience's own timeline 1..n without a
hole: a visitor's frames carry `Message.public_seq`, staff frames `Message.seq`. Sequence
numbers and limits are whole numbers below 2**53.
"""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from livechat.errors import Invalid

VERSION = 1
"""Version of this protocol; a server understands `VERSION` and `VERSION - 1`."""

MAX_FRAME_BYTES = 65_536
MAX_TEXT_CHARACTERS = 8_000
MAX_FILES = 10
"""In one message."""
PAGE_SIZE = 100
HEARTBEAT_SECONDS = 20

Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Limit = Annotated[int, Meta(ge=1, le=PAGE_SIZE)]
Text = Annotated[str, Meta(max_length=MAX_FRAME_BYTES)]
Url = Annotated[str, Meta(max_length=2_048)]
Title = Annotated[str, Meta(max_length=300)]
Short = Annotated[str, Meta(max_length=64)]
AttributeName = Annotated[str, Meta(min_length=1, max_length=40)]
AttributeValue = (
    Annotated[str, Meta(max_length=200)]
    | Annotated[int, Meta(ge=-(2**53) + 1, le=2**53 - 1)]
    | float
    | bool
)
Token = Annotated[str, Meta(max_length=512)]
FileIds = Annotated[list[UUID], Meta(max_length=MAX_FILES)]


class Close:
    """Close codes of our own (`guarantees.md`); only 1000 and 3000-4999 may be sent."""

    BAD_FRAMES = 4400
    IDENTITY = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    REPLACED = 4409
    TOO_SLOW = 4413
    FLOODING = 4429
    DRAINING = 4503


# --------------------------------------------------------------------------- shared values


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page of the customer's website. The server drops query and credentials from `url`."""

    url: Url
    title: Title = ""
    referrer: Url = ""


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything a browser sends."""


# --------------------------------------------------------------------------- visitor, in


class VisitorHello(Command, frozen=True, tag="hello"):
    """First frame of a visitor's socket. Without `token` a new one is minted, and no row."""

    version: int
    tab: Short
    token: Token | None = None
    conversation: UUID | None = None
    after_seq: Seq = 0
    page: Page | None = None
    language: Short = ""
    time_zone: Short = ""


class OpenConversation(Command, frozen=True, tag="conversation.open"):
    """Begin a conversation with a first message. `client_id` names opening and message:
    a repeat returns the same conversation. With one already open, the text goes there."""

    client_id: UUID
    text: Text
    page: Page | None = None
    files: FileIds = []


class PostMessage(Command, frozen=True, tag="message.post"):
    """`files` were uploaded before and are in no message yet; with any, `text` may be empty."""

    conversation: UUID
    client_id: UUID
    text: Text
    files: FileIds = []


class CloseConversation(Command, frozen=True, tag="conversation.close"):
    conversation: UUID
    client_id: UUID


class SeeMessages(Command, frozen=True, tag="messages.see"):
    """Everything up to and including `up_to` (the sender's own numbering) has been read."""

    conversation: UUID
    up_to: Seq


class SetTyping(Command, frozen=True, tag="typing.set"):
    """Sent when typing starts, every 4 s while it goes on, and when it stops."""

    conversation: UUID
    active: bool


class ViewPage(Command, frozen=True, tag="page.view"):
    page: Page


class SetAttributes(Command, frozen=True, tag="attributes.set"):
    """What the website tells of the visitor; null takes a name away. Kept from the first message
    on, shown to operators, never verified. At most 20 names in all."""

    attributes: Annotated[dict[AttributeName, AttributeValue | None], Meta(max_length=20)]


class FetchTimeline(Command, frozen=True, tag="timeline.fetch"):
    """Answered by ``timeline.page``: entries after `after_seq`, or the last ones before
    `before_seq`. Exactly one of the two is given."""

    conversation: UUID
    after_seq: Seq | UnsetType = UNSET
    before_seq: Seq | UnsetType = UNSET
    limit: Limit = PAGE_SIZE


class OpenFile(Command, frozen=True, tag="file.open"):
    """Answered by ``file.opened``: the file with addresses that have just been signed."""

    file: UUID


class OpenTranscript(Command, frozen=True, tag="transcript.open"):
    """Answered by ``transcript.opened``: where the whole conversation can be fetched."""

    conversation: UUID
    format: Literal["text", "html"]


class Heartbeat(Command, frozen=True, tag="heartbeat"):
    """Answer to the server's heartbeat. `active`: there was real input since the last one."""

    active: bool = False


VisitorCommand = (
    VisitorHello
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
    | Heartbeat
)

# --------------------------------------------------------------------------- staff, in


class StaffHello(Command, frozen=True, tag="hello"):
    """First frame of a staff socket; who it is comes from the session."""

    version: int
    tab: Short


class FetchInbox(Command, frozen=True, tag="inbox.fetch"):
    """Answered by ``inbox.snapshot``. The one way of repair: also joins what is to be heard."""


class StaffPostMessage(Command, frozen=True, tag="message.post"):
    """`internal` makes it a note that only staff ever see."""

    conversation: UUID
    client_id: UUID
    text: Text
    internal: bool = False
    files: FileIds = []


class TakeConversation(Command, frozen=True, tag="conversation.take"):
    """Become the main operator of a waiting conversation; only the first gets it."""

    conversation: UUID
    client_id: UUID


class JoinConversation(Command, frozen=True, tag="conversation.join"):
    """Take part in a colleague's conversation beside him."""

    conversation: UUID
    client_id: UUID


class LeaveConversation(Command, frozen=True, tag="conversation.leave"):
    """Leave; when nobody of staff remains, the conversation waits again."""

    conversation: UUID
    client_id: UUID


class WatchConversation(Command, frozen=True, tag="conversation.watch"):
    """Hear everything of a conversation one may read, without taking part. Until the socket
    closes or ``conversation.unwatch``."""

    conversation: UUID


class UnwatchConversation(Command, frozen=True, tag="conversation.unwatch"):
    conversation: UUID


class SetStatus(Command, frozen=True, tag="conversation.set_status"):
    """How an assigned conversation stands: whose turn it is, or that help is wanted."""

    conversation: UUID
    client_id: UUID
    status: Literal["in_progress", "waiting_for_customer", "need_help"]


class SetViewing(Command, frozen=True, tag="viewing.set"):
    """The sender has this conversation before his eyes, or no longer. Said again every 20 s;
    colleagues believe it for 30 s. Nothing is stored, and the visitor hears nothing."""

    conversation: UUID
    active: bool


class FetchVisitor(Command, frozen=True, tag="visitor.fetch"):
    """Answered by ``visitor.told``: what is known beside the conversation itself."""

    conversation: UUID


class JoinChannel(Command, frozen=True, tag="channel.join"):
    channel: UUID
    client_id: UUID


class LeaveChannel(Command, frozen=True, tag="channel.leave"):
    channel: UUID
    client_id: UUID


class SetPresence(Command, frozen=True, tag="presence.set"):
    """`accepting`: may be given new conversations. `in_call`: is on the telephone."""

    client_id: UUID
    accepting: bool
    in_call: bool = False


class FetchCanned(Command, frozen=True, tag="canned.fetch"):
    """Answered by ``canned.listed``."""


class UseCanned(Command, frozen=True, tag="canned.use"):
    """A canned response was put into a text: it moves to the top of the list."""

    response: Annotated[int, Meta(ge=1, le=2**53 - 1)]


StaffCommand = (
    StaffHello
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
    | SeeMessages
    | SetTyping
    | FetchTimeline
    | OpenFile
    | OpenTranscript
    | Heartbeat
)

# --------------------------------------------------------------------------- both, out


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The command `client_id` is committed. `seq` for messages, `conversation` for openings."""

    client_id: UUID
    at: datetime
    seq: int | None = None
    conversation: UUID | None = None


class Rejected(msgspec.Struct, frozen=True, tag="rejected", omit_defaults=True):
    """The command was refused and nothing was stored. `retry_after` in seconds when trying
    again makes sense; `conversation` when it would work in that one."""

    code: str
    client_id: UUID | None = None
    retry_after: float | None = None
    command: str | None = None


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """This server is about to stop: reconnect after so many milliseconds."""

    reconnect_in_ms: int


Author = Literal["visitor", "operator", "bot", "system"]


class Line(msgspec.Struct, frozen=True):
    """What a system line tells: an event of `domain.states.SystemEvent` and whom it is about."""

    event: str
    name: str = ""


class File(msgspec.Struct, frozen=True):
    """A file of a message. `size` in bytes; `width` and `height` in pixels, 0 for what is no
    picture. `url` and `thumbnail` ("" without one) are paths of this server, good for ten minutes
    and for this audience; ``file.open`` gives fresh ones. `family` says how it may be shown."""

    id: UUID
    name: str
    content_type: str
    family: Literal["image", "audio", "video", "document", "archive"]
    size: int
    width: int
    height: int
    url: str
    thumbnail: str


class FileOpened(msgspec.Struct, frozen=True, tag="file.opened"):
    file: File


class TranscriptOpened(msgspec.Struct, frozen=True, tag="transcript.opened"):
    """`url` is a path of this server, good for ten minutes."""

    conversation: UUID
    format: Literal["text", "html"]
    url: str


class FileRules(msgspec.Struct, frozen=True):
    """What may be attached here. `accept` as a file input takes it, "" when nothing may;
    `max_bytes` of one file, `max_files` in one message."""

    accept: str
    max_bytes: int
    max_files: int


# --------------------------------------------------------------------------- visitor, out


class PublicOperator(msgspec.Struct, frozen=True):
    """Only the chat name ever leaves the house, never the account or the e-mail. `avatar` is a
    path of this server, "" without a picture."""

    id: UUID
    name: str
    avatar: str


class PublicChannel(msgspec.Struct, frozen=True):
    """`answers_in`: how many seconds half of the recent visitors waited for a first answer at
    most, null when too few were answered to tell. `suggestions` are first messages to choose
    from, at most four. `team`: who is there now, at most three."""

    name: str
    welcome: str
    placeholder: str
    button_text: str
    header_background: str
    header_text: str
    button_background: str
    button_foreground: str
    available: bool
    theme: Literal["auto", "light", "dark"]
    privacy_link: str
    contact_hint: str
    suggestions: list[str]
    answers_in: int | None
    team: list[PublicOperator]
    files: FileRules


class PublicConversation(msgspec.Struct, frozen=True):
    """The visitor's view of his conversation. `head` is the last public number;
    `seen_by_staff` how far staff have read, in public numbers; `seen` how far he has."""

    id: UUID
    revision: int
    state: Literal["queued", "bot", "assigned", "closed"]
    operators: list[PublicOperator]
    opened_at: datetime
    closed_at: datetime | None
    head: int
    seen: int
    seen_by_staff: int


class PublicMessage(msgspec.Struct, frozen=True):
    seq: int
    id: UUID
    client_id: UUID | None
    author: Author
    author_id: UUID | None
    author_name: str
    kind: Literal["text", "system"]
    text: str
    line: Line | None
    at: datetime
    files: list[File]


class VisitorWelcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Answer to `VisitorHello`. `messages` are those after the `after_seq` of the hello when
    it named this conversation, else the newest page; `more`: there are further ones between
    (after a named `after_seq`) or before (without one). `now` by the server's clock: a browser's
    may be wrong by days."""

    version: int
    epoch: UUID
    token: str
    visitor: UUID
    channel: PublicChannel
    conversation: PublicConversation | None
    messages: list[PublicMessage]
    more: bool
    now: datetime
    heartbeat_seconds: int = HEARTBEAT_SECONDS


class PublicMessagePosted(msgspec.Struct, frozen=True, tag="message.posted"):
    conversation: UUID
    message: PublicMessage


class PublicConversationChanged(msgspec.Struct, frozen=True, tag="conversation.changed"):
    """The whole view; a lower `revision` than known is ignored. An unknown id is a new
    conversation of this visitor: the client starts an empty timeline for it."""

    conversation: PublicConversation


class PublicMessagesSeen(msgspec.Struct, frozen=True, tag="messages.seen"):
    conversation: UUID
    by: Literal["visitor", "staff"]
    up_to: int


class PublicTypingChanged(msgspec.Struct, frozen=True, tag="typing.changed"):
    conversation: UUID
    name: str
    active: bool


class PublicTimelinePage(msgspec.Struct, frozen=True, tag="timeline.page"):
    """`more`: there are further entries in the direction asked for."""

    conversation: UUID
    messages: list[PublicMessage]
    head: int
    more: bool


class VisitorHeartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The visitor's newest conversation as the database has it: a client that knows less
    fetches, one that knows another conversation says hello again."""

    conversation: UUID | None
    head: int
    revision: int


VisitorEvent = (
    VisitorWelcome
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
    | VisitorHeartbeat
)

# --------------------------------------------------------------------------- staff, out


class StaffChannel(msgspec.Struct, frozen=True):
    """A channel as the dashboard shows it. `joined`: the reader takes its chats; `may_join`:
    he may do so himself; `online`: operators available now. `link` is the path of the direct chat.
    A visitor who waits is shown amber after `amber_after` seconds, red after `red_after`."""

    id: UUID
    name: str
    colour: str
    joined: bool
    may_join: bool
    online: int
    sessions: int
    link: str
    amber_after: int
    red_after: int
    files: FileRules


class StaffOperator(msgspec.Struct, frozen=True):
    id: UUID
    name: str
    avatar: str


class StaffVisitor(msgspec.Struct, frozen=True):
    """`attributes`: what the website told of him, unverified."""

    id: UUID
    name: str
    email: str
    country: str
    language: str
    time_zone: str
    browser: str
    page: Page | None
    attributes: dict[str, str | int | float | bool]


class StaffMessage(msgspec.Struct, frozen=True):
    """`public_seq` is null for a note."""

    seq: int
    public_seq: int | None
    id: UUID
    client_id: UUID | None
    author: Author
    author_id: UUID | None
    author_name: str
    kind: Literal["text", "note", "system"]
    text: str
    line: Line | None
    at: datetime
    files: list[File]


class StaffConversation(msgspec.Struct, frozen=True):
    """The staff view. `operator` is the main one, `operators` all who take part now. `head`,
    `seen` (the reader's own mark is not here: see `Inbox.seen`), `seen_by_visitor` and
    `seen_by_staff` are in staff numbers. `last` is the newest entry, for the list row.
    `waiting_since`: the visitor has been without an answer since then."""

    id: UUID
    revision: int
    channel: UUID
    state: Literal["queued", "bot", "assigned", "closed"]
    status: Literal["in_progress", "waiting_for_customer", "need_help"] | None
    outcome: Literal["no_answer", "no_agent", "no_failure", "escalated"]
    operator: StaffOperator | None
    operators: list[StaffOperator]
    visitor: StaffVisitor
    opened_at: datetime
    closed_at: datetime | None
    waiting_since: datetime | None
    head: int
    seen_by_visitor: int
    seen_by_staff: int
    last: StaffMessage | None


class Me(msgspec.Struct, frozen=True):
    """`id` is the operator's id as in `StaffOperator`; null for staff who do not answer."""

    id: UUID | None
    name: str
    avatar: str
    accepting: bool
    in_call: bool
    presence: Literal["online", "away", "offline"]


class StaffWelcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Answer to `StaffHello`; the client then sends ``inbox.fetch``."""

    version: int
    epoch: UUID
    now: datetime
    heartbeat_seconds: int = HEARTBEAT_SECONDS


class FirstSteps(msgspec.Struct, frozen=True):
    """What a newcomer has done. `answers`: he is an operator of a channel; `introduced`: he has a
    chat name or a picture; `embedded`: a website has asked for the widget; `chatted`: he has
    answered somebody."""

    answers: bool
    introduced: bool
    embedded: bool
    chatted: bool


class InboxSnapshot(msgspec.Struct, frozen=True, tag="inbox.snapshot"):
    """All the reader's inbox: waiting, his own, his team's open conversations and the newest
    closed ones. `seen` maps conversation ids to how far he has read them himself.
    `digest` names the open ones as the heartbeat will. Split over several frames of at most
    64 KiB: `part` counts from 1 to `parts`, and the client replaces its inbox after the last."""

    me: Me
    channels: list[StaffChannel]
    conversations: list[StaffConversation]
    seen: dict[UUID, int]
    digest: str
    steps: FirstSteps
    part: int = 1
    parts: int = 1


class StaffMessagePosted(msgspec.Struct, frozen=True, tag="message.posted"):
    conversation: UUID
    message: StaffMessage


class StaffConversationChanged(msgspec.Struct, frozen=True, tag="conversation.changed"):
    conversation: StaffConversation


class ConversationGone(msgspec.Struct, frozen=True, tag="conversation.gone"):
    """The reader may no longer read it."""

    conversation: UUID


class StaffMessagesSeen(msgspec.Struct, frozen=True, tag="messages.seen"):
    """`reader` is the operator's id when `by` is staff."""

    conversation: UUID
    by: Literal["visitor", "staff"]
    reader: UUID | None
    up_to: int


class StaffTypingChanged(msgspec.Struct, frozen=True, tag="typing.changed"):
    """`who` is null for the visitor, else the operator's id."""

    conversation: UUID
    who: UUID | None
    name: str
    active: bool


class ViewingChanged(msgspec.Struct, frozen=True, tag="viewing.changed"):
    """A colleague has the conversation before his eyes, or no longer."""

    conversation: UUID
    operator: UUID
    name: str
    avatar: str
    active: bool


class StaffTimelinePage(msgspec.Struct, frozen=True, tag="timeline.page"):
    conversation: UUID
    messages: list[StaffMessage]
    head: int
    more: bool


class PresenceChanged(msgspec.Struct, frozen=True, tag="presence.changed"):
    """The whole value for one operator, himself included."""

    operator: UUID
    name: str
    accepting: bool
    in_call: bool
    presence: Literal["online", "away", "offline"]


class VisitorMoved(msgspec.Struct, frozen=True, tag="visitor.moved"):
    conversation: UUID
    page: Page
    at: datetime


class PageSeen(msgspec.Struct, frozen=True):
    """A page of the visitor's trail; `url` as in `Page`."""

    url: str
    title: str
    at: datetime


class EarlierConversation(msgspec.Struct, frozen=True):
    """Another conversation of the same visitor that the reader may read. `text`: its first."""

    id: UUID
    channel: str
    state: Literal["queued", "bot", "assigned", "closed"]
    opened_at: datetime
    text: str


class VisitorTold(msgspec.Struct, frozen=True, tag="visitor.told"):
    """Both lists newest first: the last pages, and at most ten conversations. `total` counts all
    earlier conversations that the reader may read."""

    conversation: UUID
    trail: list[PageSeen]
    earlier: list[EarlierConversation]
    total: int


class InboxChanged(msgspec.Struct, frozen=True, tag="inbox.changed"):
    """Channels or rights of the reader changed: he sends ``inbox.fetch``."""


class CannedResponse(msgspec.Struct, frozen=True):
    """`shortcut` as it is typed after a colon; `id` is a number and means nothing elsewhere."""

    id: int
    shortcut: str
    substitution: str


class CannedListed(msgspec.Struct, frozen=True, tag="canned.listed"):
    """The canned responses the reader may use, those used last first; at most 200. Split like
    the inbox: the client replaces its list after the frame whose `part` is `parts`."""

    responses: list[CannedResponse]
    part: int = 1
    parts: int = 1


class StaffHeartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """`digest` over (id, revision, head) of the reader's open conversations; a client whose
    own digest differs sends ``inbox.fetch``. See `domain.digest`."""

    digest: str


StaffEvent = (
    StaffWelcome
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
    | StaffTimelinePage
    | FileOpened
    | TranscriptOpened
    | PresenceChanged
    | VisitorMoved
    | VisitorTold
    | CannedListed
    | InboxChanged
    | StaffHeartbeat
)

# --------------------------------------------------------------------------- in and out

_visitor_decoder = msgspec.json.Decoder(VisitorCommand)
_staff_decoder = msgspec.json.Decoder(StaffCommand)
_encoder = msgspec.json.Encoder()


def decode_visitor(frame: str | bytes | None) -> Any:
    """Return the `VisitorCommand` in `frame`; raise `Invalid` with code ``bad_frame``,
    ``unknown_type`` or ``too_large``."""
    return _decode(_visitor_decoder, frame)


def decode_staff(frame: str | bytes | None) -> Any:
    """Return the `StaffCommand` in `frame`; raises as `decode_visitor` does."""
    return _decode(_staff_decoder, frame)


def encode(event: msgspec.Struct) -> str:
    """Return the text frame of an event."""
    return _encoder.encode(event).decode()


def _decode(decoder: msgspec.json.Decoder[Any], frame: str | bytes | None) -> Any:
    # Binary frames are refused whatever they hold: the protocol is text. A NUL passes msgspec
    # but not PostgreSQL; deep nesting raises RecursionError, a lone surrogate UnicodeError.
    if not isinstance(frame, str) or not frame:
        raise Invalid("bad_frame")
    if len(frame) > MAX_FRAME_BYTES:
        raise Invalid("too_large")
    try:
        raw = frame.encode()
        if len(raw) > MAX_FRAME_BYTES:
            raise Invalid("too_large")
        if b"\\u0000" in raw and _has_nul(msgspec.json.decode(raw)):
            raise Invalid("bad_frame")
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        unknown = str(error).startswith("Invalid value") and str(error).endswith("`$.type`")
        raise Invalid("unknown_type" if unknown else "bad_frame") from None
    except (ValueError, RecursionError):
        raise Invalid("bad_frame") from None


def _has_nul(value: Any) -> bool:
    """Say whether a string inside a decoded JSON value has a NUL. (The bytes ``\\u0000`` alone
    do not tell: somebody may be chatting about them.)"""
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_has_nul, value))
        case dict():
            return any(_has_nul(key) or _has_nul(item) for key, item in value.items())
    return False
