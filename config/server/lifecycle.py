"""Starts and stops the background tasks of a server process: bus, writer, load monitor, heartbeat,
widget snapshot, gauges, and the clock where there is no Celery."""

import asyncio
import contextlib
import gc
import random

from django.conf import settings

from config.database import limit_statements
from config.jobs.in_process_scheduler import JobScheduler
from config.monitoring import gauges, health
from livechat import wire
from livechat.bus import bus
from livechat.consumers.base import BaseConsumer
from livechat.consumers.group_commit import writer
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.consumers.load_monitor import monitor
from livechat.consumers.session_watch import SessionWatch
from livechat.consumers.thread_pool import run
from livechat.database.database_time import database_now
from livechat.errors import LivechatError
from livechat.widget_init.snapshot import snapshot
from livechat.wire import Close

NOTICE_SECONDS = 1.0
"""How long /readyz says 503 before the process stops accepting: a proxy has to probe it first."""
RECONNECTS_PER_SECOND = 25
"""How many sockets a second reconnect to other processes, if `DRAIN_SECONDS` allows: each costs
about 20 ms there."""
GRACE_SECONDS = 1.0
"""How much later than asked a client may leave before its socket is closed."""
DRAIN_TIMEOUT_SECONDS = 16.0
"""How long draining may take, including the commands in progress."""

WARM_UP_SECONDS = 3.0
"""How long the start waits for the widget snapshot, the database's time, and the list of
migrations, without which the first /readyz is too slow."""

_started_on: asyncio.AbstractEventLoop | None = None
_tasks: set[asyncio.Task[None]] = set()


async def start() -> None:
    """Start the tasks of this event loop. Safe to repeat: further calls do nothing."""
    global _started_on
    loop = asyncio.get_running_loop()
    if _started_on is loop:
        return
    _started_on = loop
    limit_statements(statement_seconds=5, lock_seconds=2)
    await bus.attach()
    _tasks.add(loop.create_task(monitor.run(), name="monitor"))
    _tasks.add(loop.create_task(HeartbeatLoop().run(), name="heartbeat"))
    _tasks.add(loop.create_task(SessionWatch().run(), name="session_watch"))
    _tasks.add(loop.create_task(gauges.run(), name="gauges"))
    # Requests wait for this, unless the database is down.
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(
            asyncio.gather(
                snapshot.refresh(run), _read_time(), asyncio.to_thread(health.known_migrations)
            ),
            WARM_UP_SECONDS,
        )
    _tasks.add(loop.create_task(snapshot.refresh_forever(run), name="widgets"))
    if not settings.REDIS_URL:
        _tasks.add(loop.create_task(JobScheduler().run(), name="clock"))
    # Objects made at start-up live until the end; collections that skip them are shorter.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


async def _read_time() -> None:
    with contextlib.suppress(LivechatError):  # the heartbeat reads it again
        await run(database_now)


async def announce_shutdown() -> None:
    """Make /readyz say 503, and wait for a proxy to notice if there are other processes."""
    health.port_closes()
    BaseConsumer.draining = True
    if settings.REDIS_URL:
        await asyncio.sleep(NOTICE_SECONDS)


async def drain() -> None:
    """Ask clients to reconnect elsewhere, one after the other, and finish commands in progress.

    Sockets whose client stays are closed with 4503. Returns within `DRAIN_TIMEOUT_SECONDS`, even if
    something hangs.
    """
    BaseConsumer.draining = True
    leaving: dict[BaseConsumer, asyncio.Task[None]] = {}
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_TIMEOUT_SECONDS):
            while BaseConsumer.all_sockets:
                # Repeated, because some sockets were still opening at the first pass.
                new = [
                    one for one in BaseConsumer.all_sockets if one.is_open and one not in leaving
                ]
                for socket, wait in zip(new, _drain_delays(len(new)), strict=True):
                    leaving[socket] = asyncio.create_task(_drain_socket(socket, wait))
                await asyncio.sleep(0.02)
            await writer.empty()
    for task in leaving.values():
        task.cancel()
    for socket in BaseConsumer.all_sockets:
        socket.close(Close.DRAINING)


def _drain_delays(sockets: int) -> list[float]:
    """Return after how many seconds each of `sockets` sockets is to leave, in random order."""
    spread = min(settings.DRAIN_SECONDS, sockets / RECONNECTS_PER_SECOND)
    step = spread / max(1, sockets)
    turns = [(place + random.random()) * step for place in range(sockets)]  # noqa: S311 - jitter
    random.shuffle(turns)
    return turns


async def _drain_socket(socket: BaseConsumer, wait_seconds: float) -> None:
    socket.send_event(wire.Drain(int(wait_seconds * 1000)))
    await asyncio.sleep(wait_seconds + GRACE_SECONDS)
    await socket.close_when_done()


async def stop() -> None:
    """Stop the tasks that `start` created."""
    global _started_on
    for task in _tasks:
        task.cancel()
    await asyncio.gather(*_tasks, return_exceptions=True)
    _tasks.clear()
    await bus.detach()
    _started_on = None
