"""Serializers for webhooks: turn rows into what receivers may see, and nothing else.

`docs/reference/webhooks.md` describes every field; a test compares.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from livechat.domain.deliveries import EventType
from livechat.domain.enumerations import Kind
from livechat.models import Conversation, Message, Operator


class Person(msgspec.Struct, frozen=True):
    """An operator. `name` is the name that visitors see."""

    id: UUID
    name: str


class Channel(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class Visitor(msgspec.Struct, frozen=True):
    """The visitor of a conversation; unknown fields are empty."""

    id: UUID
    name: str
    email: str
    country: str
    language: str


class ConversationData(msgspec.Struct, frozen=True):
    """A conversation as it is when the body is sent, not as it was at the event."""

    id: UUID
    channel: Channel
    state: str
    status: str
    outcome: str
    operator: Person | None
    visitor: Visitor
    opened_at: datetime
    closed_at: datetime | None


class File(msgspec.Struct, frozen=True):
    """A file of a message. Its content can be read only in the inbox."""

    id: UUID
    name: str
    content_type: str
    size: int


class MessageData(msgspec.Struct, frozen=True):
    """A text. `seq` is its number in the visitor's timeline."""

    id: UUID
    seq: int
    author: str
    author_name: str
    text: str
    at: datetime
    files: list[File]


class Erased(msgspec.Struct, frozen=True):
    """An object that no longer exists when the body is sent."""

    id: UUID
    erased: bool = True


class Data(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an event is about. Parts that the event does not have are left out."""

    conversation: ConversationData | Erased | None = None
    message: MessageData | Erased | None = None
    operator: Person | Erased | None = None


class Body(msgspec.Struct, frozen=True):
    """The request's body. `timestamp` is the time of the event."""

    type: str
    timestamp: datetime
    data: Data


def body(
    event: EventType,
    at: datetime,
    *,
    conversation: ConversationData | Erased | None = None,
    message: MessageData | Erased | None = None,
    operator: Person | Erased | None = None,
) -> bytes:
    """Return the request's body as JSON."""
    return msgspec.json.encode(Body(event.value, at, Data(conversation, message, operator)))


def conversation(row: Conversation) -> ConversationData:
    """Return a conversation as receivers see it.

    Load its `channel`, `visitor` and `operator__user` beforehand to save queries.
    """
    return ConversationData(
        id=row.public_id,
        channel=Channel(row.channel.public_id, row.channel.name),
        state=row.state,
        status=row.status,
        outcome=row.outcome,
        operator=operator(row.operator) if row.operator else None,
        visitor=Visitor(
            id=row.visitor.public_id,
            name=row.visitor.name,
            email=row.visitor.email,
            country=row.country,
            language=row.language,
        ),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
    )


def message(row: Message) -> MessageData:
    """Return a text as receivers see it. Raises ValueError for a note or a system line."""
    if row.kind != Kind.TEXT or row.public_seq is None or row.author is None:
        raise ValueError("only what people wrote is sent")
    return MessageData(
        id=row.public_id,
        seq=row.public_seq,
        author=row.author.role,
        author_name=row.author.staff_name,
        text=row.text,
        at=row.created_at,
        files=[
            File(file.public_id, file.name, file.content_type, file.size)
            for file in row.attachments
        ],
    )


def operator(row: Operator) -> Person:
    return Person(row.public_id, row.name)
