"""Frames that visitors may send and receive."""

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
    AttributeName,
    AttributeValue,
    Author,
    Command,
    File,
    FileIds,
    FileRules,
    Line,
    Origin,
    Page,
    Seq,
    Short,
    Text,
    Token,
)


class VisitorHello(Command, frozen=True, tag="hello"):
    """First frame of a visitor's socket. Without `token`, the server makes one, but no row.

    `page_key`: what `page_key.made` gave to a page of this `origin`, if the browser lets the chat
    store no token. A key that is not valid any more counts as none. `language` is in the syntax of
    ``Accept-Language``: a tag, or the `ChatLanguage.wish` that the server gave to the page."""

    version: int
    tab: Short
    token: Token | None = None
    page_key: Token | None = None
    origin: Origin = ""
    conversation: UUID | None = None
    after_seq: Seq = 0
    page: Page | None = None
    language: Short = ""
    time_zone: Short = ""


class OpenConversation(Command, frozen=True, tag="conversation.open"):
    """Open a conversation with a first message. `client_id` identifies both: a repeat returns the
    same conversation. If one is already open, the message is posted there."""

    client_id: UUID
    text: Text
    page: Page | None = None
    files: FileIds = []


class MakePageKey(Command, frozen=True, tag="page_key.make"):
    """Get ``page_key.made``: a key for the website of `origin` to keep, with which a later page of
    it resumes this open conversation (``docs/decisions/0026-a-page-may-keep-a-key.md``)."""

    conversation: UUID
    origin: Origin


class PostMessage(Command, frozen=True, tag="message.post"):
    """`files`: ids of uploaded files that are in no message yet; with any, `text` may be empty."""

    conversation: UUID
    client_id: UUID
    text: Text
    files: FileIds = []


class ViewPage(Command, frozen=True, tag="page.view"):
    page: Page


class SetAttributes(Command, frozen=True, tag="attributes.set"):
    """What the website says about the visitor; null removes a name. Stored from the first message
    on, shown to operators, never verified. At most 20 names in total."""

    attributes: Annotated[dict[AttributeName, AttributeValue | None], Meta(max_length=20)]


VisitorCommand = (
    VisitorHello
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
    | Heartbeat
)


class PublicOperator(msgspec.Struct, frozen=True):
    """`name` is the chat name, or else the full name, or else "": as in messages, lines and
    `typing.changed`, the client then shows a word for operators. Never the user name. `avatar` is
    a path on this server, "" without a picture."""

    id: UUID
    name: str
    avatar: str


class PublicChannel(msgspec.Struct, frozen=True):
    """A channel as visitors see it. `answers_in`: median seconds that recent visitors waited for
    the first response, null if there were too few. `suggestions`: first messages to choose from,
    at most four. `team`: operators present now, at most three. `colours`: by their names in the
    style sheets, all readable (`domain.colours.ramp`)."""

    name: str
    welcome: str
    placeholder: str
    button_text: str
    colours: dict[str, str]
    available: bool
    theme: Literal["auto", "light", "dark"]
    privacy_link: str
    contact_hint: str
    suggestions: list[str]
    answers_in: int | None
    team: list[PublicOperator]
    files: FileRules


class PublicConversation(msgspec.Struct, frozen=True):
    """The visitor's view of their conversation, in public numbers: `head` is the last entry,
    `seen` how far the visitor has read, `seen_by_staff` how far staff have read."""

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
    """Response to `VisitorHello`. `messages`: the first page after the hello's `after_seq` if it
    named this conversation, else the newest page. `more`: there are later entries (in the first
    case) or earlier ones. `now` is the server's clock: a browser's may be wrong by days."""

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
    """The complete view; clients ignore a lower `revision` than they know. An unknown id is a new
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
    """`more`: there are further entries in the requested direction."""

    conversation: UUID
    messages: list[PublicMessage]
    head: int
    more: bool


class PageKeyMade(msgspec.Struct, frozen=True, tag="page_key.made"):
    conversation: UUID
    key: str


class VisitorHeartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """The visitor's newest conversation in the database. A client that knows less fetches; a
    client that knows another conversation says hello again."""

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
    | PageKeyMade
    | VisitorHeartbeat
)
