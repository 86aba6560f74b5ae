"""Rate limits by source, counted in Django's cache for all processes."""

from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError, ResponseError

from livechat.database import database_time
from livechat.errors import RateLimited, Unavailable
from livechat.limiter import limiter


@dataclass(frozen=True, slots=True)
class Allowance:
    """`amount` within each window of `seconds`; the windows are aligned to the clock."""

    name: str
    amount: int
    seconds: int

    def take(self, source: str, amount: int = 1) -> None:
        """Count `amount` for `source`. Raises RateLimited above the limit, Unavailable when the
        cache cannot count it."""
        now = database_time.now().timestamp()
        key = f"livechat:{self.name}:{source}:{int(now // self.seconds)}"
        try:
            taken = self._count(key, amount)
        except (RedisError, OSError) as error:
            raise Unavailable from error
        if taken > self.amount:
            limiter.refused[f"all.{self.name}"] += 1
            raise RateLimited(round(self.seconds - now % self.seconds) or 1)

    def _count(self, key: str, amount: int) -> int:
        cache.add(key, 0, self.seconds)
        try:
            return int(cache.incr(key, amount))
        except (ValueError, ResponseError):  # evicted from a full cache since, or not a number
            cache.set(key, amount, self.seconds)
            return amount
