"""Conversations of operators who are gone without a word: their browser died, or their right.

Whoever closes his laptop or loses the network takes no leave. After lease and grace somebody else
gets what is still going on, and the visitor is told once.
"""

from datetime import datetime

from django.db import transaction

from livechat.domain.states import State, SystemEvent
from livechat.errors import NotFound
from livechat.models import Conversation, Message, Operator
from livechat.models.conversation import LIMIT_WINDOW
from livechat.services import assignment, conversations, leases, timeline

MOST = 200
"""Conversations handed over in one run; the next one goes on."""


def hand_over_lost(now: datetime) -> int:
    """Give conversations whose operator is lost to somebody else; return how many.

    Those in which the visitor waits, or in which something was said lately; the others keep their
    operator until the visitor writes again. Nobody is lost while no server could hear him.
    Idempotent, one transaction for each: several at once share the work, and what somebody has
    locked comes to its turn the next time.
    """
    since = leases.listening_since(now)
    if since is None:
        return 0
    lost = [row.pk for row in Operator.objects.maybe_lost(now) if row.is_lost(now, since)]
    rows = Conversation.objects.with_activity(now - LIMIT_WINDOW)
    rows = rows.filter(state=State.ASSIGNED, operator__in=lost).order_by("pk")
    return sum(_hand_over(row, now, since) for row in rows.select_related("channel")[:MOST])


@transaction.atomic
def _hand_over(found: Conversation, now: datetime, since: datetime) -> bool:
    successor = assignment.choose_operator(found.channel, now)  # locked before the conversation
    try:
        row = conversations.locked(found.public_id, waits=False)
    except NotFound:
        return False
    if row.state != State.ASSIGNED or row.operator is None or not row.operator.is_lost(now, since):
        return False  # he came back, or somebody was faster
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
    """End the part of everybody who is lost; return the lines that tell, and who it was."""
    entries, gone = [], []
    for person in row.participants.present().operators().select_related("operator__user"):
        if person.operator is not None and person.operator.is_lost(now, since):
            person.left_at = now
            person.save(update_fields=["left_at"])
            entries.append(timeline.system_line(row, SystemEvent.LOST, person, now))
            gone.append(person.operator)
    return entries, gone
