"""What is tidied up by the clock: chats that never began or fell silent, and what has expired."""

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from livechat.domain.states import Kind, Role, State, SystemEvent
from livechat.models import Conversation, Message, PageView
from livechat.services import conversations

EMPTY_FOR = timedelta(hours=1)
SILENT_FOR = timedelta(days=1)
TRAIL_FOR = timedelta(days=30)
"""How long it is known which pages a visitor looked at."""
MOST = 200
"""Conversations of one run; the next one goes on."""
MOST_ROWS = 5_000


def remove_empty(now: datetime) -> int:
    """Remove open conversations in which nobody has said anything for an hour; return how many.

    Idempotent; one in which somebody writes at this moment stays.
    """
    said = Message.objects.filter(conversation=OuterRef("pk")).exclude(kind=Kind.SYSTEM)
    empty = Conversation.objects.open().filter(
        ~Exists(said), opened_at__lt=now - EMPTY_FOR, last_message_at__lt=now - EMPTY_FOR
    )
    removed = 0
    for pk in list(empty.values_list("pk", flat=True)[:MOST]):
        with transaction.atomic():
            row = empty.filter(pk=pk).lock(waits=False).first()
            if row is not None:
                row.delete()
                removed += 1
    return removed


def close_silent(now: datetime) -> int:
    """End conversations in which nobody has written for a day; return how many.

    A conversation with a text that no operator has read stays open, however old it is; a bot reads
    everything. Idempotent, one transaction for each.
    """
    unread = Message.objects.filter(
        conversation=OuterRef("pk"), author__role=Role.VISITOR, seq__gt=OuterRef("staff_seen")
    )
    read = Q(state=State.BOT) | Q(~Exists(unread), state=State.ASSIGNED)
    silent = Conversation.objects.filter(read, last_message_at__lt=now - SILENT_FOR)
    closed = 0
    for pk in list(silent.values_list("pk", flat=True)[:MOST]):
        with transaction.atomic():
            rows = silent.filter(pk=pk).select_related("visitor", "channel")
            row = rows.lock(waits=False).first()
            if row is not None:
                conversations.end(row, SystemEvent.CLOSED_SILENT, None, now)
                closed += 1
    return closed


def expire(now: datetime) -> int:
    """Remove sessions of staff that have run out, and old steps of visitors' trails.

    Returns how many rows. Idempotent.
    """
    sessions = Session.objects.filter(expire_date__lt=now).values_list("pk", flat=True)
    steps = PageView.objects.filter(at__lt=now - TRAIL_FOR).values_list("pk", flat=True)
    removed, _ = Session.objects.filter(pk__in=list(sessions[:MOST_ROWS])).delete()
    forgotten, _ = PageView.objects.filter(pk__in=list(steps[:MOST_ROWS])).delete()
    return removed + forgotten
