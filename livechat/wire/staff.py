"""What staff may send and see."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from livechat.wire.both import (
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
    """`accepting`: is available, may be given new conversations. `in_call`: is on the telephone.
    `availability`: in which way he does not accept; nobody asks for it while he does."""

    client_id: UUID
    accepting: bool
    in_call: bool = False
    availability: Literal["busy", "invisible"] = "busy"


class FetchCanned(Command, frozen=True, tag="canned.fetch"):
    """Answered by ``canned.listed``."""


class UseCanned(Command, frozen=True, tag="canned.use"):
    """A canned response was put into a text: it moves to the top of the list."""

    response: Annotated[int, Meta(ge=1, le=2**53 - 1)]


class FetchAnswers(Command, frozen=True, tag="answers.fetch"):
    """Answered by ``answers.told``. `since`: when the reader's day began, at most two days ago."""

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
    """`id` is the operator's id as in `StaffOperator`; null for staff who do not answer, and so is
    `availability`, what he chose for himself. `presence` is how others see him."""

    id: UUID | None
    name: str
    avatar: str
    accepting: bool
    in_call: bool
    presence: Literal["online", "busy", "away", "offline"]
    availability: Literal["available", "busy", "invisible"] | None


class StaffColleague(msgspec.Struct, frozen=True):
    """Somebody who answers on a channel of the reader. `id` and `name` as in `StaffOperator`."""

    id: UUID
    name: str
    avatar: str
    presence: Literal["online", "busy", "away", "offline"]
    in_call: bool
    channels: list[UUID]


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
    colleagues: list[StaffColleague]
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


class VisitorPresence(msgspec.Struct, frozen=True, tag="visitor.presence"):
    """One of the visitor's sockets is there, or has gone. Said when it changes and with each
    heartbeat that follows an answered one; whoever hears nothing for three of them believes that
    it has gone."""

    conversation: UUID
    socket: UUID
    present: bool


class StaffTimelinePage(msgspec.Struct, frozen=True, tag="timeline.page"):
    conversation: UUID
    messages: list[StaffMessage]
    head: int
    more: bool


class PresenceChanged(msgspec.Struct, frozen=True, tag="presence.changed"):
    """The whole value for one operator. `availability` is what he chose; only he himself is told,
    for colleagues it is null. His own dashboards get both frames, and believe the one for him."""

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


class AnswersTold(msgspec.Struct, frozen=True, tag="answers.told"):
    """How soon visitors were answered: of the `count` conversations in the reader's inbox that
    began `since` then, as he asked, and have an answer, the average wait in `seconds`, null for
    none."""

    since: datetime
    count: int
    seconds: float | None


class StaffHeartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """`digest` over (id, revision, head) of the reader's open conversations; a client whose
    own digest differs sends ``inbox.fetch``. See `domain.digest`. `presence` is how others see
    the reader, and serves the same end; null for who does not answer. `hears_all`: whether this
    process hears the others; if not, nothing is known of visitors who are there."""

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
    | StaffHeartbeat
)
