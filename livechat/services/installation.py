"""The database as a whole: which one it is, and what it holds after it was restored."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from livechat.models import Attachment, Conversation, Installation, Message, file_storage


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database holds. `missing` are names of files that messages have and the
    storage has not."""

    epoch: UUID
    conversations: int
    newest: datetime | None
    files: int
    missing: tuple[str, ...]


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
