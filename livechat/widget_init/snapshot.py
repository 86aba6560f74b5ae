"""A snapshot of the widgets of all channels in this process, refreshed after changes."""

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
"""The longest pause between refreshes. Some changes have no event: an operator's lease ends."""
FIRST_SECONDS = 1.0
"""The longest pause while there is no snapshot yet."""
WAIT_SECONDS = 2.0
"""How long a request waits for the first snapshot."""
MAX_WAITING = 1_000
"""Requests that may wait for it. Others are refused at once, so that they take no memory."""
RETRY_SECONDS = 5
"""The value of Retry-After while there is no snapshot."""
GATHER_SECONDS = 0.1
"""The shortest wait after a change, so that changes close together need one refresh."""
SHARE = 0.1
"""The wait after a change is the last refresh's duration divided by this, within REFRESH_SECONDS.

It limits the share of time spent on refreshes. With thousands of operators a refresh takes long,
and each operator who arrives in the morning is a change.
"""
REMEMBER_SECONDS = 60.0
"""A website is stored at most once per channel in this time."""
MAX_PENDING_WEBSITES = 1_000
"""The most websites that wait to be stored; others are dropped. Clients can claim any origin."""
MAX_OF_A_CHANNEL = 10
"""The most websites accepted for one channel between two refreshes."""

Run = Callable[..., Awaitable[Any]]


class WidgetSnapshot:
    """The widgets as last read, and the websites that have requested one since."""

    def __init__(self) -> None:
        self.widgets: Mapping[str, Widget] | None = None
        self._sightings: dict[tuple[int, str], datetime] = {}
        self._noted: dict[tuple[int, str], float] = {}
        self._seen: Counter[int] = Counter()
        self._changed = asyncio.Event()
        self._waiting: set[asyncio.Future[None]] = set()

    async def current(self) -> Mapping[str, Widget] | None:
        """Return the widgets. Before the first snapshot wait for it, at most `WAIT_SECONDS`.

        None if it does not come in this time, or if too many requests wait already.
        """
        if self.widgets is None and len(self._waiting) < MAX_WAITING:
            first = asyncio.get_running_loop().create_future()
            self._waiting.add(first)
            with contextlib.suppress(TimeoutError):
                try:
                    async with asyncio.timeout(WAIT_SECONDS):
                        await first
                finally:
                    self._waiting.discard(first)
        return self.widgets

    def deliver(self, frame: str) -> None:
        """Receive a post of the bus: widgets changed."""
        self._changed.set()

    def note_website(self, channel: int, origin: str) -> None:
        """Note that a page of the website `origin` requested the widget of `channel`."""
        key = (channel, origin)
        now = time.monotonic()
        if now - self._noted.get(key, -REMEMBER_SECONDS) < REMEMBER_SECONDS:
            return
        if len(self._sightings) < MAX_PENDING_WEBSITES and self._seen[channel] < MAX_OF_A_CHANNEL:
            self._seen[channel] += 1
            self._noted[key] = now
            self._sightings[key] = database_time.now()

    async def refresh_forever(self, run: Run) -> None:
        """Refresh the snapshot in an endless loop; `run` calls a service in a thread.

        The caller has refreshed it once, because a server waits for the first snapshot.
        """
        self._changed = asyncio.Event()
        bus.registry.join(self, events.WIDGETS)
        took = 0.0
        try:
            while True:
                pause = FIRST_SECONDS if self.widgets is None else REFRESH_SECONDS
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._changed.wait()
                        await asyncio.sleep(max(GATHER_SECONDS, took / SHARE))
                began = time.monotonic()
                await self.refresh(run)
                took = time.monotonic() - began
        finally:
            bus.registry.drop(self)

    async def refresh(self, run: Run) -> None:
        """Read the widgets again and store the sightings.

        On a LivechatError keep the sightings for the next refresh; on another error drop them.
        """
        self._changed.clear()
        seen, self._sightings = self._sightings, {}
        self._seen.clear()
        kept = seen
        try:
            self.widgets = await run(widgets.snapshot)
            self._let_go()
            if seen:
                await run(widgets.remember, seen)
            kept = {}
        except LivechatError as error:
            logger.warning("widgets.stale", code=error.code)
        except Exception:  # the loop must not end, as in `HeartbeatLoop.run`
            logger.exception("widgets.failed")
            kept = {}  # a sighting that cannot be stored would fail every refresh
        waiting = {**kept, **self._sightings}
        self._sightings = dict(list(waiting.items())[-MAX_PENDING_WEBSITES:])
        self._forget()

    def _let_go(self) -> None:
        for first in self._waiting:
            if not first.done():
                first.set_result(None)

    def _forget(self) -> None:
        limit = time.monotonic() - REMEMBER_SECONDS
        self._noted = {key: at for key, at in self._noted.items() if at > limit}


snapshot = WidgetSnapshot()
"""The snapshot of this process."""
