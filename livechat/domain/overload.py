"""Load shedding: how busy a process is, and which work it skips so that messages stay safe.

The least important work is skipped first: typing, then read marks, then presence and page views,
then newcomers, and messages last. Messages are refused, never dropped. Load shedding undoes no
commit, and every acknowledged message has been committed.
"""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """The work that is skipped; each level includes the ones before it."""

    CALM = 0
    TYPING = 1
    MARKS = 2
    PRESENCE = 3
    NEWCOMERS = 4
    MESSAGES = 5


@dataclass(frozen=True, slots=True)
class Reading:
    """A measurement of a process.

    `lag` is the delay of the event loop, `oldest` the wait of the oldest piece of work, both in
    seconds. `waiting` is the number of messages that wait for the writer. `memory` is a fraction
    of the allowed memory, 0 without a limit.
    """

    lag: float = 0.0
    waiting: int = 0
    oldest: float = 0.0
    memory: float = 0.0


NEVER = float("inf")

THRESHOLDS = {
    Level.TYPING: Reading(lag=0.25, waiting=500, oldest=0.5, memory=NEVER),
    Level.MARKS: Reading(lag=0.5, waiting=1_000, oldest=1.0, memory=NEVER),
    Level.PRESENCE: Reading(lag=0.75, waiting=2_000, oldest=1.5, memory=NEVER),
    # Of all this work, only newcomers take memory.
    Level.NEWCOMERS: Reading(lag=1.0, waiting=4_000, oldest=2.5, memory=1.0),
    Level.MESSAGES: Reading(lag=3.0, waiting=8_000, oldest=5.0, memory=NEVER),
}
"""A level is reached when any one value of the reading reaches the level's threshold."""
RELEASE = 0.5
"""A level ends below this fraction of its thresholds (hysteresis), so that it does not flicker."""
MEMORY_RELEASE = 0.95
"""The same for memory, of which a process returns little to the system."""
HOLD_SECONDS = 2.0
"""How long readings must be lower before the level falls by one: all five levels take 10 s."""


def reached(reading: Reading) -> Level:
    """Return the highest level that a reading reaches."""
    return _highest(reading, 1.0, 1.0)


@dataclass(slots=True)
class Load:
    """The level of a process. It rises at once and falls one step at a time."""

    level: Level = Level.CALM
    _calmer_since: float = NEVER

    def observe(self, reading: Reading, now: float) -> Level:
        """Take a reading and return the new level. `now` is in seconds of a monotonic clock."""
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
