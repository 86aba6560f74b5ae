"""What runs beside the requests in a serving process: bus, writer, pulse, widgets,
and the clock where there is no Celery."""

import asyncio
import contextlib
import gc
import logging
import random

from django.conf import settings

from config import statements
from config.clock import Clock
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
    statements.limit(statement="5s", lock="2s")
    await bus.attach()
    _tasks.add(loop.create_task(Pulse().run(), name="pulse"))
    # Nobody is answered before something is known, unless the database is away.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(board.refresh(run), FIRST_SECONDS)
    _tasks.add(loop.create_task(board.keep(run), name="widgets"))
    if not settings.REDIS_URL:
        _tasks.add(loop.create_task(Clock().run(), name="clock"))
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
