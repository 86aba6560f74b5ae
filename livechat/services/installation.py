"""The installation as a whole: the epoch of its database, a report after a restore, live counts."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, Q

from livechat.database import database_time
from livechat.domain.availability import LEASE
from livechat.domain.enumerations import State
from livechat.models import Attachment, Conversation, Installation, Message, Operator, file_storage


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database holds. `missing`: names of sent files that the storage lacks."""

    epoch: UUID
    conversations: int
    newest: datetime | None
    files: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """Counts at this moment.

    `open` counts open conversations, `waiting` those of them in the queue. `longest_wait_seconds`
    is the longest time that a visitor in the queue is without a response. `operators` counts
    those who are connected and accept conversations.
    """

    open: int
    waiting: int
    longest_wait_seconds: float
    operators: int


def epoch() -> UUID:
    """Return the epoch of this database."""
    return Installation.objects.get_or_create(pk=1)[0].epoch


def restored() -> Restored:
    """Give this database a new epoch, and return what it holds.

    Servers then close their sockets, and browsers drop the state they showed. Safe to repeat.
    """
    with transaction.atomic():
        row, _made = Installation.objects.select_for_update().get_or_create(pk=1)
        row.epoch = uuid.uuid4()
        row.save(update_fields=["epoch"])
    storage = file_storage()
    fields = Attachment.objects.exclude(message=None).values_list("blob", "thumbnail")
    names = [name for pair in fields.iterator() for name in pair if name]
    return Restored(
        epoch=row.epoch,
        conversations=Conversation.objects.count(),
        newest=Message.objects.aggregate(newest=Max("created_at"))["newest"],
        files=len(names),
        missing=tuple(name for name in names if not storage.exists(name)),
    )


def live_counts() -> LiveCounts:
    """Count conversations and operators now, in two small queries."""
    now = database_time.now()
    queued = Q(state=State.QUEUED)
    counts = Conversation.objects.open().aggregate(
        open=Count("pk"),
        waiting=Count("pk", filter=queued),
        since=Min("waiting_since", filter=queued),
    )
    return LiveCounts(
        open=counts["open"],
        waiting=counts["waiting"],
        longest_wait_seconds=(now - counts["since"]).total_seconds() if counts["since"] else 0.0,
        operators=Operator.objects.seen_since(now - LEASE).filter(accepting=True).count(),
    )
