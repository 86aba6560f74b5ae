"""The folder in which the processes of one server count, each in files of its own."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that tells Prometheus' client where; it is read when that is first imported."""
LEFT_SECONDS = 60
"""How long the workers of a supervisor that died may still be counting while they drain."""


@contextlib.contextmanager
def folder(parent: Path) -> Iterator[None]:
    """Have the processes that are started meanwhile count in a new folder in `parent`, unless the
    environment names one. What supervisors that were killed have left there is removed."""
    if os.environ.get(FOLDER):
        yield
        return
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as own, _kept(Path(own)) as kept:
        assert kept  # nobody else knows of it yet
        _remove_what_was_left(parent)
        os.environ[FOLDER] = own
        try:
            yield
        finally:
            del os.environ[FOLDER]


def _remove_what_was_left(parent: Path) -> None:
    """Remove the folders that nobody keeps; a kernel ends its hold with the process."""
    for one in parent.iterdir():
        with contextlib.suppress(OSError):  # another server that starts was quicker
            if one.is_dir() and time.time() - one.stat().st_mtime > LEFT_SECONDS:
                with _kept(one) as kept:
                    if kept:
                        shutil.rmtree(one)


@contextlib.contextmanager
def _kept(path: Path) -> Iterator[bool]:
    """Hold a folder, and say whether it is ours to hold."""
    handle = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)
