"""Choose an operator for a conversation, under the lock of the channel's operators.

`assign`, `participate` and `promote_colleague` run inside another service's transaction: the
conversation's row is locked, and the caller saves it and announces the change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from livechat.domain import routing
from livechat.domain.enumerations import Outcome, Presence, Role, SystemEvent
from livechat.models import Channel, Conversation, Membership, Message, Operator, Participant
from livechat.models.conversation import LIMIT_WINDOW, LOAD_WINDOW
from livechat.services import timeline


@dataclass(frozen=True, slots=True)
class OnlineOperators:
    """The available operators of a channel, the most recently active first.

    `is_available`: at least one of them is below the channel's limit.
    """

    present: tuple[Operator, ...]
    is_available: bool


def choose_operator(channel: Channel, now: datetime) -> Operator | None:
    """Return the operator for the next conversation of `channel`, locked; None if none is free.

    Locks all operators of the channel in pk order and counts inside the lock, so two concurrent
    openings cannot both take the last place
    (`docs/decisions/0017-capacity-is-counted-under-a-lock.md`).
    """
    operators = {
        operator.pk: operator
        for operator in Operator.objects.filter(memberships__channel=channel, is_enabled=True)
        .select_related("user")
        .lock()
    }
    load = _active(operators, now - LOAD_WINDOW)
    here = _active(operators, now - LIMIT_WINDOW, channel=channel)
    chosen = routing.choose_seat(
        routing.Seat(
            operator=operator.pk,
            available=_is_available(operator, channel, now),
            load=load.get(operator.pk, 0),
            channel_load=here.get(operator.pk, 0),
            limit=channel.session_limit,
            last_assigned_at=operator.last_assigned_at,
        )
        for operator in operators.values()
    )
    return operators[chosen.operator] if chosen else None


def assign(row: Conversation, operator: Operator, event: SystemEvent, now: datetime) -> Message:
    """Put `operator`, whose row must also be locked, in charge; return the system entry."""
    person = participate(row, operator, now)
    row.assign(operator, now)
    operator.last_assigned_at = now
    operator.save(update_fields=["last_assigned_at"])
    return timeline.system_line(row, event, person, now)


def participate(row: Conversation, operator: Operator, now: datetime) -> Participant:
    """Return the operator's participation, created or resumed.

    The second operator sets the conversation's outcome to *escalated*.
    """
    person, _made = Participant.objects.update_or_create(
        conversation=row,
        operator=operator,
        role=Role.OPERATOR.value,
        defaults={"left_at": None, "display_name": operator.public_name},
        create_defaults={
            "left_at": None,
            "display_name": operator.public_name,
            "joined_at": now,
        },
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
    rows = Operator.objects.filter(memberships__channel=channel, is_enabled=True)
    rows = rows.select_related("user").order_by("-active_at", "pk")
    present = [row for row in rows if _is_available(row, channel, now)]
    limit = channel.session_limit
    if limit is None or not present:
        return OnlineOperators(tuple(present), bool(present))
    here = _active([row.pk for row in present], now - LIMIT_WINDOW, channel)
    return OnlineOperators(tuple(present), any(here.get(row.pk, 0) < limit for row in present))


def available_channels(channels: Iterable[Channel], now: datetime) -> frozenset[int]:
    """Return the pks of those `channels` that have an operator who can receive a conversation now.

    At most two queries, for any number of channels.
    """
    rows = {channel.pk: channel for channel in channels}
    memberships = Membership.objects.enabled().filter(channel__in=rows)
    free = [
        (rows[membership.channel_id], membership.operator_id)
        for membership in memberships.select_related("operator__user")
        if _is_available(membership.operator, rows[membership.channel_id], now)
    ]
    limited = {channel.pk for channel, _operator in free if channel.session_limit is not None}
    here = _active_by_channel(limited, now - LIMIT_WINDOW) if limited else {}
    return frozenset(
        channel.pk
        for channel, operator in free
        if channel.session_limit is None
        or here.get((channel.pk, operator), 0) < channel.session_limit
    )


def _is_available(operator: Operator, channel: Channel, now: datetime) -> bool:
    if operator.in_call and channel.block_assignment_during_call:
        return False
    return operator.user.is_active and operator.presence(now) == Presence.ONLINE


def _active(
    operators: Iterable[int], since: datetime, channel: Channel | None = None
) -> dict[int, int]:
    """Return operator pk -> number of their open conversations with activity since `since`."""
    rows = Conversation.objects.with_activity(since).filter(operator__in=list(operators))
    if channel is not None:
        rows = rows.filter(channel=channel)
    return dict(rows.values_list("operator").annotate(Count("pk")).order_by())


def _active_by_channel(channels: Iterable[int], since: datetime) -> dict[tuple[int, int], int]:
    """Return (channel pk, operator pk) -> the same number, for some channels."""
    rows = Conversation.objects.with_activity(since)
    rows = rows.filter(channel__in=list(channels), operator__isnull=False)
    counted = rows.values_list("channel", "operator").annotate(Count("pk")).order_by()
    return {(channel, operator): count for channel, operator, count in counted}
