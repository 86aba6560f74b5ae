"""Periodic clean-up: delete empty conversations, close silent ones, delete expired rows."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from livechat.domain.enumerations import Kind, Outcome, Role, State, SystemEvent
from livechat.models import Conversation, Message, PageView
from livechat.services import conversations

EMPTY_FOR = timedelta(hours=1)
SILENT_FOR = timedelta(days=1)
ADDRESS_FOR = timedelta(days=30)
"""How long the hash of a visitor's address is kept with a conversation that does not end."""
TRAIL_FOR = timedelta(days=30)
"""How long the page views of a visitor are kept."""
BATCH = 200
"""Conversations per run; the next run continues."""
MOST_ROWS = 5_000


def remove_empty(now: datetime) -> int:
    """Delete open conversations that stayed without a message for an hour; return the number.

    Idempotent. A conversation that another transaction has locked stays.
    """
    said = Message.objects.filter(conversation=OuterRef("pk")).exclude(kind=Kind.SYSTEM)
    empty = Conversation.objects.open().filter(
        ~Exists(said), opened_at__lt=now - EMPTY_FOR, last_message_at__lt=now - EMPTY_FOR
    )
    removed = 0
    for pk in list(empty.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            row = empty.filter(pk=pk).lock(waits=False).first()
            if row is not None:
                row.delete()
                removed += 1
    return removed


def close_silent(now: datetime) -> int:
    """Close conversations that were silent for a day; return the number.

    Those with a visitor's message that their operator has not read stay open. A bot reads
    everything, and a visitor who was silent for a day does not wait any more. Idempotent,
    one transaction for each.
    """
    unread = Message.objects.filter(
        conversation=OuterRef("pk"), author__role=Role.VISITOR, seq__gt=OuterRef("staff_seen")
    )
    read = ~Q(state=State.ASSIGNED) | ~Exists(unread)
    silent = Conversation.objects.open().filter(read, last_message_at__lt=now - SILENT_FOR)
    closed = 0
    for pk in list(silent.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            rows = silent.filter(pk=pk).select_related("visitor", "channel")
            row = rows.lock(waits=False).first()
            if row is not None:
                if row.state == State.QUEUED and row.outcome == Outcome.NO_ANSWER:
                    row.outcome = Outcome.NO_AGENT.value
                conversations.end(row, SystemEvent.CLOSED_SILENT, None, now)
                closed += 1
    return closed


def expire(now: datetime) -> int:
    """Delete expired login sessions, old page views, and hashes of addresses in old conversations.

    Returns the number of rows. Idempotent. A conversation that another transaction has locked
    waits for the next run.
    """
    sessions = Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)
    steps = PageView.objects.filter(at__lt=now - TRAIL_FOR).values_list("pk", flat=True)
    removed, _ = Session.objects.filter(pk__in=list(sessions[:MOST_ROWS])).delete()
    forgotten, _ = PageView.objects.filter(pk__in=list(steps[:MOST_ROWS])).delete()
    return removed + forgotten + _forget_addresses(now)


@transaction.atomic
def _forget_addresses(now: datetime) -> int:
    """Delete the hashes that did not go with the end of their conversation; return the number.

    A held conversation is held no longer. Its new revision tells browsers to fetch it.
    """
    rows = Conversation.objects.filter(address_hash__isnull=False, opened_at__lt=now - ADDRESS_FOR)
    old = list(rows.lock(waits=False).values_list("pk", flat=True)[:MOST_ROWS])
    return Conversation.objects.filter(pk__in=old).update(
        address_hash=None, is_held=False, revision=F("revision") + 1
    )
