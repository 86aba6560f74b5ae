"""The checks of ``manage.py doctor`` and of the Admin's start page: independent functions that
yield findings.

A check never shows a secret. A check that crashes does not stop the others.
"""

from collections.abc import Callable, Iterator

from config.doctor import database, jobs, machine, redis_server, setup, versions
from config.doctor.finding import Finding, Level, error

Check = Callable[[], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "programs": versions.versions,
    "settings": setup.settings_are_safe,
    "secrets": setup.secrets_are_kept,
    "static files": setup.static_files_are_current,
    "database": database.is_reachable,
    "migrations": database.has_every_migration,
    "websites": setup.websites_are_named,
    "durability": database.is_durable,
    "connections": database.has_connections,
    "clock": database.clock_agrees,
    "jobs": jobs.run_on_time,
    "redis": redis_server.is_reachable,
    "redis time-outs": redis_server.has_long_timeouts,
    "redis memory": redis_server.never_evicts,
    "files": machine.accepts_files,
    "disk": machine.has_space,
    "open files": machine.has_open_file_limit,
}

DEPENDS_ON = {
    "migrations": "database",
    "websites": "migrations",
    "durability": "database",
    "connections": "database",
    "clock": "database",
    "jobs": "migrations",
    "redis time-outs": "redis",
    "redis memory": "redis",
}
"""Check -> the check it depends on. After an error there it is skipped: it would fail as well."""


CHECKS_OF_THIS_HOST = CHECKS | {"settings": setup.settings_fit_this_host}
"""`CHECKS` without what only a public host needs, where this host is not public."""


def examine(checks: dict[str, Check] | None = None) -> Iterator[tuple[str, Finding]]:
    """Run the checks and yield their findings, each with the name of its check."""
    failed: set[str] = set()
    for name, check in (CHECKS if checks is None else checks).items():
        if DEPENDS_ON.get(name) in failed:
            failed.add(name)
            continue
        for finding in _findings(check):
            if finding.level is Level.ERROR:
                failed.add(name)
            yield name, finding


def _findings(check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as failure:  # a broken system can make its check fail in any way
        kind = f"{type(failure).__module__}.{type(failure).__qualname__}"
        yield error(
            f"This check failed with {kind}.", "Fix the other errors first, then run it again."
        )


__all__ = ["CHECKS", "CHECKS_OF_THIS_HOST", "Finding", "Level", "examine"]
