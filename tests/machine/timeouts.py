"""How long tests wait for an event, and how long for one that has a promised time."""

import asyncio
import os
import time
from collections.abc import Callable
from typing import TypeVar

TIMEOUT_SECONDS = 150
"""Long, because a busy machine is no fault, and only a failing test waits until the end."""
IS_ALONE = bool(os.environ.get("FAULT_SECONDS"))
"""Only in `make faults`, where nothing else runs on the machine."""

T = TypeVar("T")


def promised(seconds: float) -> float:
    """Return the seconds within which something must happen.

    This is `seconds` in `make faults`, TIMEOUT_SECONDS where other tests run at the same time.
    """
    return seconds if IS_ALONE else TIMEOUT_SECONDS


def wait_until(truth: Callable[[], T], what: object = "it") -> T:
    """Return the result of `truth` as soon as it is true; fails after TIMEOUT_SECONDS."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not (found := truth()):
        assert time.monotonic() < deadline, f"not within {TIMEOUT_SECONDS} s: {what}"
        time.sleep(0.1)
    return found


async def until(truth: Callable[[], object], seconds: float = TIMEOUT_SECONDS) -> None:
    """Return when `truth()` is true; fails after `seconds`.

    A test gives `seconds` to tell an event that comes at once from one that comes later by itself.
    """
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        await asyncio.sleep(0.02)
