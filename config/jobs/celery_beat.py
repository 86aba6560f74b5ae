"""Celery's beat. Any number may run: the one that holds a lease in the database sends the jobs.

The others stand by. When the active one dies, another takes over in about half a minute.
"""

from typing import Any

import structlog
from celery.beat import Scheduler as CelerysScheduler
from celery.beat import SchedulingError
from django.db import DatabaseError, InterfaceError, close_old_connections

from livechat.database.database_time import database_now
from livechat.services import leases

logger = structlog.stdlib.get_logger(__name__)

LEASE = "beat"
LEASE_SECONDS = 30.0
STAND_BY_SECONDS = 5.0


class Scheduler(CelerysScheduler):
    """A beat without a state file: a job that runs once too often finds nothing to do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._holder = leases.process_holder()
        super().__init__(*args, **kwargs)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send due jobs if this beat holds the lease; return the seconds until the next call."""
        if not self._holds_lease():
            return STAND_BY_SECONDS
        return min(float(super().tick(*args, **kwargs)), STAND_BY_SECONDS)

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send one job. If the broker is missing or full, log it; the job is sent next time."""
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            logger.warning("beat.failed", error=type(error).__name__)

    def close(self) -> None:
        """Give back the lease, so that another beat starts at once."""
        try:
            leases.release(LEASE, self._holder)
        except (DatabaseError, InterfaceError):
            logger.warning("beat.lease_kept")
        super().close()

    def _holds_lease(self) -> bool:
        try:
            close_old_connections()
            return leases.take(LEASE, self._holder, database_now(), LEASE_SECONDS)
        except (DatabaseError, InterfaceError) as error:
            logger.warning("beat.no_database", error=type(error).__name__)
            return False
