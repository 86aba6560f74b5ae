"""When is a call tried again that failed?"""

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
"""How long to wait after the first failure, the second, …; the last one again and again."""

JITTER = 0.2
"""Up to this part more, so that what failed together does not come back together."""

TRIED_FOR = timedelta(days=3)
"""How long a call is tried before it is given up."""


def next_try(
    attempts: int,
    *,
    now: datetime,
    until: datetime,
    dice: float,
    after: timedelta = timedelta(),
) -> datetime | None:
    """Return when to try again after `attempts` failures, or None to give up at `until`.

    `dice` is a random number in [0, 1); `after` the least that the other side asked for.
    """
    step = STEPS[min(attempts, len(STEPS)) - 1]
    moment = now + max(step * (1 + JITTER * dice), after)
    return moment if moment <= until else None
