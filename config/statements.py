"""How long PostgreSQL may work on a statement; SQLite limits its waiting for the lock alone."""

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created


def limit(*, statement: str, lock: str) -> None:
    """Limit every connection made from now on, so that no statement holds up the others.

    Safe to repeat. Migrations and other commands know no limit.
    """

    def set_limits(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('statement_timeout', %s, false),"
                    " set_config('lock_timeout', %s, false)",
                    [statement, lock],
                )

    connection_created.connect(set_limits, dispatch_uid="config.statements", weak=False)
