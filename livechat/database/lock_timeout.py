"""The lock time-out: how long a transaction waits for rows that another one has locked."""

from django.db import OperationalError, connection

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's error code for a lock time-out."""


def wait_at_most(milliseconds: int) -> None:
    """Limit how long each statement of this transaction waits for a lock.

    Does nothing on SQLite, where the transaction already holds the only lock.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])


def was_locked(error: OperationalError) -> bool:
    """Say whether a lock time-out caused `error`."""
    return getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
