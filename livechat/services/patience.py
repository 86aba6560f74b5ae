"""How long visitors wait for a first answer, told to the next one before he writes."""

import statistics
import threading
import time
from datetime import datetime, timedelta

from livechat.models import Conversation

RECENT = timedelta(days=7)
NEWEST = 50
"""So many conversations at most are looked at, of the last week."""
FEWEST = 5
"""Fewer answered ones tell nothing."""
KEPT_SECONDS = 60.0

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
