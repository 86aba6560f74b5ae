"""What the workers of pytest-xdist share, and what each has for itself."""

import fcntl
import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path

import pytest

MOST = 10
"""Maximum number of workers: each has ports of its own."""


def name_of(environ: MutableMapping[str, str]) -> str:
    """Return the name of this worker: gw0, gw1, …; empty without workers."""
    return environ.get("PYTEST_XDIST_WORKER", "")


def number_of(environ: MutableMapping[str, str]) -> int:
    """Return the number of this worker, from 1; 0 without workers."""
    return int(name_of(environ).removeprefix("gw") or -1) + 1


def own_redis(environ: MutableMapping[str, str]) -> None:
    """Give each worker its own Redis database, as Django does in PostgreSQL."""
    number, url = number_of(environ), environ.get("REDIS_URL", "")
    if number and url:
        environ["REDIS_URL"] = f"{url.rpartition('/')[0]}/{number}"


def share(candidates: range, environ: MutableMapping[str, str]) -> range:
    """Return this worker's part of `candidates`; all of them without workers."""
    number, size = number_of(environ), len(candidates) // MOST
    return candidates[(number - 1) * size : number * size] if number else candidates


@contextmanager
def once(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """Yield a folder that all workers share, and whether a worker has filled it already.

    The other workers wait until the first has filled it. If it fails, the next one tries.
    """
    base = factory.getbasetemp()
    folder = (base.parent if name_of(os.environ) else base) / f"shared-{name}"
    folder.mkdir(exist_ok=True)
    done = folder.with_suffix(".done")
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder, done.exists()
        done.touch()
