"""The database's time, for everything on which several machines must agree."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class _Reading:
    """The database's time, and the value of `time.monotonic` when it was read."""

    moment: datetime
    at: float


_last: _Reading | None = None


def now() -> datetime:
    """Return the database's time as last read, plus the monotonic time since then.

    Does no I/O, so it may be called anywhere. A server reads the time before it serves and then
    every ten seconds. A process that never read it gets the time of its machine.
    """
    reading = _last
    if reading is None:
        return timezone.now()
    return reading.moment + timedelta(seconds=time.monotonic() - reading.at)


def database_now() -> datetime:
    """Read and return the database's time. All machines share one database, so they agree.

    With SQLite, which runs in this process, return the time of the machine.
    """
    global _last
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone() or [timezone.now()]
    _last = _Reading(moment, time.monotonic())
    return _last.moment
