"""Frames that visitors and staff have in common."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from livechat.wire.values import PAGE_SIZE, Command, File, Limit, Seq


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


class FileOpened(msgspec.Struct, frozen=True, tag="file.opened"):
    file: File


class TranscriptOpened(msgspec.Struct, frozen=True, tag="transcript.opened"):
    """`url` is a path of this server, good for ten minutes."""

    conversation: UUID
    format: Literal["text", "html"]
    url: str
