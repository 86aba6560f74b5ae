"""The gate of this process: who may come in, how much he may do, and what is left undone now.

Everything is counted in memory, for this process: with several, a crowd that is spread over them
may do so much in each. Touched by the event loop only, but for counts.

`limiter.refused` counts since the start what was refused or left undone, by the name of the limit
(``visitor.messages``, ``address.sockets``, ``load.typing`` …); names are few and tell of nobody.
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
"""The part of a process's sockets that is kept for staff, who have to answer all the others."""
BUSY_SECONDS = (5.0, 15.0)
"""When to come back to who is busy: by chance between these, or all come at once."""
FULL_SECONDS = (10.0, 30.0)
"""The same for places, which are given back more slowly."""
WARN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A refusal by the limit `name`. `is_busy`: the server has too much to do; otherwise he has
    done too much himself."""

    name: str
    retry_after: float
    is_busy: bool = False

    @property
    def code(self) -> str:
        return Unavailable.code if self.is_busy else RateLimited.code

    @property
    def status(self) -> int:
        """What it is in HTTP."""
        return 503 if self.is_busy else 429

    @property
    def seconds(self) -> int:
        """`retry_after` as HTTP says it."""
        return max(1, math.ceil(self.retry_after))


@dataclass(frozen=True, slots=True)
class Cost:
    """A token of `rate` to be taken from `whose`, under the limit `name`."""

    name: str
    whose: str
    rate: Rate


class Limiter:
    """Counts sockets and holds everybody to his pace."""

    def __init__(self) -> None:
        self.refused: Counter[str] = Counter()
        self.level = Level.CALM
        """Set by the monitor (`consumers.monitor`)."""
        self._open = 0
        self._sockets: Counter[str] = Counter()
        self._buckets = Buckets(MAX_BUCKETS)
        self._warned_at = -math.inf

    @property
    def sockets(self) -> int:
        """How many sockets are open in this process."""
        return self._open

    def limits(self) -> Limits:
        """Return the limits that are set."""
        return limits(
            frames=settings.FRAMES_PER_SECOND,
            messages=settings.MESSAGES_PER_SECOND,
            people=settings.PEOPLE_PER_ADDRESS,
        )

    def enter(self, place: str, now: float, *, is_staff: bool) -> Refusal | None:
        """Take a place for a socket from `place` (`domain.sources`), or say why there is none. Who
        got one gives it back by `leave`."""
        refusal = self.objection(place, now, is_staff=is_staff)
        if refusal is not None:
            return self.refuse(refusal)
        self._arrivals(place, now).take(now)
        self._open += 1
        self._sockets[place] += 1
        return None

    def leave(self, place: str) -> None:
        self._open -= 1
        self._sockets[place] -= 1
        if not self._sockets[place]:
            del self._sockets[place]

    def objection(self, place: str, now: float, *, is_staff: bool) -> Refusal | None:
        """Say what `enter` would refuse for. Takes and counts nothing."""
        if self.sheds(Level.MESSAGES if is_staff else Level.NEWCOMERS):
            return _busy(Level.NEWCOMERS)
        if self.sockets >= settings.MAX_SOCKETS * (1.0 if is_staff else 1.0 - STAFF_SHARE):
            return Refusal("process.sockets", _by_chance(FULL_SECONDS), is_busy=True)
        if self._sockets[place] >= self.limits().address.sockets:
            self._warn(place, now)
            return Refusal("address.sockets", _by_chance(FULL_SECONDS))
        if wait := self._arrivals(place, now).wait(now):
            return Refusal("address.arrivals", _by_chance((wait, wait + 1.0)))
        return None

    def request(self, place: str, now: float) -> Refusal | None:
        """Count a request from `place`, or say how long to wait."""
        rate = self.limits().address.requests
        return self.take([Cost("address.requests", f"requests {place}", rate)], now)

    def take(self, costs: Iterable[Cost], now: float) -> Refusal | None:
        """Take a token of each, or none and say which has to be waited for longest."""
        found = [(cost, self._buckets.of(cost.whose, cost.rate, now)) for cost in costs]
        wait, name = max(((bucket.wait(now), cost.name) for cost, bucket in found), default=(0, ""))
        if wait:
            return self.refuse(Refusal(name, round(wait, 2)))
        for _cost, bucket in found:
            bucket.take(now)
        return None

    def sheds(self, level: Level) -> bool:
        """Say whether what belongs to `level` is left undone now."""
        return self.level >= level

    def shed(self, level: Level) -> Refusal | None:
        """Refuse what belongs to `level` when that is left undone now."""
        return self.refuse(_busy(level)) if self.sheds(level) else None

    def refuse(self, refusal: Refusal) -> Refusal:
        """Count a refusal and return it."""
        self.refused[refusal.name] += 1
        metrics.LIMIT_HITS.labels(refusal.name).inc()
        return refusal

    def forget(self) -> None:
        """Begin anew, as at the start of the process."""
        self.__init__()  # type: ignore[misc]

    def _arrivals(self, place: str, now: float) -> Bucket:
        return self._buckets.of(f"arrivals {place}", self.limits().address.arrivals, now)

    def _warn(self, place: str, now: float) -> None:
        if now - self._warned_at < WARN_SECONDS:
            return
        self._warned_at = now
        # One of our own network is a proxy that nobody has named: TRUSTED_PROXIES.
        logger.warning("limits.address_full", reason="proxy" if _is_near(place) else "crowd")


def _busy(level: Level) -> Refusal:
    return Refusal(f"load.{level.name.lower()}", _by_chance(BUSY_SECONDS), is_busy=True)


def _by_chance(between: tuple[float, float]) -> float:
    return round(random.uniform(*between), 2)  # noqa: S311 - jitter, not a secret


def _is_near(place: str) -> bool:
    try:
        return ipaddress.ip_address(place).is_private
    except ValueError:
        return True


limiter = Limiter()
"""This process's gate."""
