"""``/healthz``: does the process live? ``/readyz``: should it be sent visitors?

Both are plain ASGI routes before Django, so that they respond when Django cannot. `healthz` checks
nothing else: an orchestrator must not restart the process because the database is down. `readyz`
is 503 when the process cannot serve visitors. When something less important is missing, the process
is ``degraded``, and `readyz` is 200.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.http.responses import respond_to_read
from config.jobs.schedule import overdue
from config.monitoring.probe import Probe
from livechat.bus import bus
from livechat.models import file_storage

logger = structlog.stdlib.get_logger(__name__)

PROBE_TIMEOUT_SECONDS = 1.0
WRITE_TIMEOUT_SECONDS = 2.0
PROBE_TTL_SECONDS = 1.0
JOBS_TTL_SECONDS = 10.0
ECHO_SECONDS = 8.0
"""A process that has not received its own events through Redis for so long counts Redis as lost."""


_port_closes = False


def port_closes() -> None:
    """Make `readyz` say 503 from now on, because the port closes with this process.

    A worker that is replaced does not call it: other workers still serve the port.
    """
    global _port_closes
    _port_closes = True


async def healthz(scope: Any, _receive: Any, send: Any) -> None:
    """Answer 200: the event loop runs."""
    await respond_to_read(scope, send, 200, b'{"ok":true}')


async def readyz(scope: Any, _receive: Any, send: Any) -> None:
    """Answer with the result of every probe as a boolean, and with no further details."""
    vital, others = await asyncio.gather(_results(REQUIRED), _results(OPTIONAL))
    if settings.REDIS_URL:
        others["redis"] = redis_delivers()
    is_ready = all(vital.values()) and not _port_closes
    found = {
        "ready": is_ready,
        "degraded": not all(others.values()),
        "draining": _port_closes,
        **vital,
        **others,
    }
    _log_changes(found)
    await respond_to_read(scope, send, 200 if is_ready else 503, json.dumps(found).encode())


async def _results(probes: dict[str, Probe[bool]]) -> dict[str, bool]:
    results = await asyncio.gather(*(probe.result() for probe in probes.values()))
    return {name: result is True for name, result in zip(probes, results, strict=True)}


_previous: dict[str, bool] = {}


def _log_changes(found: dict[str, bool]) -> None:
    """Log what has changed since the previous request."""
    changed = {name: value for name, value in found.items() if _previous.get(name, value) != value}
    _previous.update(found)
    if changed:
        logger.warning("health.changed", **changed)


# --- checks


def redis_delivers() -> bool:
    """Return whether this process receives what it publishes."""
    age = bus.echo_age()
    return age is not None and age < ECHO_SECONDS


def database_takes_writes() -> bool:
    """Write to the database and wait for its disk. Leaves nothing behind."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A message in the write-ahead log, without a reader. Hosting providers make a database
            # read-only when its disk is full.
            cursor.execute(
                "SELECT current_setting('transaction_read_only') = 'off', "
                "pg_logical_emit_message(true, 'livechat', '')"
            )
            return bool(cursor.fetchone()[0])
        cursor.execute("PRAGMA user_version")
        cursor.execute(f"PRAGMA user_version = {int(cursor.fetchone()[0])}")
    return True


def has_every_migration() -> bool:
    """Return whether the database is at least as new as this code. It may be newer."""
    return not missing_migrations()


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations of this code that were not applied."""
    return known_migrations() - set(MigrationRecorder(connection).applied_migrations())


@cache
def known_migrations() -> set[tuple[str, str]]:
    """Return the migrations of this code. The first call imports them all, which is slow."""
    return set(MigrationLoader(None).disk_migrations)


def has_disk_space() -> bool:
    """Return whether enough is free on the disk with the files, and perhaps the database."""
    disk = shutil.disk_usage(settings.VAR_DIR)
    return disk.free * 100 >= disk.total * settings.DISK_RESERVE_PERCENT


def accepts_files() -> bool:
    """Write a file where visitors' files are stored. Other kinds of storage are not checked."""
    storage = file_storage()
    if isinstance(storage, FileSystemStorage):
        folder = Path(storage.location)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    return True


def has_jobs_done() -> bool:
    """Return whether the periodic jobs run."""
    return not overdue()


def _probe(
    name: str,
    check: Callable[[], bool],
    timeout_seconds: float = PROBE_TIMEOUT_SECONDS,
    ttl_seconds: float = PROBE_TTL_SECONDS,
) -> Probe[bool]:
    return Probe(name, check, timeout_seconds=timeout_seconds, ttl_seconds=ttl_seconds)


REQUIRED = {
    "database": _probe("database", database_takes_writes, WRITE_TIMEOUT_SECONDS),
    "migrations": _probe("migrations", has_every_migration),
    "disk": _probe("disk", has_disk_space),
    "files": _probe("files", accepts_files),
}
"""When one of these fails, the process is not ready: 503."""
OPTIONAL = {"jobs": _probe("jobs", has_jobs_done, ttl_seconds=JOBS_TTL_SECONDS)}
"""When one of these fails, the process is ready and ``degraded``: 200."""
