"""Values that frames of both audiences are made of."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

VERSION = 1
"""Version of this protocol; a server understands `VERSION` and `VERSION - 1`. A later client is
closed with `Close.OLDER` and goes on trying, an earlier one is told to load its page anew.

From the first release on, whatever a server of the release before would refuse makes a version."""

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
    """Close codes of our own. The WebSocket protocol lets us send 1000 and 3000-4999 only."""

    BAD_FRAMES = 4400
    IDENTITY = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    REPLACED = 4409
    TOO_SLOW = 4413
    OLDER = 4426
    """This server is of an earlier release than the page."""
    FLOODING = 4429
    DRAINING = 4503


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page of the customer's website. The server drops query and credentials from `url`."""

    url: Url
    title: Title = ""
    referrer: Url = ""


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of everything a browser sends."""


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


class FileRules(msgspec.Struct, frozen=True):
    """What may be attached here. `accept` as a file input takes it, "" when nothing may;
    `max_bytes` of one file, `max_files` in one message."""

    accept: str
    max_bytes: int
    max_files: int
