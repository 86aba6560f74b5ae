"""The limit on login attempts: a number of failures within a window, then a wait until it ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
MAX_OF_NAME = 5
"""Attempts for one user name from one address."""
MAX_OF_ADDRESS = 50
"""Attempts for all user names from one address, which a whole office may share."""


@dataclass(frozen=True, slots=True)
class FailedAttempts:
    """`count` attempts without success, the first of them at `since`."""

    count: int
    since: datetime


def current(tries: FailedAttempts, now: datetime) -> FailedAttempts:
    """Return the attempts that count at `now`: none when their window is over."""
    return tries if now - tries.since < WINDOW else FailedAttempts(0, now)


def wait(tries: FailedAttempts, most: int, now: datetime) -> timedelta:
    """Return the time until the next attempt is allowed, zero when it is allowed now."""
    counting = current(tries, now)
    return WINDOW - (now - counting.since) if counting.count >= most else timedelta(0)
