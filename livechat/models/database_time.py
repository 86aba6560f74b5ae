"""What time it is, for everything that several machines must agree on: the database's time."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class _Reading:
    """The database's time, and where our own seconds stood when it was read."""

    moment: datetime
    at: float


_last: _Reading | None = None


def now() -> datetime:
    """Return the database's time as it was read last, carried on by a clock that only goes forward.

    Asks nothing, so it may be called anywhere. A server reads it before it serves and then every
    ten seconds; a process that has never read it tells its machine's time.
    """
    reading = _last
    if reading is None:
        return timezone.now()
    return reading.moment + timedelta(seconds=time.monotonic() - reading.at)


def database_now() -> datetime:
    """Ask the database what time it is: there is one of it, however many machines serve.

    SQLite lives in our own process and has no clock of its own.
    """
    global _last
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [moment] = cursor.fetchone() or [timezone.now()]
    _last = _Reading(moment, time.monotonic())
    return _last.moment
