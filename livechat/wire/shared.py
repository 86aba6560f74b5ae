"""Frames for both audiences."""

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
    """The sender has read all entries up to and including `up_to`, in their own numbering."""

    conversation: UUID
    up_to: Seq


class SetTyping(Command, frozen=True, tag="typing.set"):
    """Sent when typing starts, every 4 s while it goes on, and when it stops."""

    conversation: UUID
    active: bool


class FetchTimeline(Command, frozen=True, tag="timeline.fetch"):
    """Get ``timeline.page``: with `after_seq` the first entries after it, else the last ones
    before `before_seq`."""

    conversation: UUID
    after_seq: Seq | UnsetType = UNSET
    before_seq: Seq | UnsetType = UNSET
    limit: Limit = PAGE_SIZE


class OpenFile(Command, frozen=True, tag="file.open"):
    """Get ``file.opened``: the file with newly signed links."""

    file: UUID


class OpenTranscript(Command, frozen=True, tag="transcript.open"):
    """Get ``transcript.opened``: a link to the transcript of the conversation."""

    conversation: UUID
    format: Literal["text", "html"]


class Heartbeat(Command, frozen=True, tag="heartbeat"):
    """Response to the server's heartbeat. `active`: there was input since the last one."""

    active: bool = False


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """The command `client_id` is committed. `seq` is set for messages and openings, `conversation`
    for commands that concern one."""

    client_id: UUID
    at: datetime
    seq: int | None = None
    conversation: UUID | None = None


class Rejected(msgspec.Struct, frozen=True, tag="rejected", omit_defaults=True):
    """A frame was refused and nothing was stored. `retry_after`: seconds until a retry makes
    sense. `command`: the type of the refused command, where it is known."""

    code: str
    client_id: UUID | None = None
    retry_after: float | None = None
    command: str | None = None


class Drain(msgspec.Struct, frozen=True, tag="drain"):
    """The server is stopping: reconnect after this many milliseconds."""

    reconnect_in_ms: int


class FileOpened(msgspec.Struct, frozen=True, tag="file.opened"):
    file: File


class TranscriptOpened(msgspec.Struct, frozen=True, tag="transcript.opened"):
    """`url` is a path on this server, valid for ten minutes."""

    conversation: UUID
    format: Literal["text", "html"]
    url: str
