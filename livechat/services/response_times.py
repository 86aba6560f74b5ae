"""How long visitors wait for a first answer: told to those who come, and to staff."""

import statistics
import threading
import time
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F
from django.db.models.functions import Greatest

from livechat import wire
from livechat.models import Conversation, database_time
from livechat.policy import StaffActor
from livechat.services import inbox

RECENT = timedelta(days=7)
NEWEST = 50
"""So many conversations at most are looked at, of the last week."""
FEWEST = 5
"""Fewer answered ones tell nothing."""
KEPT_SECONDS = 60.0

LONGEST_DAY = timedelta(days=2)
"""No reader's day began earlier, wherever he is."""

_WAIT = ExpressionWrapper(
    Greatest("answered_at", "opened_at") - F("opened_at"), output_field=DurationField()
)

_known: dict[int, tuple[float, int | None]] = {}
_lock = threading.Lock()


def answers_in(channel: int, now: datetime) -> int | None:
    """Return the median of the seconds until a first answer on a channel (its pk), or None when too
    few were answered lately. Kept for a minute: every visitor who arrives asks."""
    at = time.monotonic()
    with _lock:
        kept = _known.get(channel)
    if kept is not None and at - kept[0] < KEPT_SECONDS:
        return kept[1]
    value = measure(channel, now)
    with _lock:
        _known[channel] = (at, value)
    return value


def forget() -> None:
    """Measure anew before the next answer."""
    with _lock:
        _known.clear()


def measure(channel: int, now: datetime) -> int | None:
    """Return the same, from the rows."""
    rows = Conversation.objects.filter(
        channel=channel, answered_at__isnull=False, opened_at__gte=now - RECENT
    ).order_by("-pk")[:NEWEST]
    waits = [
        max(0.0, (answered - opened).total_seconds())
        for opened, answered in rows.values_list("opened_at", "answered_at")
        if answered is not None
    ]
    return round(statistics.median(waits)) if len(waits) >= FEWEST else None


def told(actor: StaffActor, since: datetime) -> wire.AnswersTold:
    """Return how soon the visitors of `actor`'s inbox were answered who have come since then."""
    now = database_time.now()
    began = min(max(since, now - LONGEST_DAY), now)
    rows = Conversation.objects.filter(opened_at__gte=began, answered_at__isnull=False)
    found = inbox.visible(actor, rows).order_by().aggregate(count=Count("pk"), wait=Avg(_WAIT))
    seconds = None if found["wait"] is None else found["wait"].total_seconds()
    return wire.AnswersTold(since=since, count=found["count"], seconds=seconds)
