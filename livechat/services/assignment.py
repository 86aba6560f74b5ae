"""Giving a conversation to an operator, decided under the lock of the channel's operators."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q

from livechat.domain import routing
from livechat.domain.states import Presence
from livechat.models import Channel, Conversation, Operator
from livechat.models.conversation import LIMIT_WINDOW, LOAD_WINDOW


def choose_operator(channel: Channel, now: datetime) -> Operator | None:
    """Return the operator who gets the next conversation of `channel`, locked; None for nobody.

    Locks all operators of the channel in pk order and counts inside, so two openings at once
    cannot both take the last place (decision 8).
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


def is_anybody_available(channel: Channel, now: datetime) -> bool:
    """Say whether `channel` has an operator who could be given a conversation now."""
    operators = Operator.objects.filter(
        memberships__channel=channel, is_enabled=True
    ).select_related("user")
    free = [operator for operator in operators if _is_available(operator, channel, now)]
    if not free or channel.session_limit is None:
        return bool(free)
    here = _active([operator.pk for operator in free], now - LIMIT_WINDOW, channel=channel)
    return any(here.get(operator.pk, 0) < channel.session_limit for operator in free)


def _is_available(operator: Operator, channel: Channel, now: datetime) -> bool:
    if operator.in_call and channel.block_assignment_during_call:
        return False
    return operator.user.is_active and operator.presence(now) == Presence.ONLINE


def _active(
    operators: Iterable[int], since: datetime, channel: Channel | None = None
) -> dict[int, int]:
    """Return operator pk -> open conversations in his charge with activity since a moment.

    While a visitor waits for an answer the conversation is active however long ago he wrote.
    """
    rows = Conversation.objects.open().filter(
        Q(last_message_at__gte=since) | Q(waiting_since__isnull=False), operator__in=list(operators)
    )
    if channel is not None:
        rows = rows.filter(channel=channel)
    return dict(rows.values_list("operator").annotate(Count("pk")).order_by())
