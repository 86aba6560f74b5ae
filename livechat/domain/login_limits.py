"""How often a password may be tried: so often within a window, then not before it is over."""

from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(minutes=15)
MAX_OF_NAME = 5
"""Tries for one user name from one address."""
MAX_OF_ADDRESS = 50
"""Tries for any names from one address, behind which there may be a whole office."""


@dataclass(frozen=True, slots=True)
class Tries:
    """`count` tries that did not succeed, of which the first was at `since`."""

    count: int
    since: datetime


def current(tries: Tries, now: datetime) -> Tries:
    """Return the tries that count at `now`: none any more when their window is over."""
    return tries if now - tries.since < WINDOW else Tries(0, now)


def wait(tries: Tries, most: int, now: datetime) -> timedelta:
    """Return how long nothing may be tried; zero when it may be now."""
    counting = current(tries, now)
    return WINDOW - (now - counting.since) if counting.count >= most else timedelta(0)
