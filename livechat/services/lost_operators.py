"""Hand over the conversations of operators whose browser died or whose right was withdrawn.

An operator whose laptop or network fails does not leave explicitly. After lease and grace period
a colleague gets their active conversations, or these wait; the visitor is informed once.
"""

from datetime import datetime

from django.db import transaction

from livechat.domain.enumerations import State, SystemEvent
from livechat.errors import NotFound
from livechat.models import Conversation, Message, Operator
from livechat.models.conversation import LIMIT_WINDOW
from livechat.services import assignment, conversations, leases, timeline

BATCH = 200
"""Conversations per run; the next run continues."""


def hand_over_lost(now: datetime) -> int:
    """Hand over active conversations of lost operators; return the number.

    Active: the visitor waits, or something was said within `LIMIT_WINDOW`. The others keep their
    operator until the visitor writes again. No operator is lost while no server could receive
    their heartbeats. Idempotent, one transaction for each: concurrent runs share the work, and a
    conversation that another transaction has locked waits for the next run.
    """
    since = leases.listening_since(now)
    if since is None:
        return 0
    lost = [row.pk for row in Operator.objects.maybe_lost(now) if row.is_lost(now, since)]
    rows = Conversation.objects.with_activity(now - LIMIT_WINDOW)
    rows = rows.filter(state=State.ASSIGNED, operator__in=lost).order_by("pk")
    return sum(_hand_over(row, now, since) for row in rows.select_related("channel")[:BATCH])


@transaction.atomic
def _hand_over(found: Conversation, now: datetime, since: datetime) -> bool:
    wanted = assignment.wanted_by(found, now)
    # Locked before the conversation.
    successor = assignment.choose_operator(found.channel, wanted, now)
    try:
        row = conversations.locked(found.public_id, waits=False)
    except NotFound:
        return False
    if row.state != State.ASSIGNED or row.operator is None or not row.operator.is_lost(now, since):
        return False  # the operator came back, or another transaction was faster
    entries, gone = _let_go(row, now, since)
    assigned = assignment.promote_colleague(row)
    if assigned is not None:
        row.revision += 1
    elif successor is not None:
        assigned = successor
        entries.append(assignment.assign(row, successor, SystemEvent.ASSIGNED, now))
    else:
        row.release()
    row.save()
    timeline.announce(row, entries, now, assigned=assigned, left=gone)
    return True


def _let_go(
    row: Conversation, now: datetime, since: datetime
) -> tuple[list[Message], list[Operator]]:
    """End the participation of each lost operator; return the system entries and the operators."""
    entries, gone = [], []
    for person in row.participants.present().operators().select_related("operator__user"):
        if person.operator is not None and person.operator.is_lost(now, since):
            person.leave(now)
            entries.append(timeline.system_line(row, SystemEvent.LOST, person, now))
            gone.append(person.operator)
    return entries, gone
