"""Measures the load of this process, and sets the limiter's level of load shedding."""

import asyncio
import os
import time
from collections import deque
from pathlib import Path

import structlog
from django.conf import settings

from livechat.consumers import thread_pool
from livechat.consumers.group_commit import writer
from livechat.domain.overload import Level, Load, Reading
from livechat.limiter import limiter

logger = structlog.stdlib.get_logger(__name__)

TICK_SECONDS = 0.1
STEADY_TICKS = 3
"""Number of late ticks in a row that make a lag: one long step of the loop is not overload."""
MEMORY_TICKS = 10
STATM = Path("/proc/self/statm")


class LoadMonitor:
    """Measures ten times a second."""

    def __init__(self) -> None:
        self.reading = Reading()
        """The latest measurement."""
        self._load = Load()
        self._lags: deque[float] = deque([0.0] * STEADY_TICKS, STEADY_TICKS)

    async def run(self) -> None:
        """Keep the limiter's level up to date. Never returns."""
        turn = 0
        while True:
            expected = time.monotonic() + TICK_SECONDS
            await asyncio.sleep(TICK_SECONDS)
            now = time.monotonic()
            turn += 1
            self._lags.append(max(0.0, now - expected))
            memory = self.reading.memory
            if turn % MEMORY_TICKS == 1 and settings.MAX_MEMORY:
                memory = resident_bytes() / settings.MAX_MEMORY
            self.reading = Reading(
                lag=min(self._lags),
                waiting=writer.waiting,
                oldest=max(writer.oldest(now), thread_pool.oldest(now)),
                memory=memory,
            )
            self._set(self._load.observe(self.reading, now))

    def _set(self, level: Level) -> None:
        if level == limiter.level:
            return
        limiter.level = level
        logger.warning(
            "load.changed",
            load=level.name.lower(),
            lag=round(self.reading.lag, 2),
            waiting=self.reading.waiting,
            oldest=round(self.reading.oldest, 2),
            memory=round(self.reading.memory, 2),
        )


def resident_bytes() -> int:
    """Return the resident memory of this process in bytes; 0 on systems without `/proc`."""
    try:
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


monitor = LoadMonitor()
"""This process's monitor."""
