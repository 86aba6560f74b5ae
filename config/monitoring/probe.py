"""Probes: checks of things that may hang, such as the database and the disk."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog
from django.db import connection

logger = structlog.stdlib.get_logger(__name__)

T = TypeVar("T")


class Probe(Generic[T]):
    """Runs `check` in a thread of its own, once at a time, and caches the result.

    A failure is cached too, for `ttl_seconds` like any other result. The thread is a daemon outside
    of every pool: it runs while all service threads are busy, and when it hangs it blocks nothing
    else.
    """

    def __init__(
        self, name: str, check: Callable[[], T], *, timeout_seconds: float, ttl_seconds: float
    ) -> None:
        self._name = name
        self._check = check
        self._timeout_seconds = timeout_seconds
        self._ttl_seconds = ttl_seconds
        self._cached: T | None = None
        self._cached_at = -ttl_seconds
        self._started_at = 0.0
        self._running: asyncio.Future[T | None] | None = None

    async def result(self) -> T | None:
        """Return the result; None when the check raises or takes longer than the time-out."""
        now = time.monotonic()
        if now - self._cached_at < self._ttl_seconds:
            return self._cached
        loop = asyncio.get_running_loop()
        running = self._running
        if running is None or running.get_loop() is not loop:
            running = self._running = loop.create_future()
            self._started_at = now
            threading.Thread(
                target=self._run, args=(loop, running), name=f"probe-{self._name}", daemon=True
            ).start()
        seconds_left = max(0.0, self._started_at + self._timeout_seconds - now)
        await asyncio.wait([running], timeout=seconds_left)
        self._cached = running.result() if running.done() else None
        self._cached_at = time.monotonic()
        if running.done():
            self._running = None
        return self._cached

    def clear_cache(self) -> None:
        """Run the check the next time that the result is asked for."""
        self._cached_at = -self._ttl_seconds

    def _run(self, loop: asyncio.AbstractEventLoop, running: "asyncio.Future[T | None]") -> None:
        result: T | None = None
        try:
            result = self._check()
        except Exception as error:  # a probe fails, whatever the reason
            logger.warning("probe.failed", probe=self._name, error=type(error).__name__)
        finally:
            with contextlib.suppress(Exception):
                connection.close()
        with contextlib.suppress(RuntimeError):  # the loop may have ended since
            loop.call_soon_threadsafe(_set_result, running, result)


def _set_result(running: "asyncio.Future[T | None]", result: T | None) -> None:
    if not running.done():
        running.set_result(result)
