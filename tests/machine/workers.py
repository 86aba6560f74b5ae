"""What the workers of pytest-xdist share."""

import fcntl
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

import pytest

MOST = 10
"""So many workers have ports of their own."""


def name_of(environ: MutableMapping[str, str]) -> str:
    """Return the name of this worker: gw0, gw1, …; empty where there is one process alone."""
    return environ.get("PYTEST_XDIST_WORKER", "")


def number_of(environ: MutableMapping[str, str]) -> int:
    """Return the number of this worker, from 1; 0 where there is one process alone."""
    return int(name_of(environ).removeprefix("gw") or -1) + 1


def own_redis(environ: MutableMapping[str, str]) -> None:
    """Give a worker a database of its own in Redis, as Django gives it one in PostgreSQL."""
    number, url = number_of(environ), environ.get("REDIS_URL", "")
    if number and url:
        environ["REDIS_URL"] = f"{url.rpartition('/')[0]}/{number}"


def share(candidates: range, environ: MutableMapping[str, str]) -> range:
    """Return the part of `candidates` that is this worker's; all where there is one process."""
    number, size = number_of(environ), len(candidates) // MOST
    return candidates[(number - 1) * size : number * size] if number else candidates


@contextmanager
def once(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """Yield a folder that all workers share, and whether one of them has filled it. The others
    wait until it has; where it failed, the next one tries."""
    base = factory.getbasetemp()
    folder = (base.parent if name_of(os.environ) else base) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    done = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder, done.exists()
        done.touch()
