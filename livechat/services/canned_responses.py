"""Canned responses of one user: list them, and store that one was used."""

from collections.abc import Iterable

from django.db.models import F

from livechat import wire
from livechat.database import database_time
from livechat.errors import NotFound
from livechat.models import CannedResponse
from livechat.policy import StaffActor

MAX_RESPONSES = 200
MAX_FRAME_BYTES = 48_000
"""Bytes of responses per frame; the longest response that the form accepts fits alone."""
MAX_FRAMES = 8
"""Responses that do not fit into these are left out: the last ones in the order of `listed`."""


def listed(actor: StaffActor) -> list[wire.CannedListed]:
    """Return the responses of `actor` and those shared with their groups, as frames below 64 KiB.

    The most recently used come first, then those never used, by shortcut.
    """
    rows = CannedResponse.objects.usable_by(actor.user)
    rows = rows.order_by(F("last_used_at").desc(nulls_last=True), "shortcut", "pk")
    views = [
        wire.CannedResponse(id=row.pk, shortcut=row.shortcut, substitution=row.substitution)
        for row in rows[:MAX_RESPONSES]
    ]
    parts = _parts(views)[:MAX_FRAMES]
    return [
        wire.CannedListed(responses=some, part=part, parts=len(parts))
        for part, some in enumerate(parts, 1)
    ]


def use(actor: StaffActor, response: int) -> None:
    """Store that a response was used now. Safe to repeat.

    Raises NotFound when it does not exist or `actor` may not use it.
    """
    usable = CannedResponse.objects.usable_by(actor.user).filter(pk=response)
    if not usable.exists():
        raise NotFound
    CannedResponse.objects.filter(pk=response).update(last_used_at=database_time.now())


def _parts(views: Iterable[wire.CannedResponse]) -> list[list[wire.CannedResponse]]:
    """Split a list into parts that each fit into a frame; one empty part for an empty list."""
    parts: list[list[wire.CannedResponse]] = [[]]
    room = MAX_FRAME_BYTES
    for view in views:
        size = len(wire.encode(view).encode()) + 1
        if size > MAX_FRAME_BYTES:
            continue  # does not happen: forms limit the length
        if size > room:
            parts.append([])
            room = MAX_FRAME_BYTES
        parts[-1].append(view)
        room -= size
    return parts
