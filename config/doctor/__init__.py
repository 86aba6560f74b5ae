"""What ``manage.py doctor`` looks at: independent checks, each a function that yields findings.

A check never shows a secret, and one that breaks takes none of the others with it.
"""

from collections.abc import Callable, Iterator

from config.doctor import database, jobs, machine, memory, programs, setup
from config.doctor.finding import Finding, Level, error

Check = Callable[[], Iterator[Finding]]

CHECKS: dict[str, Check] = {
    "programs": programs.versions,
    "settings": setup.settings_are_safe,
    "secrets": setup.secrets_are_kept,
    "static files": setup.static_files_are_current,
    "database": database.answers,
    "migrations": database.has_every_migration,
    "websites": setup.websites_are_named,
    "durability": database.is_durable,
    "connections": database.has_connections,
    "clock": database.has_our_clock,
    "jobs": jobs.are_done,
    "redis": memory.answers,
    "redis time-outs": memory.has_patience,
    "redis memory": memory.refuses_rather_than_forgets,
    "files": machine.takes_files,
    "disk": machine.has_space,
    "open files": machine.allows_sockets,
}

NEEDS = {
    "migrations": "database",
    "websites": "migrations",
    "durability": "database",
    "connections": "database",
    "clock": "database",
    "jobs": "migrations",
    "redis time-outs": "redis",
    "redis memory": "redis",
}
"""What is not looked at when the other check found an error: it would say the same, later."""


def examine() -> Iterator[tuple[str, Finding]]:
    """Yield what every check found, with its name."""
    failed: set[str] = set()
    for name, check in CHECKS.items():
        if NEEDS.get(name) in failed:
            failed.add(name)
            continue
        for finding in _findings(check):
            if finding.level is Level.ERROR:
                failed.add(name)
            yield name, finding


def _findings(check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as failure:  # what is broken may break its check in any way
        kind = f"{type(failure).__module__}.{type(failure).__qualname__}"
        yield error(f"This could not be looked at: {kind}.", "See what else is told.")


__all__ = ["CHECKS", "Finding", "Level", "examine"]
