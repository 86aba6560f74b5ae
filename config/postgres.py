"""Connections to PostgreSQL that notice when nobody answers any more.

A server that was cut off, or froze, says nothing: without a limit of our own a thread waits for it
for a quarter of an hour, until the kernel gives up.
"""

import time
from collections.abc import Mapping
from typing import Any, ClassVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus

NETWORK = {
    "connect_timeout": 3,
    # The kernel ends what is idle and cut off, so that the pool does not hand it out.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Options of every connection; what DATABASE_URL says comes before them."""

DOUBTFUL_SECONDS = 2.0


class Connection(psycopg.Connection[Any]):
    """Raises OperationalError when a statement is answered too late, and is closed then."""

    patience: ClassVar[float | None] = None
    """Seconds within which this process's statements are answered; None for ever."""

    _silence_at: ClassVar[float] = 0.0
    """When a connection was last found silent: those not heard since are doubtful too."""

    _heard_at: float = 0.0

    limits: Mapping[str, str] | None = None
    """The limits that the other side has been told (`statements.py`)."""

    def wait(self, gen: PQGen[Any], interval: float = 0.1, timeout: float | None = None) -> Any:
        try:
            answer = super().wait(gen, interval, timeout or self._patience())
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                Connection._silence_at = time.monotonic()
                self.close()  # what it would still say answers nobody's question
            raise
        self._heard_at = time.monotonic()
        return answer

    def _patience(self) -> float | None:
        if self.patience is None:
            return None
        is_doubtful = self._heard_at < self._silence_at
        return min(self.patience, DOUBTFUL_SECONDS) if is_doubtful else self.patience
