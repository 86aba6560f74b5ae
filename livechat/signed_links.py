"""Signed addresses: of files and transcripts, each good for one object, one audience and ten
minutes. The holder of a link may fetch that object, and cannot forge or change a link."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.core import signing

from livechat.errors import NotFound
from livechat.models import database_time

GOOD_FOR = 600
"""Seconds an address may be used after it was signed."""


class Audience(StrEnum):
    """For whom an address was signed."""

    PUBLIC = "public"
    STAFF = "staff"


class Thing(StrEnum):
    """What an address leads to."""

    FILE = "file"
    THUMBNAIL = "thumbnail"
    TEXT = "text"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Link:
    """What a signed address names."""

    thing: Thing
    audience: Audience
    id: UUID


_signer = signing.Signer(salt="livechat.links")


def file_path(file: UUID, audience: Audience, *, thumbnail: bool = False) -> str:
    """Return the address of a file, or of the small picture that stands for it."""
    thing = Thing.THUMBNAIL if thumbnail else Thing.FILE
    return f"/files/{_sign(Link(thing, audience, file))}/"


def transcript_path(conversation: UUID, audience: Audience, thing: Thing) -> str:
    """Return the address of a conversation's transcript, as ``text`` or ``html``."""
    return f"/transcripts/{_sign(Link(thing, audience, conversation))}/"


def avatar_path(name: str) -> str:
    """Return the address of an operator's picture, "" without one. Anybody may see it."""
    return f"/avatars/{name}" if name else ""


def read(token: str) -> Link:
    """Return what a signed address names; raises NotFound when it is forged or too old."""
    try:
        thing, audience, name, signed_at = _signer.unsign(token).split(".")
        if _seconds() - signing.b62_decode(signed_at) > GOOD_FOR:
            raise NotFound
        return Link(Thing(thing), Audience(audience), UUID(name))
    except (signing.BadSignature, ValueError):
        raise NotFound from None


def _sign(link: Link) -> str:
    signed_at = signing.b62_encode(_seconds())
    return _signer.sign(f"{link.thing}.{link.audience}.{link.id.hex}.{signed_at}")


def _seconds() -> int:
    # Django's own signer asks the machine, and another one may have signed.
    return int(database_time.now().timestamp())
