"""Timelines: read, append and announce the entries of a conversation.

Messages that people post go through `messages.post_messages`. `system_line` runs inside another
service's transaction: the conversation's row is locked, and the caller saves it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from livechat import events, policy, wire
from livechat.domain.enumerations import Kind, SystemEvent
from livechat.errors import NotFound
from livechat.models import Conversation, Message, Operator, Participant
from livechat.policy import Action, Actor, Part, VisitorActor
from livechat.serializers import for_staff, for_visitors
from livechat.services import participation

MAX_PAGE_BYTES = 48_000
"""Keeps every page of the timeline below the size limit of a frame."""


def page(
    actor: Actor,
    conversation: UUID,
    *,
    after_seq: int | None = None,
    before_seq: int | None = None,
    limit: int = wire.PAGE_SIZE,
) -> tuple[Conversation, wire.PublicTimelinePage | wire.StaffTimelinePage]:
    """Return entries after or before a number of the actor's own timeline, oldest first.

    Raises NotFound for a conversation that the actor may not read.
    """
    row, last = readable(actor, conversation)
    if isinstance(actor, VisitorActor):
        public = public_slice(row, after_seq=after_seq, before_seq=before_seq, limit=limit)
        return row, wire.PublicTimelinePage(row.public_id, *public)
    rows = row.messages.filter(seq__lte=last)
    entries, more = _slice(rows, "seq", after_seq, before_seq, limit)
    views, cut = _fit([for_staff.message(entry) for entry in entries], after_seq is None)
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
    views, cut = _fit([for_visitors.message(entry) for entry in entries], after_seq is None)
    return views, row.public_seq, more or cut


def readable(actor: Actor, conversation: UUID) -> tuple[Conversation, int]:
    """Return a conversation that the actor may read at least in part, and the number of the last
    entry that they may read (`policy.readable_until`); raises NotFound."""
    row, part = _found(actor, conversation)
    policy.require(actor, Action.READ, row, part)
    return row, policy.readable_until(actor, row, part)


def watchable(actor: Actor, conversation: UUID) -> Conversation:
    """Return a conversation whose new entries the actor may receive; raises NotFound, and
    NotAllowed when they may only read up to where they left."""
    row, part = _found(actor, conversation)
    policy.require(actor, Action.WATCH, row, part)
    return row


def ends_at(row: Conversation, last: int) -> datetime | None:
    """Return the time of entry `last`, the end of what the actor may see; None if they read on."""
    if last == policy.EVERYTHING:
        return None
    return row.messages.values_list("created_at", flat=True).get(seq=last)


def system_line(
    conversation: Conversation, event: SystemEvent, subject: Participant | None, now: datetime
) -> Message:
    """Append a system entry that says what happened; visitor and staff see it."""
    entry = new_system_line(conversation, event, subject, now)
    entry.save(force_insert=True)
    return entry


def new_system_line(
    conversation: Conversation, event: SystemEvent, subject: Participant | None, now: datetime
) -> Message:
    """Return what `system_line` appends, for the caller to insert."""
    entry = _entry(conversation, Kind.SYSTEM, now)
    entry.subject = subject
    entry.event = event.value
    return entry


def new_text(
    conversation: Conversation, author: Participant, text: str, client_id: UUID, now: datetime
) -> Message:
    """Return the first message of a conversation, for the caller to insert."""
    entry = _entry(conversation, Kind.TEXT, now)
    entry.author = author
    entry.text = text
    entry.client_id = client_id
    return entry


def announce(
    row: Conversation,
    entries: Sequence[Message],
    now: datetime,
    *,
    opened: bool = False,
    closed: bool = False,
    assigned: Operator | None = None,
    left: Sequence[Operator] = (),
    operators: Sequence[Participant] | None = None,
) -> None:
    """Announce a change of a conversation to browsers, webhooks and higher apps, after the commit.

    In this transaction `entries` were added, the conversation `opened` or `closed`, it was
    `assigned` to an operator, and the operators in `left` left it. `operators`: those present, if
    the caller has them; otherwise they are read.
    """
    if operators is None:
        operators = list(row.participants.present().operators().select_related("operator__user"))
    last = entries[-1] if entries else newest_entry(row)
    events.conversation_changed(
        row, operators, last, opened=opened, closed_at=now if closed else None, left=left
    )
    events.messages_posted([(row, entry) for entry in entries])
    if assigned is not None:
        events.conversation_assigned(row, assigned, now)


def newest_entry(row: Conversation) -> Message | None:
    """Return the last entry of the staff timeline, with author and subject loaded."""
    return (
        row.messages.filter(seq=row.seq)
        .select_related("author__operator__user", "subject__operator__user")
        .prefetch_related("files")
        .first()
    )


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
    rows = rows.select_related(
        "author__operator__user", "subject__operator__user"
    ).prefetch_related("files")
    if after_seq is not None:
        found = list(rows.filter(**{f"{number}__gt": after_seq}).order_by(number)[: limit + 1])
        return found[:limit], len(found) > limit
    if before_seq is not None:
        rows = rows.filter(**{f"{number}__lt": before_seq})
    found = list(rows.order_by(f"-{number}")[: limit + 1])
    return found[:limit][::-1], len(found) > limit


def _fit(views: Sequence[Any], keep_newest: bool) -> tuple[list[Any], bool]:
    """Cut a page to `MAX_PAGE_BYTES`, at the end that the client asks for next.

    Returns the page and whether it was cut.
    """
    kept: list[Any] = []
    room = MAX_PAGE_BYTES
    for view in reversed(views) if keep_newest else views:
        room -= len(wire.encode(view).encode()) + 1
        if room < 0 and kept:
            break
        kept.append(view)
    return (kept[::-1] if keep_newest else kept), len(kept) < len(views)


def _entry(conversation: Conversation, kind: Kind, now: datetime) -> Message:
    conversation.seq += 1
    conversation.public_seq += 1
    conversation.last_message_at = max(now, conversation.last_message_at)
    return Message(
        conversation=conversation,
        seq=conversation.seq,
        public_seq=conversation.public_seq,
        kind=kind.value,
        author=None,
        subject=None,
        created_at=conversation.last_message_at,
    )
