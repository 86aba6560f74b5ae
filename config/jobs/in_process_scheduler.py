"""The embedded clock: runs the schedule inside a server when there is no Celery.

Every server has one; the one that holds a lease in the database runs the jobs. A missed run does no
harm, because each job asks the database what is due.
"""

import asyncio
import time

import structlog

from config.jobs.schedule import SCHEDULE, Job
from livechat.consumers.thread_pool import run
from livechat.database.database_time import database_now
from livechat.errors import LivechatError
from livechat.services import jobs, leases

logger = structlog.stdlib.get_logger(__name__)

LEASE = "clock"
LEASE_SECONDS = 15.0
RENEW_SECONDS = 5.0


class JobScheduler:
    """Runs the due jobs of a schedule while it holds the lease. A slow job does not delay others,
    and does not start again before it has ended."""

    def __init__(self, schedule: tuple[Job, ...] = SCHEDULE) -> None:
        self._schedule = schedule
        self._holder = leases.process_holder()
        self._due = dict.fromkeys((job.name for job in schedule), 0.0)
        self._asked_at = float("-inf")
        self._ticks = False
        self._working: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        try:
            while True:
                await self.tick(time.monotonic())
                await asyncio.sleep(1.0)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Give back the lease, so that another server's clock starts at once."""
        if self._ticks:
            self._ticks = False
            await run(leases.release, LEASE, self._holder)

    async def tick(self, now: float) -> None:
        """Start the jobs that are due at `now`, in seconds of a monotonic clock."""
        if now - self._asked_at >= RENEW_SECONDS:
            self._asked_at = now
            self._ticks = await self._may_tick()
        for job in self._schedule:
            is_due = self._due[job.name] <= now and job.name not in self._working
            if self._ticks and is_due:
                self._due[job.name] = now + job.every
                work = self._perform(job)
                self._working[job.name] = asyncio.create_task(work, name=job.name)

    async def settle(self) -> None:
        """Wait until all jobs that were started have ended."""
        while self._working:
            await asyncio.wait(self._working.values())

    async def _may_tick(self) -> bool:
        try:
            return await run(self._take)
        except LivechatError as error:
            logger.warning("clock.failed", code=error.code)
            return False

    def _take(self) -> bool:
        return leases.take(LEASE, self._holder, database_now(), LEASE_SECONDS)

    async def _perform(self, job: Job) -> None:
        try:
            await run(jobs.perform, job.name, job.work)
        except LivechatError as error:
            logger.warning("job.failed", job=job.name, code=error.code)
        except Exception:
            logger.exception("job.failed", job=job.name)  # the others must go on
        finally:
            del self._working[job.name]
