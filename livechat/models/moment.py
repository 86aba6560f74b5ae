"""What time it is, for everything that several machines must agree on."""

from datetime import datetime

from django.db import connection
from django.utils import timezone


def database_now() -> datetime:
    """Return the database's time: there is one of it, however many machines serve.

    SQLite lives in our own process and has no clock of its own.
    """
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [now] = cursor.fetchone() or [timezone.now()]
    moment: datetime = now
    return moment
