"""How long visitors wait for a first response: shown to arriving visitors, and to staff."""

import statistics
import threading
import time
from datetime import datetime, timedelta

from django.db.models import Avg, Count, DurationField, ExpressionWrapper, F
from django.db.models.functions import Greatest

from livechat import wire
from livechat.database import database_time
from livechat.models import Conversation
from livechat.policy import StaffActor
from livechat.services import inbox

RECENT = timedelta(days=7)
NEWEST = 50
"""Conversations measured at most: the newest of the last week that have a response."""
FEWEST = 5
"""With fewer responses, the median is meaningless."""
KEPT_SECONDS = 60.0

LONGEST_DAY = timedelta(days=2)
"""No reader's day began earlier than this, in any time zone."""

_WAIT = ExpressionWrapper(
    Greatest("answered_at", "opened_at") - F("opened_at"), output_field=DurationField()
)

_known: dict[int, tuple[float, int | None]] = {}
_lock = threading.Lock()


def answers_in(channel: int, now: datetime) -> int | None:
    """Return the median seconds until a first response on a channel (its pk); None for too few.

    Cached for `KEPT_SECONDS`, because every arriving visitor asks.
    """
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
    """Clear the cache, so that the next call measures again."""
    with _lock:
        _known.clear()


def measure(channel: int, now: datetime) -> int | None:
    """Return the same as `answers_in`, from the rows."""
    rows = Conversation.objects.filter(
        channel=channel, answered_at__isnull=False, opened_at__gte=now - RECENT
    ).order_by("-pk")[:NEWEST]
    waits = [
        max(0.0, (answered - opened).total_seconds())
        for opened, answered in rows.values_list("opened_at", "answered_at")
        if answered is not None
    ]
    return round(statistics.median(waits)) if len(waits) >= FEWEST else None


def average_since(actor: StaffActor, since: datetime) -> wire.AnswersTold:
    """Return the mean wait for a first response, of the conversations that `actor` may read.

    Counts those opened after `since`, which is at most `LONGEST_DAY` ago, that have a response.
    """
    now = database_time.now()
    began = min(max(since, now - LONGEST_DAY), now)
    rows = Conversation.objects.filter(opened_at__gte=began, answered_at__isnull=False)
    found = inbox.visible(actor, rows).order_by().aggregate(count=Count("pk"), wait=Avg(_WAIT))
    seconds = None if found["wait"] is None else found["wait"].total_seconds()
    return wire.AnswersTold(since=since, count=found["count"], seconds=seconds)
