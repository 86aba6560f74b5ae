"""Signed links to files and transcripts, each for one object, one audience and ten minutes.

The bearer of a link may fetch that object, and cannot forge or change a link.
"""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.core import signing

from livechat.database import database_time
from livechat.errors import NotFound

VALID_FOR = 600
"""Seconds for which a link is valid after it was signed."""


class Audience(StrEnum):
    """The readers for whom a link is signed."""

    PUBLIC = "public"
    STAFF = "staff"


class Thing(StrEnum):
    """The kind of object that a link opens."""

    FILE = "file"
    THUMBNAIL = "thumbnail"
    TEXT = "text"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Link:
    """The contents of a signed link."""

    thing: Thing
    audience: Audience
    id: UUID


_signer = signing.Signer(salt="livechat.links")


def file_path(file: UUID, audience: Audience, *, thumbnail: bool = False) -> str:
    """Return the signed path of a file, or of its thumbnail."""
    thing = Thing.THUMBNAIL if thumbnail else Thing.FILE
    return f"/files/{_sign(Link(thing, audience, file))}/"


def transcript_path(conversation: UUID, audience: Audience, thing: Thing) -> str:
    """Return the signed path of a conversation's transcript, as ``text`` or ``html``."""
    return f"/transcripts/{_sign(Link(thing, audience, conversation))}/"


def avatar_path(name: str) -> str:
    """Return the path of an operator's picture, "" without one. It is public, not signed."""
    return f"/avatars/{name}" if name else ""


def read(token: str) -> Link:
    """Return the contents of a signed link; raises NotFound when it is forged or expired."""
    try:
        thing, audience, name, signed_at = _signer.unsign(token).split(".")
        if _seconds() - signing.b62_decode(signed_at) > VALID_FOR:
            raise NotFound
        return Link(Thing(thing), Audience(audience), UUID(name))
    except (signing.BadSignature, ValueError):
        raise NotFound from None


def _sign(link: Link) -> str:
    signed_at = signing.b62_encode(_seconds())
    return _signer.sign(f"{link.thing}.{link.audience}.{link.id.hex}.{signed_at}")


def _seconds() -> int:
    # Not Django's TimestampSigner: its clock is the machine's, and another machine may have signed.
    return int(database_time.now().timestamp())
