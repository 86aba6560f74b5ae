"""What runs beside the requests in a serving process: bus, writer, monitor, pulse, widgets, and
the clock where there is no Celery."""

import asyncio
import contextlib
import gc
import random

from django.conf import settings

from config.database import limit_statements
from config.jobs.clock import Clock
from config.monitoring import gauges, health, metrics_endpoint
from livechat import wire
from livechat.bus import bus
from livechat.consumers.base import BaseConsumer
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.consumers.load_monitor import monitor
from livechat.consumers.session_watch import SessionWatch
from livechat.consumers.thread_pool import run
from livechat.consumers.writer import writer
from livechat.database.database_time import database_now
from livechat.errors import LivechatError
from livechat.widget_init.endpoint import board
from livechat.wire import Close

NOTICE_SECONDS = 1.0
"""How long /readyz says no before nobody is taken in any more: a proxy has to ask first."""
RETURNS_PER_SECOND = 25
"""How many sockets a second are sent to the other processes, unless there is no time for that: each
costs about 20 ms there."""
LATE_SECONDS = 1.0
"""How much later than asked a client may leave before its socket is closed."""
LEAVE_SECONDS = 16.0
"""How long all this may take, what is being done for the clients included."""

FIRST_SECONDS = 3.0
"""How long the start waits for what the database says of the widgets and of the time, and for what
/readyz would be too late with the first time it is asked."""

_started_on: asyncio.AbstractEventLoop | None = None
_tasks: set[asyncio.Task[None]] = set()


async def start() -> None:
    """Start what belongs to this event loop. Safe to repeat: the second call does nothing."""
    global _started_on
    loop = asyncio.get_running_loop()
    if _started_on is loop:
        return
    _started_on = loop
    limit_statements(statement_seconds=5, lock_seconds=2)
    await bus.attach()
    _tasks.add(loop.create_task(monitor.run(), name="monitor"))
    _tasks.add(loop.create_task(HeartbeatLoop().run(), name="heartbeat"))
    _tasks.add(loop.create_task(SessionWatch().keep(), name="session_watch"))
    _tasks.add(loop.create_task(gauges.run(), name="gauges"))
    if settings.METRICS_ADDRESS:
        _tasks.add(
            loop.create_task(metrics_endpoint.serve(*settings.METRICS_ADDRESS), name="metrics")
        )
    # Nobody is answered before something is known, unless the database is away.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(
            asyncio.gather(
                board.refresh(run), _read_time(), asyncio.to_thread(health.known_migrations)
            ),
            FIRST_SECONDS,
        )
    _tasks.add(loop.create_task(board.keep(run), name="widgets"))
    if not settings.REDIS_URL:
        _tasks.add(loop.create_task(Clock().run(), name="clock"))
    # What start-up made lives for ever; without it in every collection the pauses are short.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _read_time() -> None:
    with contextlib.suppress(LivechatError):  # the pulse reads it again and again
        await run(database_now)


async def give_notice() -> None:
    """Have /readyz say no, for so long that a proxy hears of it where there are others to ask."""
    health.port_closes()
    BaseConsumer.draining = True
    if settings.REDIS_URL:
        await asyncio.sleep(NOTICE_SECONDS)


async def drain() -> None:
    """Send the sockets elsewhere, each in its turn, and let what is being done finish.

    Whoever does not go is closed with 4503. Returns within `LEAVE_SECONDS` whatever hangs.
    """
    BaseConsumer.draining = True
    leaving: dict[BaseConsumer, asyncio.Task[None]] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_SECONDS):
            while BaseConsumer.here:
                # Again and again: some were about to be opened when we began.
                new = [one for one in BaseConsumer.here if one.is_open and one not in leaving]
                for socket, wait in zip(new, _turns(len(new)), strict=True):
                    leaving[socket] = asyncio.create_task(_send_away(socket, wait))
                await asyncio.sleep(0.02)
            await writer.empty()
    for task in leaving.values():
        task.cancel()
    for socket in BaseConsumer.here:
        socket.close(Close.DRAINING)


def _turns(sockets: int) -> list[float]:
    """Return when each of so many sockets is to go, in seconds and without any order."""
    spread = min(settings.DRAIN_SECONDS, sockets / RETURNS_PER_SECOND)
    step = spread / max(1, sockets)
    turns = [(place + random.random()) * step for place in range(sockets)]  # noqa: S311 - jitter
    random.shuffle(turns)
    return turns


async def _send_away(socket: BaseConsumer, wait_seconds: float) -> None:
    socket.say(wire.Drain(int(wait_seconds * 1000)))
    await asyncio.sleep(wait_seconds + LATE_SECONDS)
    await socket.depart()


async def stop() -> None:
    """Stop what `start` started."""
    global _started_on
    for task in _tasks:
        task.cancel()
    await asyncio.gather(*_tasks, return_exceptions=True)
    _tasks.clear()
    await bus.detach()
    _started_on = None
