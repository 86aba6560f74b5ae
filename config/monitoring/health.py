"""``/healthz``: does the process live? ``/readyz``: should it be sent visitors?

Both are plain ASGI routes before Django, so that they tell the truth while it cannot. `healthz`
touches nothing: whoever restarts what does not answer must not restart us because the database
is away. `readyz` says 503 for what another process of ours may not suffer from, or nobody can
serve without; what visitors hardly notice is ``degraded`` and 200.
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
from config.monitoring.probe import Question
from livechat.bus import bus
from livechat.models import file_storage

logger = structlog.stdlib.get_logger(__name__)

PROBE_SECONDS = 1.0
WRITE_SECONDS = 2.0
KEEP_SECONDS = 1.0
JOBS_SECONDS = 10.0
ECHO_SECONDS = 8.0
"""Without hearing itself through Redis for so long, a process counts Redis as lost."""


_port_closes = False


def port_closes() -> None:
    """From now on say no: the port goes with this process. One of several processes at a port that
    is replaced says nothing of it, as whoever asks again is answered by another."""
    global _port_closes
    _port_closes = True


async def healthz(scope: Any, _receive: Any, send: Any) -> None:
    """Say that the event loop turns."""
    await respond_to_read(scope, send, 200, b'{"ok":true}')


async def readyz(scope: Any, _receive: Any, send: Any) -> None:
    """Say what can be relied on, in words and booleans that tell nothing else."""
    vital, others = await asyncio.gather(_answers(VITAL), _answers(OTHERS))
    if settings.REDIS_URL:
        others["redis"] = is_heard_through_redis()
    is_ready = all(vital.values()) and not _port_closes
    found = {
        "ready": is_ready,
        "degraded": not all(others.values()),
        "draining": _port_closes,
        **vital,
        **others,
    }
    _tell_changes(found)
    await respond_to_read(scope, send, 200 if is_ready else 503, json.dumps(found).encode())


async def _answers(questions: dict[str, Question[bool]]) -> dict[str, bool]:
    found = await asyncio.gather(*(question.answer() for question in questions.values()))
    return {name: answer is True for name, answer in zip(questions, found, strict=True)}


_told: dict[str, bool] = {}


def _tell_changes(found: dict[str, bool]) -> None:
    """Write down what is another way than when somebody last asked."""
    changed = {name: value for name, value in found.items() if _told.get(name, value) != value}
    _told.update(found)
    if changed:
        logger.warning("health.changed", **changed)


# --- what is asked


def is_heard_through_redis() -> bool:
    """Say whether what this process publishes comes back to it."""
    age = bus.echo_age()
    return age is not None and age < ECHO_SECONDS


def database_takes_writes() -> bool:
    """Write to the database, and wait for its disk, without leaving anything behind."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A message in the log that nobody reads. Providers set read-only when a disk is full.
            cursor.execute(
                "SELECT current_setting('transaction_read_only') = 'off', "
                "pg_logical_emit_message(true, 'livechat', '')"
            )
            return bool(cursor.fetchone()[0])
        cursor.execute("PRAGMA user_version")
        cursor.execute(f"PRAGMA user_version = {int(cursor.fetchone()[0])}")
    return True


def has_every_migration() -> bool:
    """Say whether the database is at least as new as this code. It may be newer."""
    return not missing_migrations()


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations of this code that the database has not had."""
    return known_migrations() - set(MigrationRecorder(connection).applied_migrations())


@cache
def known_migrations() -> set[tuple[str, str]]:
    """Return the migrations of this code. The first time all are imported, which takes a while."""
    return set(MigrationLoader(None).disk_migrations)


def has_disk_space() -> bool:
    """Say whether enough is free where files, and perhaps the database, are kept."""
    disk = shutil.disk_usage(settings.VAR_DIR)
    return disk.free * 100 >= disk.total * settings.DISK_RESERVE_PERCENT


def takes_files() -> bool:
    """Write a file where those of visitors go. Other kinds of storage are not asked."""
    storage = file_storage()
    if isinstance(storage, FileSystemStorage):
        folder = Path(storage.location)
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
            file.flush()
    return True


def has_jobs_done() -> bool:
    """Say whether somebody does the periodic jobs."""
    return not overdue()


def _question(
    name: str, ask: Callable[[], bool], within: float = PROBE_SECONDS, keep: float = KEEP_SECONDS
) -> Question[bool]:
    return Question(name, ask, within=within, keep=keep)


VITAL = {
    "database": _question("database", database_takes_writes, WRITE_SECONDS),
    "migrations": _question("migrations", has_every_migration),
    "disk": _question("disk", has_disk_space),
    "files": _question("files", takes_files),
}
"""Without one of these nobody is to be sent here."""
OTHERS = {"jobs": _question("jobs", has_jobs_done, keep=JOBS_SECONDS)}
"""What is missed later: 200 and ``degraded``."""
