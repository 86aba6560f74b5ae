"""The directory in which the workers of one server write their metrics, in files of their own."""

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable with its path, which prometheus-client reads when it is imported."""
STALE_SECONDS = 60
"""Workers whose supervisor died may write metrics this long, while they drain."""


@contextlib.contextmanager
def new_directory(parent: Path) -> Iterator[None]:
    """Create a directory in `parent` for the processes started in this context, unless the
    environment names one. Removes the directories of supervisors that were killed."""
    if os.environ.get(VARIABLE):
        yield
        return
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent) as path, _locked(Path(path)) as is_locked:
        assert is_locked  # no other process knows the directory yet
        _remove_stale(parent)
        os.environ[VARIABLE] = path
        try:
            yield
        finally:
            del os.environ[VARIABLE]


def _remove_stale(parent: Path) -> None:
    """Remove the directories that no supervisor has locked; a lock ends with its process."""
    for path in parent.iterdir():
        with contextlib.suppress(OSError):  # another server that starts may be faster
            if path.is_dir() and time.time() - path.stat().st_mtime > STALE_SECONDS:
                with _locked(path) as is_locked:
                    if is_locked:
                        shutil.rmtree(path)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Lock a directory; yield False when another process holds the lock."""
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
