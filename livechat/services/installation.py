"""The installation as a whole: which database it is, what a restored one holds, live counts."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, Min, Q

from livechat.domain.availability import LEASE
from livechat.domain.states import State
from livechat.models import (
    Attachment,
    Conversation,
    Installation,
    Message,
    Operator,
    database_time,
    file_storage,
)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database holds. `missing` are names of files that messages have and the
    storage has not."""

    epoch: UUID
    conversations: int
    newest: datetime | None
    files: int
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LiveCounts:
    """`open` and `waiting` count conversations: open ones, and those among them that no operator
    has. `longest_wait_seconds` is how long the visitor of a waiting one has been without an
    answer. `operators` are online and take chats."""

    open: int
    waiting: int
    longest_wait_seconds: float
    operators: int


def epoch() -> UUID:
    """Return the epoch of this database."""
    return Installation.objects.get_or_create(pk=1)[0].epoch


def restored() -> Restored:
    """Give this database another epoch, and return what it holds.

    Browsers then forget what they knew, and servers what their sockets hear. Safe to repeat.
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
    """Count conversations and operators as they are now, by two small queries."""
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
