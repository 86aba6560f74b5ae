"""Canned responses of one user: what he may pick from, and that he picked."""

from collections.abc import Iterable

from django.db.models import F

from livechat import wire
from livechat.errors import NotFound
from livechat.models import CannedResponse, database_time
from livechat.policy import StaffActor

MAX_RESPONSES = 200
MAX_FRAME_BYTES = 48_000
"""Of responses in a frame; the longest one alone always fits into what a frame may hold."""
MAX_FRAMES = 8
"""What does not fit into these is left out: those used longest ago."""


def listed(actor: StaffActor) -> list[wire.CannedListed]:
    """Return what `actor` made or is shared with one of his groups, as frames below 64 KiB.

    Those used last come first, then those never used, by shortcut.
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

    Raises NotFound when it is not there or not for him.
    """
    usable = CannedResponse.objects.usable_by(actor.user).filter(pk=response)
    if not usable.exists():
        raise NotFound
    CannedResponse.objects.filter(pk=response).update(last_used_at=database_time.now())


def _parts(views: Iterable[wire.CannedResponse]) -> list[list[wire.CannedResponse]]:
    """Split a list so that each part fits into a frame; one empty part for nothing."""
    parts: list[list[wire.CannedResponse]] = [[]]
    room = MAX_FRAME_BYTES
    for view in views:
        size = len(wire.encode(view).encode()) + 1
        if size > MAX_FRAME_BYTES:
            continue  # nothing that went through a form is so long
        if size > room:
            parts.append([])
            room = MAX_FRAME_BYTES
        parts[-1].append(view)
        room -= size
    return parts
