"""Frames that staff may send and receive."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from livechat.wire.shared import (
    Ack,
    CloseConversation,
    Drain,
    FetchTimeline,
    FileOpened,
    Heartbeat,
    OpenFile,
    OpenTranscript,
    Rejected,
    SeeMessages,
    SetTyping,
    TranscriptOpened,
)
from livechat.wire.values import (
    HEARTBEAT_SECONDS,
    Author,
    Command,
    File,
    FileIds,
    FileRules,
    Line,
    Page,
    Short,
    Text,
)


class StaffHello(Command, frozen=True, tag="hello"):
    """First frame of a staff socket. The login session identifies the user."""

    version: int
    tab: Short


class FetchInbox(Command, frozen=True, tag="inbox.fetch"):
    """Get ``inbox.snapshot``, and receive all that belongs to the inbox. Also the way of repair."""


class StaffPostMessage(Command, frozen=True, tag="message.post"):
    """`internal` makes it a note, which only staff see."""

    conversation: UUID
    client_id: UUID
    text: Text
    internal: bool = False
    files: FileIds = []


class TakeConversation(Command, frozen=True, tag="conversation.take"):
    """Become the main operator of a waiting conversation. Only the first operator succeeds."""

    conversation: UUID
    client_id: UUID


class JoinConversation(Command, frozen=True, tag="conversation.join"):
    """Take part in a colleague's conversation, or take it if it has no main operator."""

    conversation: UUID
    client_id: UUID


class LeaveConversation(Command, frozen=True, tag="conversation.leave"):
    """Leave. If the main operator leaves, the next one takes over, or the conversation waits."""

    conversation: UUID
    client_id: UUID


class WatchConversation(Command, frozen=True, tag="conversation.watch"):
    """Receive everything of a conversation without taking part, until the socket closes or
    ``conversation.unwatch``."""

    conversation: UUID


class UnwatchConversation(Command, frozen=True, tag="conversation.unwatch"):
    conversation: UUID


class SetStatus(Command, frozen=True, tag="conversation.set_status"):
    """Set the status of an assigned conversation: whose turn it is, or that help is needed."""

    conversation: UUID
    client_id: UUID
    status: Literal["in_progress", "waiting_for_customer", "need_help"]


class SetViewing(Command, frozen=True, tag="viewing.set"):
    """The operator views this conversation, or no longer. Repeated every 20 s; colleagues see it
    for 30 s. Nothing is stored or sent to the visitor."""

    conversation: UUID
    active: bool


class FetchVisitor(Command, frozen=True, tag="visitor.fetch"):
    """Get ``visitor.told``: what is known of the visitor besides the conversation."""

    conversation: UUID


class JoinChannel(Command, frozen=True, tag="channel.join"):
    channel: UUID
    client_id: UUID


class LeaveChannel(Command, frozen=True, tag="channel.leave"):
    channel: UUID
    client_id: UUID


class SetPresence(Command, frozen=True, tag="presence.set"):
    """`accepting`: the operator may be given new conversations. `in_call`: they are on the
    telephone. `availability`: how they do not accept; ignored while they accept."""

    client_id: UUID
    accepting: bool
    in_call: bool = False
    availability: Literal["busy", "invisible"] = "busy"


class FetchCanned(Command, frozen=True, tag="canned.fetch"):
    """Get ``canned.listed``."""


class UseCanned(Command, frozen=True, tag="canned.use"):
    """The operator used a canned response: it moves to the top of the list."""

    response: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class FetchAnswers(Command, frozen=True, tag="answers.fetch"):
    """Get ``answers.told``. `since`: start of the reader's day, limited to the last two days."""

    since: Annotated[datetime, Meta(tz=True)]


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
    | FetchAnswers
    | SeeMessages
    | SetTyping
    | FetchTimeline
    | OpenFile
    | OpenTranscript
    | Heartbeat
)


class StaffChannel(msgspec.Struct, frozen=True):
    """A channel as the dashboard shows it. `joined`: the reader takes its chats; `may_join`: they
    may join and leave it on their own; `online`: operators available now; `sessions`: its open
    conversations. `link` is the path of the direct chat. A visitor's wait is shown amber after
    `amber_after` seconds, red after `red_after`."""

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
    """`attributes`: what the website says about the visitor, unverified."""

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
    """The staff view. `operator` is the main one, `operators` are all who take part now. `head`,
    `seen_by_visitor` and `seen_by_staff` are in staff numbers; the reader's own mark is in
    `InboxSnapshot.seen`. `last` is the newest entry, for the list. `waiting_since`: the visitor
    has waited for a response since then. `held`: no operator gets it automatically, because
    operators have as many chats from the visitor's address as the channel allows."""

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
    held: bool


class Me(msgspec.Struct, frozen=True):
    """The reader. `id` as in `StaffOperator`; `availability` is the reader's own choice. Both are
    null for staff who are not operators. `presence` is how others see the reader."""

    id: UUID | None
    name: str
    avatar: str
    accepting: bool
    in_call: bool
    presence: Literal["online", "busy", "away", "offline"]
    availability: Literal["available", "busy", "invisible"] | None


class StaffColleague(msgspec.Struct, frozen=True):
    """Another operator of a channel that the reader sees; `id`, `name` as in `StaffOperator`."""

    id: UUID
    name: str
    avatar: str
    presence: Literal["online", "busy", "away", "offline"]
    in_call: bool
    channels: list[UUID]


class StaffWelcome(msgspec.Struct, frozen=True, tag="welcome"):
    """Response to `StaffHello`; the client then sends ``inbox.fetch``."""

    version: int
    epoch: UUID
    now: datetime
    heartbeat_seconds: int = HEARTBEAT_SECONDS


class FirstSteps(msgspec.Struct, frozen=True):
    """What a new user has done. `answers`: is an operator of a channel; `introduced`: has a chat
    name or a picture; `embedded`: a website has asked for the widget; `chatted`: has written in a
    conversation."""

    answers: bool
    introduced: bool
    embedded: bool
    chatted: bool


class InboxSnapshot(msgspec.Struct, frozen=True, tag="inbox.snapshot"):
    """The reader's whole inbox: the open conversations that they may read, and the newest closed
    ones. `seen` maps conversation ids to how far the reader has read. `digest` is that of the open
    ones, as in the heartbeat. Split into frames of at most 64 KiB: `part` counts from 1 to
    `parts`, and the client replaces its inbox after the last."""

    me: Me
    channels: list[StaffChannel]
    conversations: list[StaffConversation]
    seen: dict[UUID, int]
    digest: str
    steps: FirstSteps
    colleagues: list[StaffColleague]
    part: int = 1
    parts: int = 1


class StaffMessagePosted(msgspec.Struct, frozen=True, tag="message.posted"):
    conversation: UUID
    message: StaffMessage


class StaffConversationChanged(msgspec.Struct, frozen=True, tag="conversation.changed"):
    conversation: StaffConversation


class StaffMessagesSeen(msgspec.Struct, frozen=True, tag="messages.seen"):
    """`reader` is the operator's id if `by` is staff, else null."""

    conversation: UUID
    by: Literal["visitor", "staff"]
    reader: UUID | None
    up_to: int


class StaffTypingChanged(msgspec.Struct, frozen=True, tag="typing.changed"):
    """`who` is the operator's id, null for the visitor."""

    conversation: UUID
    who: UUID | None
    name: str
    active: bool


class ViewingChanged(msgspec.Struct, frozen=True, tag="viewing.changed"):
    """A colleague views the conversation, or no longer."""

    conversation: UUID
    operator: UUID
    name: str
    avatar: str
    active: bool


class VisitorPresence(msgspec.Struct, frozen=True, tag="visitor.presence"):
    """A socket of the visitor is connected, or has gone. Sent on a change and with each heartbeat
    that follows an answered one; after three heartbeats without it, dashboards take the socket
    as gone."""

    conversation: UUID
    socket: UUID
    present: bool


class StaffTimelinePage(msgspec.Struct, frozen=True, tag="timeline.page"):
    conversation: UUID
    messages: list[StaffMessage]
    head: int
    more: bool


class PresenceChanged(msgspec.Struct, frozen=True, tag="presence.changed"):
    """The complete presence of one operator. `availability` is the operator's own choice, null in
    the frame for colleagues. The operator's dashboards get both frames, and use their own."""

    operator: UUID
    name: str
    accepting: bool
    in_call: bool
    presence: Literal["online", "busy", "away", "offline"]
    availability: Literal["available", "busy", "invisible"] | None


class VisitorMoved(msgspec.Struct, frozen=True, tag="visitor.moved"):
    conversation: UUID
    page: Page
    at: datetime


class PageSeen(msgspec.Struct, frozen=True):
    """A page that the visitor viewed; `url` as in `Page`."""

    url: str
    title: str
    at: datetime


class EarlierConversation(msgspec.Struct, frozen=True):
    """Another conversation of the visitor that the reader may read. `text`: its start."""

    id: UUID
    channel: str
    state: Literal["queued", "bot", "assigned", "closed"]
    opened_at: datetime
    text: str


class VisitorTold(msgspec.Struct, frozen=True, tag="visitor.told"):
    """Both lists are newest first: the last pages, and at most ten other conversations. `total`
    counts all other conversations that the reader may read."""

    conversation: UUID
    trail: list[PageSeen]
    earlier: list[EarlierConversation]
    total: int


class InboxChanged(msgspec.Struct, frozen=True, tag="inbox.changed"):
    """The reader's channels or rights changed: the client sends ``inbox.fetch``."""


class CannedResponse(msgspec.Struct, frozen=True):
    """`shortcut` is typed after a colon; `id` is a number, for ``canned.use`` only."""

    id: int
    shortcut: str
    substitution: str


class CannedListed(msgspec.Struct, frozen=True, tag="canned.listed"):
    """The canned responses that the reader may use, the last used first; at most 200. Split like
    the inbox: the client replaces its list after the frame whose `part` is `parts`."""

    responses: list[CannedResponse]
    part: int = 1
    parts: int = 1


class AnswersTold(msgspec.Struct, frozen=True, tag="answers.told"):
    """How soon visitors got a first response. `count`: conversations that the reader may read,
    began at the requested `since` or later, and have a response. `seconds`: their average wait,
    null if there are none."""

    since: datetime
    count: int
    seconds: float | None


class StaffHeartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """`digest` is over (id, revision, head) of the reader's open conversations
    (`domain.inbox_digest`). `presence` is how others see the reader, null for staff who are not
    operators. A client that knows another value of either sends ``inbox.fetch``. `hears_all`:
    whether this process hears the others; if not, visitors' presence is unknown."""

    digest: str
    presence: Literal["online", "busy", "away", "offline"] | None = None
    hears_all: bool = True


StaffEvent = (
    StaffWelcome
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
    | StaffHeartbeat
)
