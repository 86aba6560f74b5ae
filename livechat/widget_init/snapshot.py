"""The widgets of all channels as one process knows them, read again when something changed."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import structlog

from livechat import events
from livechat.bus import bus
from livechat.database import database_time
from livechat.errors import LivechatError
from livechat.services import widgets
from livechat.services.widgets import Widget

logger = structlog.stdlib.get_logger(__name__)

REFRESH_SECONDS = 5.0
"""The greatest age of a snapshot: some changes have no event, as when an operator's lease ends."""
GATHER_SECONDS = 0.1
"""Changes come in groups; they are read together."""
SHARE = 0.1
"""The greatest share of time spent on reading. With thousands of operators a reading takes long,
and in the morning the arrival of each of them is a change."""
REMEMBER_SECONDS = 60.0
"""A website is stored once in this time."""
MAX_SIGHTINGS = 1_000
"""Websites that wait to be stored. Further ones are not: clients can claim any origin."""
MAX_OF_A_CHANNEL = 10
"""The same for one channel, between two snapshots."""

Run = Callable[..., Awaitable[Any]]


class WidgetSnapshot:
    """The widgets as this process last read them, and the websites that asked for one since."""

    def __init__(self) -> None:
        self.widgets: Mapping[str, Widget] | None = None
        self._sightings: dict[tuple[int, str], datetime] = {}
        self._noted: dict[tuple[int, str], float] = {}
        self._seen: Counter[int] = Counter()
        self._changed = asyncio.Event()

    def deliver(self, frame: str) -> None:
        """Take a post of the bus: something changed."""
        self._changed.set()

    def saw(self, channel: int, origin: str) -> None:
        """Note that a page of the website `origin` asked for a channel's widget."""
        key = (channel, origin)
        now = time.monotonic()
        if now - self._noted.get(key, -REMEMBER_SECONDS) < REMEMBER_SECONDS:
            return
        if len(self._sightings) < MAX_SIGHTINGS and self._seen[channel] < MAX_OF_A_CHANNEL:
            self._seen[channel] += 1
            self._noted[key] = now
            self._sightings[key] = database_time.now()

    async def keep(self, run: Run) -> None:
        """Keep the snapshot fresh for ever; `run` calls a service in a thread.

        The caller has refreshed it once: a server waits for that before it serves.
        """
        self._changed = asyncio.Event()
        bus.registry.join(self, events.WIDGETS)
        took = 0.0
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH_SECONDS):
                        await self._changed.wait()
                        await asyncio.sleep(max(GATHER_SECONDS, took / SHARE))
                began = time.monotonic()
                await self.refresh(run)
                took = time.monotonic() - began
        finally:
            bus.registry.drop(self)

    async def refresh(self, run: Run) -> None:
        """Read the widgets again and store the sightings; keep both for later if that fails."""
        self._changed.clear()
        seen, self._sightings = self._sightings, {}
        self._seen.clear()
        kept = seen
        try:
            self.widgets = await run(widgets.snapshot)
            if seen:
                await run(widgets.remember, seen)
            kept = {}
        except LivechatError as error:
            logger.warning("widgets.stale", code=error.code)
        except Exception:  # the loop must not end, as in `HeartbeatLoop.run`
            logger.exception("widgets.failed")
            kept = {}  # a sighting that cannot be stored must not fail each time
        waiting = {**kept, **self._sightings}
        self._sightings = dict(list(waiting.items())[-MAX_SIGHTINGS:])
        self._forget()

    def _forget(self) -> None:
        limit = time.monotonic() - REMEMBER_SECONDS
        self._noted = {key: at for key, at in self._noted.items() if at > limit}


snapshot = WidgetSnapshot()
"""This process's snapshot."""
