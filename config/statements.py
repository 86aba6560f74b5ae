"""How long PostgreSQL may work on a statement; SQLite limits its waiting for the lock alone."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from config import postgres

SILENCE_SECONDS = 3
"""So much longer than a statement may take each side waits for the other to say something."""


def limit(*, statement: int, lock: int) -> None:
    """Limit every connection made from now on, so that no statement holds up the others; seconds.

    Safe to repeat. Migrations and other commands know no limit.
    """
    silence = statement + SILENCE_SECONDS
    postgres.Connection.patience = silence
    limits = {
        "statement_timeout": f"{statement}s",
        "lock_timeout": f"{lock}s",
        # Who was cut off in a transaction holds its locks until the server hears that he is gone.
        "idle_in_transaction_session_timeout": f"{silence}s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "3",
        "tcp_keepalives_count": "3",
    }
    sql = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * len(limits))
    values = [word for pair in limits.items() for word in pair]

    def set_limits(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
        # Django calls it for every connection that it takes from the pool; they keep their limits.
        raw = connection.connection
        if connection.vendor == "postgresql" and getattr(raw, "limits", None) != limits:
            with connection.cursor() as cursor:
                cursor.execute(sql, values)
            raw.limits = limits

    connection_created.connect(set_limits, dispatch_uid="config.statements", weak=False)
