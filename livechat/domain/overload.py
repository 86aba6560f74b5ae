"""How busy a process is, and what it leaves undone so that messages are kept and acknowledged.

The least is left undone first: typing, then read marks, then who looks at what, then newcomers,
and messages last, which are refused and never dropped. What has been committed stays, and what has
been acknowledged has been committed.
"""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """What is left undone, together with everything before it."""

    CALM = 0
    TYPING = 1
    MARKS = 2
    PRESENCE = 3
    NEWCOMERS = 4
    MESSAGES = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured. `lag` and `oldest` in seconds: how late the event loop is, and how long
    the oldest piece of work has waited; `waiting` messages for the writer; `memory` as a part of
    what is allowed, 0 where nothing is said."""

    lag: float = 0.0
    waiting: int = 0
    oldest: float = 0.0
    memory: float = 0.0


NEVER = float("inf")

THRESHOLDS = {
    Level.TYPING: Reading(lag=0.25, waiting=500, oldest=0.5, memory=NEVER),
    Level.MARKS: Reading(lag=0.5, waiting=1_000, oldest=1.0, memory=NEVER),
    Level.PRESENCE: Reading(lag=0.75, waiting=2_000, oldest=1.5, memory=NEVER),
    # Of all these only newcomers take memory.
    Level.NEWCOMERS: Reading(lag=1.0, waiting=4_000, oldest=2.5, memory=1.0),
    Level.MESSAGES: Reading(lag=3.0, waiting=8_000, oldest=5.0, memory=NEVER),
}
"""From where on a level is reached, by any one of the figures."""
RELEASE = 0.5
"""A level is left below this part of what it begins at, so that it does not flicker."""
MEMORY_RELEASE = 0.95
"""The same for memory, of which a process gives back little."""
HOLD_SECONDS = 2.0
"""How long it has to be calmer before one step down: from the highest to calm takes 10 s."""


def reached(reading: Reading) -> Level:
    """Return the highest level that a reading reaches."""
    return _highest(reading, 1.0, 1.0)


@dataclass(slots=True)
class Load:
    """The level of a process: rises at once, falls step by step."""

    level: Level = Level.CALM
    _calmer_since: float = NEVER

    def observe(self, reading: Reading, now: float) -> Level:
        """Take a reading and return the level that holds now. `now` in seconds of any clock."""
        if (asked := reached(reading)) > self.level:
            self.level, self._calmer_since = asked, NEVER
        elif _highest(reading, RELEASE, MEMORY_RELEASE) >= self.level:
            self._calmer_since = NEVER
        elif self._calmer_since > now:
            self._calmer_since = now
        elif now - self._calmer_since >= HOLD_SECONDS:
            self.level, self._calmer_since = Level(self.level - 1), now
        return self.level


def _highest(reading: Reading, part: float, memory_part: float) -> Level:
    found = Level.CALM
    for level, limit in THRESHOLDS.items():
        if (
            reading.lag >= limit.lag * part
            or reading.waiting >= limit.waiting * part
            or reading.oldest >= limit.oldest * part
            or reading.memory >= limit.memory * memory_part
        ):
            found = level
    return found
