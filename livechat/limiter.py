"""The limiter of a process: limits on sockets, rate limits and load shedding.

All counts are in memory: with several processes, each limit holds for each of them. Only the event
loop uses the limiter; other threads may count in `limiter.refused`.

`limiter.refused` counts refusals since the start, by the name of the limit (``visitor.messages``,
``address.sockets``, ``load.typing`` …). Names are few and identify no person.
"""

import ipaddress
import math
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import structlog
from django.conf import settings

from livechat import metrics
from livechat.domain.limits import Limits, limits
from livechat.domain.overload import Level
from livechat.domain.token_bucket import Bucket, Buckets, Rate
from livechat.errors import RateLimited, Unavailable

logger = structlog.stdlib.get_logger(__name__)

MAX_BUCKETS = 20_000
STAFF_SHARE = 0.1
"""Part of a process's sockets that is reserved for staff, so that they can serve visitors."""
BUSY_SECONDS = (5.0, 15.0)
"""Range of a random `retry_after` of a busy server: clients must not all return at once."""
FULL_SECONDS = (10.0, 30.0)
"""The same when the limit on sockets is reached: places become free more slowly."""
WARN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal by the limit `name`, for `retry_after` seconds.

    `is_busy`: the server is overloaded; otherwise the client exceeded a limit.
    """

    name: str
    retry_after: float
    is_busy: bool = False

    @property
    def code(self) -> str:
        return Unavailable.code if self.is_busy else RateLimited.code

    @property
    def status(self) -> int:
        """The HTTP status of this refusal."""
        return 503 if self.is_busy else 429

    @property
    def seconds(self) -> int:
        """`retry_after` in whole seconds, at least 1, for the header ``Retry-After``."""
        return max(1, math.ceil(self.retry_after))


@dataclass(frozen=True, slots=True)
class Cost:
    """One token to take from the bucket of `bucket_key` for `rate`; `name` is the limit's name."""

    name: str
    bucket_key: str
    rate: Rate


class Limiter:
    """Counts sockets and enforces rate limits."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.level = Level.CALM
        """Set by the load monitor (`consumers.load_monitor`)."""
        self._open = 0
        self._sockets: Counter[str] = Counter()
        self._buckets = Buckets(MAX_BUCKETS)
        self._warned_at = -math.inf

    @property
    def sockets(self) -> int:
        """Number of sockets that have entered this process and not left."""
        return self._open

    def limits(self) -> Limits:
        """Return the limits that follow from the settings."""
        return limits(
            frames=settings.FRAMES_PER_SECOND,
            messages=settings.MESSAGES_PER_SECOND,
            people=settings.PEOPLE_PER_ADDRESS,
        )

    def enter(self, source: str, now: float, *, is_staff: bool) -> Refusal | None:
        """Count a socket from `source` (`domain.addresses`), or return why it is refused.

        After None, the caller must call `leave` when the socket ends.
        """
        refusal = self.check(source, now, is_staff=is_staff)
        if refusal is not None:
            return self.refuse(refusal)
        self._arrivals(source, now).take(now)
        self._open += 1
        self._sockets[source] += 1
        return None

    def leave(self, source: str) -> None:
        self._open -= 1
        self._sockets[source] -= 1
        if not self._sockets[source]:
            del self._sockets[source]

    def check(self, source: str, now: float, *, is_staff: bool) -> Refusal | None:
        """Return why `enter` would refuse, or None. Takes and counts nothing."""
        if self.is_shedding(Level.MESSAGES if is_staff else Level.NEWCOMERS):
            return _busy_refusal(Level.NEWCOMERS)
        if self.sockets >= settings.MAX_SOCKETS * (1.0 if is_staff else 1.0 - STAFF_SHARE):
            return Refusal("process.sockets", _random_between(FULL_SECONDS), is_busy=True)
        if self._sockets[source] >= self.limits().address.sockets:
            self._warn(source, now)
            return Refusal("address.sockets", _random_between(FULL_SECONDS))
        if wait := self._arrivals(source, now).wait(now):
            return Refusal("address.arrivals", _random_between((wait, wait + 1.0)))
        return None

    def request(self, source: str, now: float) -> Refusal | None:
        """Count a request from `source`, or return the refusal."""
        rate = self.limits().address.requests
        return self.take([Cost("address.requests", f"requests {source}", rate)], now)

    def take(self, costs: Iterable[Cost], now: float) -> Refusal | None:
        """Take one token for each cost; or take none and refuse for the longest wait among them."""
        found = [(cost, self._buckets.of(cost.bucket_key, cost.rate, now)) for cost in costs]
        wait, name = max(((bucket.wait(now), cost.name) for cost, bucket in found), default=(0, ""))
        if wait:
            return self.refuse(Refusal(name, round(wait, 2)))
        for _cost, bucket in found:
            bucket.take(now)
        return None

    def is_shedding(self, level: Level) -> bool:
        """Return whether commands of `level` are shed now."""
        return self.level >= level

    def refuse_if_shedding(self, level: Level) -> Refusal | None:
        """Return a counted refusal if commands of `level` are shed now, else None."""
        return self.refuse(_busy_refusal(level)) if self.is_shedding(level) else None

    def refuse(self, refusal: Refusal) -> Refusal:
        """Count a refusal and return it."""
        self.refused[refusal.name] += 1
        metrics.LIMIT_HITS.labels(refusal.name).inc()
        return refusal

    def forget(self) -> None:
        """Reset everything, as at the start of the process."""
        self.__init__()  # type: ignore[misc]

    def _arrivals(self, source: str, now: float) -> Bucket:
        return self._buckets.of(f"arrivals {source}", self.limits().address.arrivals, now)

    def _warn(self, source: str, now: float) -> None:
        if now - self._warned_at < WARN_SECONDS:
            return
        self._warned_at = now
        # A private address is probably a proxy that is missing in TRUSTED_PROXIES.
        logger.warning("limits.address_full", reason="proxy" if _is_near(source) else "crowd")


def _busy_refusal(level: Level) -> Refusal:
    return Refusal(f"load.{level.name.lower()}", _random_between(BUSY_SECONDS), is_busy=True)


def _random_between(between: tuple[float, float]) -> float:
    return round(random.uniform(*between), 2)  # noqa: S311 - jitter, not a secret


def _is_near(source: str) -> bool:
    try:
        return ipaddress.ip_address(source).is_private
    except ValueError:
        return True


limiter = Limiter()
"""This process's limiter."""
