"""How much may come from one place within a time: counted in Django's cache, for all processes."""

from dataclasses import dataclass

from django.core.cache import cache
from redis.exceptions import RedisError, ResponseError

from livechat.errors import RateLimited, Unavailable
from livechat.limits import limiter
from livechat.models import database_time


@dataclass(frozen=True, slots=True)
class Allowance:
    """`amount` within each `seconds`, counted from the hour's or the minute's beginning."""

    name: str
    amount: int
    seconds: int

    def take(self, source: str, amount: int = 1) -> None:
        """Count `amount` of `source`. Raises RateLimited when it is more than allowed, Unavailable
        when it cannot be counted."""
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
        except (ValueError, ResponseError):  # pushed out of a full cache in between, or no number
            cache.set(key, amount, self.seconds)
            return amount
