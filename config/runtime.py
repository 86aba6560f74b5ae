"""What runs beside the requests in a serving process: bus, writer, pulse, widgets."""

import asyncio
import contextlib
import gc
import logging
import random

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from livechat import wire
from livechat.bus import bus
from livechat.consumers.base import BaseConsumer
from livechat.consumers.pulse import Pulse
from livechat.consumers.threads import run
from livechat.consumers.writer import writer
from livechat.init import board
from livechat.wire import Close

logger = logging.getLogger(__name__)

DRAIN_SECONDS = 5.0
"""How long clients have to move to another process before they are told to go."""

FIRST_SECONDS = 3.0
"""How long the start waits for what the database says of the widgets."""

_started_on: asyncio.AbstractEventLoop | None = None
_tasks: set[asyncio.Task[None]] = set()


async def start() -> None:
    """Start what belongs to this event loop. Safe to repeat: the second call does nothing."""
    global _started_on
    loop = asyncio.get_running_loop()
    if _started_on is loop:
        return
    _started_on = loop
    connection_created.connect(_limit_statements, dispatch_uid="runtime.limits")
    await bus.attach()
    _tasks.add(loop.create_task(Pulse().run(), name="pulse"))
    # Nobody is answered before something is known, unless the database is away.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(board.refresh(run), FIRST_SECONDS)
    _tasks.add(loop.create_task(board.keep(run), name="widgets"))
    # What start-up made lives for ever; without it in every collection the pauses are short.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def drain() -> None:
    """Send the sockets elsewhere and let what is being written finish."""
    BaseConsumer.draining = True
    sockets = list(BaseConsumer.live)
    for socket in sockets:
        wait = random.randint(0, int(DRAIN_SECONDS * 400))  # noqa: S311 - jitter, not a secret
        socket.say(wire.Drain(wait))
    await writer.empty()
    if sockets:
        await asyncio.sleep(0.2)
        for socket in sockets:
            socket.close(Close.DRAINING)
        for _ in range(20):
            if not BaseConsumer.live:
                break
            await asyncio.sleep(0.1)


async def stop() -> None:
    """Stop what `start` started."""
    global _started_on
    for task in _tasks:
        task.cancel()
    await asyncio.gather(*_tasks, return_exceptions=True)
    _tasks.clear()
    await bus.detach()
    _started_on = None


def _limit_statements(connection: BaseDatabaseWrapper, **_kwargs: object) -> None:
    """No statement of a serving process may hold up the others; migrations know no limit."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = '5s'; SET lock_timeout = '2s'")
