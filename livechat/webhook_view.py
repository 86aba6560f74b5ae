"""Rows as receivers of webhooks see them: what is sent, and nothing else ever is.

`docs/reference/webhooks.md` tells of every field; a test compares.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from livechat.domain.deliveries import EventType
from livechat.domain.states import Kind
from livechat.models import Conversation, Message, Operator


class Person(msgspec.Struct, frozen=True):
    """An operator. `name` is what visitors see."""

    id: UUID
    name: str


class Channel(msgspec.Struct, frozen=True):
    id: UUID
    name: str


class Visitor(msgspec.Struct, frozen=True):
    """Who wrote; what is not known is empty."""

    id: UUID
    name: str
    email: str
    country: str
    language: str


class ConversationData(msgspec.Struct, frozen=True):
    """A conversation as it is when this is sent, not as it was when it happened."""

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
    """A file beside a message. Its content is read in the inbox only."""

    id: UUID
    name: str
    content_type: str
    size: int


class MessageData(msgspec.Struct, frozen=True):
    """What somebody wrote. `seq` counts what the visitor sees of the conversation."""

    id: UUID
    seq: int
    author: str
    author_name: str
    text: str
    at: datetime
    files: list[File]


class Erased(msgspec.Struct, frozen=True):
    """What is there no longer when it is to be sent."""

    id: UUID
    erased: bool = True


class Data(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an event is about; a part is there only where the event has it."""

    conversation: ConversationData | Erased | None = None
    message: MessageData | Erased | None = None
    operator: Person | Erased | None = None


class Body(msgspec.Struct, frozen=True):
    """What is posted. `timestamp` is when it happened."""

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
    """Return what is posted, as JSON."""
    return msgspec.json.encode(Body(event.value, at, Data(conversation, message, operator)))


def conversation(row: Conversation) -> ConversationData:
    """`channel`, `visitor` and `operator__user` of it should be loaded."""
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
    """Raises ValueError for a note or a system line, which are nobody's business out there."""
    if row.kind != Kind.TEXT or row.public_seq is None or row.author is None:
        raise ValueError("only what people wrote is sent")
    return MessageData(
        id=row.public_id,
        seq=row.public_seq,
        author=row.author.role,
        author_name=row.author.display_name,
        text=row.text,
        at=row.created_at,
        files=[
            File(file.public_id, file.name, file.content_type, file.size)
            for file in row.attachments
        ],
    )


def operator(row: Operator) -> Person:
    return Person(row.public_id, row.name)
