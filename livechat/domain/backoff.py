"""The back-off of failed calls: when to retry, and when to give up."""

from datetime import datetime, timedelta

STEPS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
)
"""The wait after the first failure, the second, and so on; the last one repeats."""

JITTER = 0.2
"""The largest random addition, as a fraction: calls that failed together retry apart."""

TRIED_FOR = timedelta(days=3)
"""How long to retry a call before giving up."""


def next_try(
    attempts: int,
    *,
    now: datetime,
    until: datetime,
    dice: float,
    after: timedelta = timedelta(),
) -> datetime | None:
    """Return when to retry after `attempts` failures, None when that would be after `until`.

    `dice` is a random number in [0, 1); `after` is the minimum wait that the receiver asked for.
    """
    step = STEPS[min(attempts, len(STEPS)) - 1]
    moment = now + max(step * (1 + JITTER * dice), after)
    return moment if moment <= until else None
