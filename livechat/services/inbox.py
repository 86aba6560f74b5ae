"""An operator's inbox: a snapshot to start from, and a digest to detect lost events."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TypeVar
from uuid import UUID

import msgspec
from django.db.models import Count, F, Q

from livechat import wire
from livechat.database import database_time
from livechat.domain import inbox_digest
from livechat.domain.enumerations import State
from livechat.models import (
    Channel,
    Conversation,
    Embedding,
    Membership,
    Message,
    Operator,
    Participant,
)
from livechat.models.conversation import OPEN, ConversationQuerySet
from livechat.policy import StaffActor
from livechat.serializers import for_staff

MAX_OPEN = 500
MAX_CLOSED = 50
MAX_FRAME_BYTES = 40_000
"""Bytes of conversations per frame of the snapshot; the whole frame stays below 64 KiB."""
MAX_COLLEAGUES_BYTES = 8_000

View = TypeVar("View", bound=msgspec.Struct)


def snapshot(actor: StaffActor) -> list[wire.InboxSnapshot]:
    """Return the initial state of `actor`'s dashboard, as frames of at most 64 KiB."""
    now = database_time.now()
    operator = None
    if actor.operator is not None:
        operator = Operator.objects.select_related("user").get(pk=actor.operator)
    rows = visible(actor, Conversation.objects.open()).order_by("-last_message_at")[:MAX_OPEN]
    closed = visible(actor, Conversation.objects.filter(state=State.CLOSED))
    found = [*rows, *closed.order_by("-closed_at")[:MAX_CLOSED]]
    views, seen = _views(actor, found)
    me = for_staff.me(actor.name, operator, now)
    channels = _channels(actor, now)
    colleagues = _colleagues(actor, now)
    steps = _first_steps(actor, operator)
    mark = _digest(found, set(own_conversations(actor).values()))
    talks = _parts(views, MAX_FRAME_BYTES)
    teams = _parts(colleagues, MAX_COLLEAGUES_BYTES)
    parts = [(some or [], people or []) for some, people in zip_longest(talks, teams)]
    return [
        wire.InboxSnapshot(
            me=me,
            channels=channels if part == 1 else [],
            conversations=some,
            seen={view.id: seen[view.id] for view in some if view.id in seen},
            digest=mark,
            steps=steps,
            colleagues=people,
            part=part,
            parts=len(parts),
        )
        for part, (some, people) in enumerate(parts, 1)
    ]


def digest_of(actor: StaffActor) -> str:
    """Return the digest of the open conversations in `actor`'s inbox."""
    rows = visible(actor, Conversation.objects.open()).order_by("-last_message_at")
    rows = rows.only("pk", "public_id", "revision", "seq", "state")[:MAX_OPEN]
    return _digest(rows, set(own_conversations(actor).values()))


def own_conversations(actor: StaffActor) -> dict[UUID, int]:
    """Return id -> pk of the open conversations `actor` takes part in."""
    if actor.operator is None:
        return {}
    return dict(
        Conversation.objects.open().with_participant(actor.operator).values_list("public_id", "pk")
    )


def readable_among(actor: StaffActor, conversations: Sequence[UUID]) -> dict[UUID, int]:
    """Return id -> pk of those among `conversations` that `actor` may read."""
    if not conversations:
        return {}
    rows = visible(actor, Conversation.objects.filter(public_id__in=conversations))
    return dict(rows.values_list("public_id", "pk"))


def _parts(views: Iterable[View], limit: int) -> list[list[View]]:
    """Split a list into parts of at most `limit` bytes; one empty part for an empty list.

    A larger item gets a part of its own.
    """
    parts: list[list[View]] = [[]]
    room = limit
    for view in views:
        size = len(wire.encode(view).encode()) + 1
        if size > room and parts[-1]:
            parts.append([])
            room = limit
        parts[-1].append(view)
        room -= size
    return parts


def _digest(rows: Iterable[Conversation], own: set[int]) -> str:
    return inbox_digest.of_inbox(
        (row.public_id, row.revision, row.seq if row.state == State.QUEUED or row.pk in own else 0)
        for row in rows
        if row.state != State.CLOSED
    )


def visible(actor: StaffActor, rows: ConversationQuerySet) -> ConversationQuerySet:
    """Return those of `rows` that `actor` may read as an operator or manager."""
    if actor.is_manager:
        return rows
    if actor.operator is None:
        # Below, None would match the participants without an operator: the visitors.
        return rows.none()
    mine = Participant.objects.present().filter(operator=actor.operator).values("conversation")
    return rows.filter(Q(channel__in=actor.channels) | Q(pk__in=mine))


def _views(
    actor: StaffActor, rows: Sequence[Conversation]
) -> tuple[list[wire.StaffConversation], dict[UUID, int]]:
    ids = [row.pk for row in rows]
    full = {
        row.pk: row
        for row in Conversation.objects.filter(pk__in=ids).select_related(
            "channel", "visitor", "operator__user"
        )
    }
    people: dict[int, list[Participant]] = {}
    seen: dict[UUID, int] = {}
    for person in (
        Participant.objects.operators()
        .filter(conversation__in=ids)
        .select_related("operator__user")
    ):
        if person.left_at is None:
            people.setdefault(person.conversation_id, []).append(person)
        if person.operator_id == actor.operator:
            seen[full[person.conversation_id].public_id] = person.seen
    last = {
        entry.conversation_id: entry
        for entry in Message.objects.filter(conversation__in=ids, seq=F("conversation__seq"))
        .select_related("author__operator__user", "subject__operator__user")
        .prefetch_related("files")
        .order_by()
    }
    views = [
        for_staff.conversation(full[pk], people.get(pk, []), last.get(pk))
        for pk in ids
        if pk in full
    ]
    return views, seen


def _first_steps(actor: StaffActor, operator: Operator | None) -> wire.FirstSteps:
    return wire.FirstSteps(
        answers=bool(actor.channels),
        introduced=operator is not None and bool(operator.chat_name or operator.avatar),
        embedded=Embedding.objects.exists(),
        chatted=(
            operator is not None and Message.objects.filter(author__operator=operator.pk).exists()
        ),
    )


def _channels(actor: StaffActor, now: datetime) -> list[wire.StaffChannel]:
    rows = list(
        Channel.objects.active().annotate(
            sessions=Count("conversations", filter=Q(conversations__state__in=OPEN))
        )
    )
    online = Membership.objects.online(now).values_list("channel").annotate(Count("pk"))
    here = dict(online.order_by())
    return [
        for_staff.channel(
            row,
            joined=row.pk in actor.channels,
            may_join=actor.operator is not None and (row.may_join or actor.is_manager),
            online=here.get(row.pk, 0),
            sessions=row.sessions,
        )
        for row in rows
    ]


def _colleagues(actor: StaffActor, now: datetime) -> list[wire.StaffColleague]:
    """Return the other operators of the channels that the reader oversees."""
    rows = Membership.objects.enabled().filter(channel__is_active=True)
    if not actor.is_manager:
        rows = rows.filter(channel__in=actor.channels)
    if actor.operator is not None:
        rows = rows.exclude(operator=actor.operator)
    channels: dict[Operator, list[UUID]] = {}
    for member in rows.select_related("operator__user").annotate(place=F("channel__public_id")):
        channels.setdefault(member.operator, []).append(member.place)
    return [for_staff.colleague(row, ids, now) for row, ids in channels.items()]
