"""Reading timelines: what a client missed, and what came before."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from livechat import policy, staff_view, visitor_view, wire
from livechat.errors import NotFound
from livechat.models import Conversation, Message
from livechat.policy import Action, Actor, Part, VisitorActor
from livechat.services import participation

MAX_PAGE_BYTES = 48_000
"""A page of the timeline stays below the size of a frame, whatever it holds."""


def page(
    actor: Actor,
    conversation: UUID,
    *,
    after_seq: int | None = None,
    before_seq: int | None = None,
    limit: int = wire.PAGE_SIZE,
) -> tuple[Conversation, wire.PublicTimelinePage | wire.StaffTimelinePage]:
    """Return entries after or before a number of the actor's own timeline, oldest first.

    Raises NotFound for whatever the actor may not read.
    """
    row, last = readable(actor, conversation)
    if isinstance(actor, VisitorActor):
        public = public_slice(row, after_seq=after_seq, before_seq=before_seq, limit=limit)
        return row, wire.PublicTimelinePage(row.public_id, *public)
    rows = row.messages.filter(seq__lte=last)
    entries, more = _slice(rows, "seq", after_seq, before_seq, limit)
    views, cut = _fit([staff_view.message(entry) for entry in entries], after_seq is None)
    head = min(row.seq, last)
    return row, wire.StaffTimelinePage(row.public_id, views, head, more or cut)


def public_slice(
    row: Conversation, *, after_seq: int | None, before_seq: int | None = None, limit: int
) -> tuple[list[wire.PublicMessage], int, bool]:
    """Return (messages, head, more) of the visitor's timeline."""
    if after_seq is not None and after_seq >= row.public_seq:
        return [], row.public_seq, False
    rows = row.messages.filter(public_seq__isnull=False)
    entries, more = _slice(rows, "public_seq", after_seq, before_seq, limit)
    views, cut = _fit([visitor_view.message(entry) for entry in entries], after_seq is None)
    return views, row.public_seq, more or cut


def readable(actor: Actor, conversation: UUID) -> tuple[Conversation, int]:
    """Return a conversation of which the actor may read something, and the number of the last
    entry they may read, as `policy.reach` tells it; raises NotFound."""
    row, part = _found(actor, conversation)
    policy.require(actor, Action.READ, row, part)
    return row, policy.reach(actor, row, part)


def watchable(actor: Actor, conversation: UUID) -> Conversation:
    """Return a conversation of which the actor may hear what comes next; raises NotFound, and
    NotAllowed when they read up to where they left."""
    row, part = _found(actor, conversation)
    policy.require(actor, Action.WATCH, row, part)
    return row


def ends_at(row: Conversation, last: int) -> datetime | None:
    """Return the moment of the entry after which nothing may be told; None for who reads on."""
    if last == policy.EVERYTHING:
        return None
    return row.messages.values_list("created_at", flat=True).get(seq=last)


def _found(actor: Actor, conversation: UUID) -> tuple[Conversation, Part]:
    row = (
        Conversation.objects.filter(public_id=conversation)
        .select_related("visitor", "channel")
        .first()
    )
    if row is None:
        raise NotFound
    return row, participation.part_of(actor, row)


def _slice(
    rows: QuerySet[Message],
    number: str,
    after_seq: int | None,
    before_seq: int | None,
    limit: int,
) -> tuple[list[Message], bool]:
    rows = rows.select_related("author__operator", "subject__operator").prefetch_related("files")
    if after_seq is not None:
        found = list(rows.filter(**{f"{number}__gt": after_seq}).order_by(number)[: limit + 1])
        return found[:limit], len(found) > limit
    if before_seq is not None:
        rows = rows.filter(**{f"{number}__lt": before_seq})
    found = list(rows.order_by(f"-{number}")[: limit + 1])
    return found[:limit][::-1], len(found) > limit


def _fit(views: Sequence[Any], keep_newest: bool) -> tuple[list[Any], bool]:
    """Cut a page to `MAX_PAGE_BYTES`, at the end that is asked for next; say whether it was."""
    kept: list[Any] = []
    room = MAX_PAGE_BYTES
    for view in reversed(views) if keep_newest else views:
        room -= len(wire.encode(view).encode()) + 1
        if room < 0 and kept:
            break
        kept.append(view)
    return (kept[::-1] if keep_newest else kept), len(kept) < len(views)
