"""Values used in the frames of both audiences."""

from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

VERSION = 1
"""Version of this protocol. A server understands `VERSION` and `VERSION - 1`. It closes a later
client with `Close.OLDER`, which keeps retrying, and makes an earlier one reload its page.

From the first release on, a change needs a new version if a server of the previous release would
refuse the new frames."""

MAX_FRAME_BYTES = 65_536
MAX_TEXT_CHARACTERS = 8_000
MAX_FILES = 10
"""Maximum files per message."""

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
Origin = Annotated[str, Meta(max_length=300)]
FileIds = Annotated[list[UUID], Meta(max_length=MAX_FILES)]


class Close:
    """Our own close codes. WebSocket applications may send only 1000 and 3000-4999."""

    BAD_FRAMES = 4400
    IDENTITY = 4401
    FORBIDDEN = 4403
    IDLE = 4408
    REPLACED = 4409
    TOO_SLOW = 4413
    OLDER = 4426
    """This server's release is older than the page's."""
    FLOODING = 4429
    DRAINING = 4503


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page of the customer's website. The server removes query, fragment and credentials from
    `url` and `referrer`."""

    url: Url
    title: Title = ""
    referrer: Url = ""


class Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all commands, which browsers send."""


Author = Literal["visitor", "operator", "bot", "system"]


class Line(msgspec.Struct, frozen=True):
    """The content of a system line: a `domain.states.SystemEvent` and the person it concerns."""

    event: str
    name: str = ""


class File(msgspec.Struct, frozen=True):
    """A file of a message. `size` in bytes; `width` and `height` in pixels, 0 if it is not a
    picture. `url` and `thumbnail` ("" without one) are paths on this server, valid for ten minutes
    and for this audience; ``file.open`` gets new ones. `family` says how it may be shown."""

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
    """Which files may be attached. `accept`: as for a file input, "" if none are allowed;
    `max_bytes` per file, `max_files` per message, `max_pixels` and `max_side` (also in pixels)
    per picture."""

    accept: str
    max_bytes: int
    max_files: int
    max_pixels: int
    max_side: int
