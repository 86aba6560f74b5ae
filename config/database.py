"""PostgreSQL connections: time-outs for statements, and detection of servers that stop responding.

Without them, a thread waits for a frozen or disconnected server for a quarter of an hour, until the
kernel gives up. SQLite needs none of this: there, a statement waits for the write lock only.
"""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

CONNECTION_OPTIONS = {
    "connect_timeout": 3,
    # The kernel closes idle connections that are cut off, so that the pool does not hand them out.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Options of every connection; options in DATABASE_URL override them."""

SUSPECT_TIMEOUT_SECONDS = 2.0
"""Response time-out of a connection that is suspected to be dead."""
TIMEOUT_MARGIN_SECONDS = 3
"""Client and server wait this much longer than a statement may take before they give up."""


class Connection(psycopg.Connection[Any]):
    """Closes itself and raises OperationalError when the server does not respond in time."""

    response_timeout: ClassVar[float | None] = None
    """Seconds that a statement of this process waits for a response; None for no limit."""

    _last_timeout_at: ClassVar[float] = 0.0
    """When a connection last timed out. Connections that have not received anything since then are
    suspected to be dead too."""

    _last_response_at: float = 0.0

    session_settings: Mapping[str, str] | None = None
    """The settings that `limit_statements` has sent on this connection."""

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            result = super().wait(gen, interval, timeout or self._timeout())
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                Connection._last_timeout_at = time.monotonic()
                self.close()  # a late response would be taken for that of the next statement
            raise
        self._last_response_at = time.monotonic()
        return result

    def _timeout(self) -> float | None:
        if self.response_timeout is None:
            return None
        is_suspect = self._last_response_at < self._last_timeout_at
        return (
            min(self.response_timeout, SUSPECT_TIMEOUT_SECONDS)
            if is_suspect
            else self.response_timeout
        )


def limit_statements(*, statement_seconds: int, lock_seconds: int) -> None:
    """Set time-outs for every connection that is opened from now on.

    Safe to repeat. Migrations and other commands do not call it and run without time-outs.
    """
    response_seconds = statement_seconds + TIMEOUT_MARGIN_SECONDS
    Connection.response_timeout = response_seconds
    session_settings = {
        "statement_timeout": f"{statement_seconds}s",
        "lock_timeout": f"{lock_seconds}s",
        # A client that is cut off in a transaction holds its locks until the server notices.
        "idle_in_transaction_session_timeout": f"{response_seconds}s",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "3",
        "tcp_keepalives_count": "3",
    }
    sql = "SELECT " + ", ".join(["set_config(%s, %s, false)"] * len(session_settings))
    parameters = [text for pair in session_settings.items() for text in pair]

    def apply_settings(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
        # Django sends the signal for every connection taken from the pool; they keep settings.
        raw = connection.connection
        is_set = getattr(raw, "session_settings", None) == session_settings
        if connection.vendor == "postgresql" and not is_set:
            with connection.cursor() as cursor:
                cursor.execute(sql, parameters)
            raw.session_settings = session_settings

    connection_created.connect(apply_settings, dispatch_uid="config.database", weak=False)
