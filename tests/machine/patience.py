"""How long tests wait for what must come, and what is promised within a time."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 150
"""Long, for a busy machine is no fault, and only a test that fails waits so long."""
IS_ALONE = bool(os.environ.get("FAULT_SECONDS"))
"""In `make faults` nothing else runs on the machine."""

T = TypeVar("T")


def promised(seconds: float) -> float:
    """Return the seconds within which something has to happen: what we promise where nothing else
    runs, and patience where other tests do."""
    return seconds if IS_ALONE else PATIENCE_SECONDS


def wait_until(truth: Callable[[], T], what: object = "it") -> T:
    """Return what `truth` says when it is true."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := truth()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.1)
    return found


async def until(truth: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> None:
    """Return when it is true; fails after `seconds`, which a test names that tells apart what comes
    at once from what comes later by itself."""
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)
