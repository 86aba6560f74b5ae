"""How long a transaction waits for rows that somebody else has locked."""

from django.db import OperationalError, connection

LOCK_NOT_AVAILABLE = "55P03"
"""PostgreSQL's code of a lock that was not had in time."""


def wait_at_most(milliseconds: int) -> None:
    """Let the statements of this transaction wait for a lock no longer than that.

    On SQLite there is one lock for everything, which the transaction has already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])


def was_locked(error: OperationalError) -> bool:
    """Say whether it was a lock that was not had in time."""
    return getattr(error.__cause__, "sqlstate", None) == LOCK_NOT_AVAILABLE
