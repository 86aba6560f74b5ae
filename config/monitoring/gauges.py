"""Gauges that are measured every few seconds: sockets, queues, the connection pool, the process.

What happens for every frame is counted in `livechat.metrics` instead.
"""

import asyncio
import contextlib
import gc
import os
import resource
import threading
import time
from collections import defaultdict
from typing import Any

import structlog
from django.db import connections
from prometheus_client import Counter, Gauge, Histogram

from config.monitoring.probe import Probe
from livechat import metrics
from livechat.bus import bus
from livechat.consumers import thread_pool
from livechat.consumers.base import BaseConsumer
from livechat.consumers.group_commit import writer
from livechat.consumers.load_monitor import resident_bytes
from livechat.services import installation

logger = structlog.stdlib.get_logger(__name__)

TICK_SECONDS = 0.5
"""The interval of measuring the event loop's lag."""
MEASURE_TICKS = 10
"""All other gauges are measured once in so many ticks."""
FIGURES_TTL_SECONDS = 10.0
OPEN_FILES = "/proc/self/fd"

LOOP_LAG = Histogram(
    "livechat_loop_lag_seconds",
    "How late the event loop was with what was due.",
    buckets=metrics.SECONDS,
)
POOL = Gauge(
    "livechat_db_connections",
    "Connections of the database's pool.",
    ["state"],
    multiprocess_mode="livesum",
)
POOL_WAITING = Gauge(
    "livechat_db_waiting", "Threads that wait for a connection.", multiprocess_mode="livesum"
)
POOL_WAITED = Counter("livechat_db_wait_seconds", "Time that threads waited for a connection.")
POOL_ERRORS = Counter("livechat_db_wait_errors", "Times that no connection was to be had.")
MEMORY = Gauge(
    "livechat_resident_bytes", "Memory in use, of all processes.", multiprocess_mode="livesum"
)
FILES = Gauge(
    "livechat_open_files",
    "Open files and sockets of the process that has most.",
    multiprocess_mode="livemax",
)
FILES_ALLOWED = Gauge(
    "livechat_open_files_allowed",
    "How many a process may have open.",
    multiprocess_mode="livemin",
)
THREADS = Gauge("livechat_threads", "Threads of all processes.", multiprocess_mode="livesum")
PROCESSES = Gauge("livechat_processes", "Processes that serve.", multiprocess_mode="livesum")
DRAINING = Gauge(
    "livechat_draining", "Processes that send their sockets away.", multiprocess_mode="livesum"
)
COLLECTIONS = Counter("livechat_gc_collections", "Runs of the garbage collector.", ["generation"])
COLLECTING = Counter("livechat_gc_seconds", "Time that they took.")
CONVERSATIONS = Gauge(
    "livechat_conversations",
    "Conversations that are open, and those that wait for an operator.",
    ["state"],
    multiprocess_mode="livemostrecent",
)
LONGEST_WAIT = Gauge(
    "livechat_longest_wait_seconds",
    "How long a waiting visitor has been without an answer.",
    multiprocess_mode="livemostrecent",
)
OPERATORS = Gauge(
    "livechat_operators_online",
    "Operators who are there and accept.",
    multiprocess_mode="livemostrecent",
)

_live_counts = Probe(
    "live counts", installation.live_counts, timeout_seconds=1.0, ttl_seconds=FIGURES_TTL_SECONDS
)
_collecting_since = 0.0
_collecting_seconds = 0.0
_collections: defaultdict[int, int] = defaultdict(int)
"""Runs by generation. These and the seconds above wait to be added to the counters."""
_previous_pool = {"requests_wait_ms": 0, "requests_errors": 0}


async def run() -> None:
    """Measure until cancelled."""
    if _count_collection not in gc.callbacks:
        gc.callbacks.append(_count_collection)
    for tick in range(2**62):
        started = time.monotonic()
        await asyncio.sleep(TICK_SECONDS)
        LOOP_LAG.observe(max(0.0, time.monotonic() - started - TICK_SECONDS))
        metrics.flush()
        if tick % MEASURE_TICKS == 0:
            try:
                await measure()
            except Exception:  # the next measurement may succeed
                logger.exception("gauges.failed")


async def measure() -> None:
    """Set all gauges, except those that need the database."""
    kinds = {"visitor": 0, "staff": 0}
    waiting_bytes = 0
    for socket in BaseConsumer.live:
        kinds[socket.kind] += 1
        waiting_bytes += socket.waiting_bytes
    for kind, count in kinds.items():
        metrics.SOCKETS.labels(kind).set(count)
    metrics.OUTBOX.set(waiting_bytes)
    metrics.WRITER_QUEUE.set(writer.waiting)
    metrics.SERVICES_WAITING.set(thread_pool.waiting())
    metrics.BUS_ECHO_AGE.set(bus.echo_age() or 0.0)
    PROCESSES.set(1)
    DRAINING.set(int(BaseConsumer.draining))
    _publish_collections()
    await asyncio.to_thread(_measure_process)


async def measure_conversations() -> None:
    """Set the gauges of conversations and operators from the database, queried at most every ten
    seconds. They are NaN while the database does not respond, rather than out of date."""
    found = await _live_counts.result()
    nothing = float("nan")
    CONVERSATIONS.labels("open").set(found.open if found else nothing)
    CONVERSATIONS.labels("waiting").set(found.waiting if found else nothing)
    LONGEST_WAIT.set(found.longest_wait_seconds if found else nothing)
    OPERATORS.set(found.operators if found else nothing)


def _measure_process() -> None:
    THREADS.set(threading.active_count())
    FILES_ALLOWED.set(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    MEMORY.set(resident_bytes())
    with contextlib.suppress(OSError):  # only Linux has it
        FILES.set(len(os.listdir(OPEN_FILES)))
    if connections["default"].vendor == "postgresql":
        _measure_pool()


def _measure_pool() -> None:
    connection: Any = connections["default"]
    found = connection.pool.get_stats()
    idle = found.get("pool_available", 0)
    POOL.labels("idle").set(idle)
    POOL.labels("used").set(found.get("pool_size", 0) - idle)
    POOL_WAITING.set(found.get("requests_waiting", 0))
    now = {name: found.get(name, 0) for name in _previous_pool}
    POOL_WAITED.inc(max(0, now["requests_wait_ms"] - _previous_pool["requests_wait_ms"]) / 1000)
    POOL_ERRORS.inc(max(0, now["requests_errors"] - _previous_pool["requests_errors"]))
    _previous_pool.update(now)


def _count_collection(phase: str, info: dict[str, int]) -> None:
    """Count a garbage collection, without taking a lock.

    A collection can start in a thread that holds a lock of the metrics. With several processes all
    metrics share one lock, so taking it here would deadlock.
    """
    global _collecting_since, _collecting_seconds
    if phase == "start":
        _collecting_since = time.perf_counter()
    else:
        _collecting_seconds += time.perf_counter() - _collecting_since
        _collections[info["generation"]] += 1


def _publish_collections() -> None:
    global _collecting_seconds
    seconds, _collecting_seconds = _collecting_seconds, 0.0
    COLLECTING.inc(seconds)
    for generation in tuple(_collections):
        COLLECTIONS.labels(str(generation)).inc(_collections.pop(generation))
