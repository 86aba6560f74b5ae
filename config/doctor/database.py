"""Checks of the database: writes, durability, connections, clock and migrations."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.utils import DatabaseError

from config.doctor.finding import Finding, error, ok
from config.monitoring import health

LEAST_POSTGRES = 13
MAX_SKEW_SECONDS = 2.0
RESERVED = 10
"""Connections reserved for administrators, migrations and jobs."""


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


def ask(question: str) -> Any:
    """Return the first value of a query's result."""
    with connection.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def is_reachable() -> Iterator[Finding]:
    began = time.monotonic()
    try:
        writes = health.database_takes_writes()
    except DatabaseError as failure:
        yield error(
            f"The database does not accept writes ({type(failure).__name__}).",
            "Check that the database is running, that DATABASE_URL is correct and that its disk"
            " is not full.",
        )
        return
    seconds = time.monotonic() - began
    if not writes:
        yield error("The database is read-only.", "Connect to the primary server.")
    elif seconds > health.WRITE_TIMEOUT_SECONDS:
        yield error(
            f"A write to the database took {seconds:.1f} s.",
            "Check the database for locks and its disk for load.",
        )
    if not is_postgres():
        yield ok("SQLite is in use. It supports one process.")
        return
    version = int(ask("SHOW server_version_num")) // 10_000
    if version < LEAST_POSTGRES:
        yield error(f"PostgreSQL {version} is too old.", f"Install {LEAST_POSTGRES} or newer.")
    yield ok(f"PostgreSQL {version}; a write took {seconds * 1000:.0f} ms.")


def is_durable() -> Iterator[Finding]:
    """Check that acknowledged messages survive a power cut."""
    if not is_postgres():
        yield ok("Every commit is written to disk.")
        return
    off = [name for name in ("fsync", "full_page_writes") if ask(f"SHOW {name}") != "on"]
    if ask("SHOW synchronous_commit") in ("off", "false"):
        off.append("synchronous_commit")
    for name in off:
        yield error(
            f"PostgreSQL runs with {name} off. A power cut can lose acknowledged messages.",
            f"Set {name} = on in postgresql.conf.",
        )
    if not off:
        yield ok("Every commit is written to disk.")


def has_connections() -> Iterator[Finding]:
    """Check that PostgreSQL allows every process as many connections as its pool may open."""
    if not is_postgres():
        return
    options: Any = settings.DATABASES["default"].get("OPTIONS")
    pool = options["pool"]["max_size"]
    allowed = int(ask("SHOW max_connections"))
    processes = getattr(settings, "WORKERS", 1)
    if pool * processes + RESERVED > allowed:
        yield error(
            f"{processes} processes with {pool} connections each, plus {RESERVED} reserved"
            f" connections, exceed PostgreSQL's limit of {allowed}.",
            "Raise max_connections, or lower DB_THREADS.",
        )
    else:
        most = (allowed - RESERVED) // pool
        yield ok(f"PostgreSQL allows {most} processes with {pool} connections each.")


def clock_agrees() -> Iterator[Finding]:
    """Check the clock against the database's: leases and waiting times compare both."""
    if not is_postgres():
        return
    before = datetime.now(UTC)
    there: datetime = ask("SELECT clock_timestamp()")
    half = (datetime.now(UTC) - before) / 2
    skew = abs((there - before - half).total_seconds())
    if skew > MAX_SKEW_SECONDS:
        yield error(
            f"The clocks of the database and of this machine differ by {skew:.1f} s.",
            "Synchronise both with NTP (chrony, systemd-timesyncd).",
        )
    else:
        yield ok("The clocks of the database and of this machine agree.")


def has_every_migration() -> Iterator[Finding]:
    missing = sorted(health.missing_migrations())
    if missing:
        names = ", ".join(".".join(one) for one in missing[:3])
        yield error(
            f"{len(missing)} migrations are not applied ({names} …). The server cannot run"
            " without them.",
            "Run manage.py migrate.",
        )
    else:
        yield ok("All migrations are applied.")
