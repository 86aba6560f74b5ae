"""Choose an operator for a conversation, under the lock of the channel's operators.

`assign`, `participate` and `promote_colleague` run inside another service's transaction: the
conversation's row is locked, and the caller saves it and announces the change.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from livechat.domain import routing
from livechat.domain.enumerations import Outcome, Role, SystemEvent
from livechat.domain.routing import Wanted
from livechat.models import Channel, Conversation, Membership, Message, Operator, Participant
from livechat.models.conversation import Load
from livechat.services import timeline


@dataclass(frozen=True, slots=True)
class OnlineOperators:
    """The available operators of a channel, the most recently active first.

    `is_available`: at least one of them is below the channel's limit.
    """

    present: tuple[Operator, ...]
    is_available: bool


def wanted_by(row: Conversation, now: datetime, *, is_new: bool = False) -> Wanted:
    """Return what a conversation wants of its operator.

    Operators who left it are not asked again. One who lost the connection gets it back if they
    return within `routing.RETURN_WITHIN`. Two queries for a stored conversation, one for a new one,
    none if the visitor `is_new`.
    """
    left, lost = _gone(row, now) if row.pk else (frozenset[int](), None)
    return Wanted(
        previous=lost or (None if is_new else _previous(row, now)),
        languages=routing.language_set([row.language]),
        country=row.country,
        excluded=left,
    )


def choose_operator(channel: Channel, wanted: Wanted, now: datetime) -> Operator | None:
    """Return the operator for the next conversation of `channel`, locked; None if none is free.

    Locks the available operators of the channel in pk order and counts inside the lock, so two
    concurrent openings cannot both take the last place
    (`docs/decisions/0017-capacity-is-counted-under-a-lock.md`). Two queries; three if some
    expertise is wanted; one if no operator is available.
    """
    rows = Operator.objects.filter(memberships__channel=channel).available(now)
    operators = {row.pk: row for row in rows.as_seats().lock()}
    if not operators:
        return None
    loads = Participant.objects.loads(operators, channel.pk, now)
    knowledge = _knowledge(operators) if wanted.expertise else {}
    chosen = routing.choose_seat(
        (
            _seat(row, channel, loads.get(row.pk), knowledge.get(row.pk, frozenset()))
            for row in operators.values()
        ),
        wanted,
        random.choice,
    )
    return operators[chosen.operator] if chosen else None


def assign(row: Conversation, operator: Operator, event: SystemEvent, now: datetime) -> Message:
    """Put `operator`, whose row must also be locked, in charge; return the system entry."""
    person = participate(row, operator, now)
    row.assign(operator, now)
    operator.last_assigned_at = now
    operator.save(update_fields=["last_assigned_at"])
    return timeline.system_line(row, event, person, now)


def new_participant(row: Conversation, operator: Operator, now: datetime) -> Participant:
    """Return the first operator of a new conversation, for the caller to insert."""
    return Participant(
        conversation=row,
        role=Role.OPERATOR.value,
        operator=operator,
        display_name=operator.public_name,
        joined_at=now,
    )


def participate(row: Conversation, operator: Operator, now: datetime) -> Participant:
    """Return the operator's participation, created or resumed.

    The second operator sets the conversation's outcome to *escalated*.
    """
    person, _made = Participant.objects.update_or_create(
        conversation=row,
        operator=operator,
        role=Role.OPERATOR.value,
        defaults={"left_at": None, "is_current": True, "display_name": operator.public_name},
        create_defaults={"display_name": operator.public_name, "joined_at": now},
    )
    if row.participants.operators().count() > 1:
        row.outcome = Outcome.ESCALATED.value
    return person


def promote_colleague(row: Conversation) -> Operator | None:
    """Put the present operator who joined first in charge and return them; None without one."""
    colleague = (
        row.participants.present()
        .operators()
        .filter(operator__is_enabled=True)
        .select_related("operator__user")
        .order_by("joined_at", "pk")
        .first()
    )
    if colleague is None or colleague.operator is None:
        return None
    row.operator = colleague.operator
    return colleague.operator


def is_anybody_available(channel: Channel, now: datetime) -> bool:
    """Return whether `channel` has an operator who can receive a conversation now."""
    return channel.pk in available_channels([channel], now)


def online_operators(channel: Channel, now: datetime) -> OnlineOperators:
    """Return the available operators of `channel`. One query; two if the channel has a limit."""
    rows = Operator.objects.filter(memberships__channel=channel).available(now)
    rows = rows.select_related("user").order_by("-active_at", "pk")
    present = [row for row in rows if not _is_blocked(row, channel)]
    limit = channel.session_limit
    if limit is None or not present:
        return OnlineOperators(tuple(present), bool(present))
    taken = Participant.objects.taken_places([channel.pk], now)
    is_available = any(taken.get((channel.pk, row.pk), 0) < limit for row in present)
    return OnlineOperators(tuple(present), is_available)


def available_channels(channels: Iterable[Channel], now: datetime) -> frozenset[int]:
    """Return the pks of those `channels` that have an operator who can receive a conversation now.

    At most two queries, for any number of channels.
    """
    rows = {channel.pk: channel for channel in channels}
    memberships = Membership.objects.online(now).filter(channel__in=rows)
    free = [
        (rows[membership.channel_id], membership.operator_id)
        for membership in memberships.select_related("operator")
        if not _is_blocked(membership.operator, rows[membership.channel_id])
    ]
    limited = {channel.pk for channel, _operator in free if channel.session_limit is not None}
    here = Participant.objects.taken_places(limited, now) if limited else {}
    return frozenset(
        channel.pk
        for channel, operator in free
        if channel.session_limit is None
        or here.get((channel.pk, operator), 0) < channel.session_limit
    )


def _previous(row: Conversation, now: datetime) -> int | None:
    """Return the operator of the visitor's last conversation before `row`, if not too long ago."""
    earlier = Conversation.objects.filter(
        visitor=row.visitor_id,
        operator__isnull=False,
        last_message_at__gte=now - routing.REMEMBER_OPERATOR,
    ).exclude(pk=row.pk)
    return earlier.order_by("-pk").values_list("operator", flat=True).first()


def _gone(row: Conversation, now: datetime) -> tuple[frozenset[int], int | None]:
    """Return the operators who left a conversation, and the one whose connection was lost last,
    if not too long ago."""
    lines = Message.objects.filter(
        conversation=row.pk, event__in=(SystemEvent.LEFT, SystemEvent.LOST)
    ).order_by("seq")
    left, lost = set[int](), None
    for event, operator, at in lines.values_list("event", "subject__operator", "created_at"):
        if event == SystemEvent.LEFT:
            left.add(operator)
        elif now - at <= routing.RETURN_WITHIN:
            lost = operator
    return frozenset(left), lost


def _seat(
    operator: Operator, channel: Channel, load: Load | None, expertise: frozenset[int]
) -> routing.Seat:
    return routing.Seat(
        operator=operator.pk,
        available=not _is_blocked(operator, channel),
        load=load.total if load else 0,
        channel_load=load.in_channel if load else 0,
        limit=channel.session_limit,
        last_assigned_at=operator.last_assigned_at,
        is_fresh=load.is_fresh if load else False,
        in_call=operator.in_call,
        languages=routing.language_set(operator.spoken_languages),
        country=operator.country,
        expertise=expertise,
    )


def _knowledge(operators: Iterable[int]) -> dict[int, frozenset[int]]:
    """Return operator pk -> the pks of their fields of expertise."""
    links = Operator.expertise.through.objects.filter(operator__in=list(operators))
    known: dict[int, set[int]] = {}
    for operator, expertise in links.values_list("operator", "expertise"):
        known.setdefault(operator, set()).add(expertise)
    return {operator: frozenset(fields) for operator, fields in known.items()}


def _is_blocked(operator: Operator, channel: Channel) -> bool:
    """Return whether a call keeps an available operator from new conversations."""
    return operator.in_call and channel.block_assignment_during_call
