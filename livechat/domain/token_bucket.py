"""Token buckets, for rate limits with a burst."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate limit: `burst` tokens at once, then `per_second` tokens per second."""

    burst: float
    per_second: float


@dataclass(slots=True)
class Bucket:
    """A bucket of `burst` tokens that gains `per_second` tokens per second. Clocks are seconds."""

    burst: float
    per_second: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def wait(self, now: float) -> float:
        """Return the seconds until a token is available, 0.0 if one is. Takes none."""
        if now > self.at:
            self.level = min(self.burst, self.level + (now - self.at) * self.per_second)
            self.at = now
        return 0.0 if self.level >= 1.0 else (1.0 - self.level) / self.per_second

    def take(self, now: float) -> float:
        """Take one token and return 0.0; without a token, return the seconds until there is one."""
        wait = self.wait(now)
        if not wait:
            self.level -= 1.0
        return wait


class Buckets:
    """Buckets by key, at most `most` of them.

    To make room, full buckets are dropped first, because a new one would be the same. If that is
    not enough, the oldest follow. A client that invents keys to displace others meets the rate
    limit of its address.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[tuple[str, Rate], Bucket] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, key: str, rate: Rate, now: float) -> Bucket:
        """Return the bucket of `key` and `rate`; a new one is full."""
        bucket = self._kept.get((key, rate))
        if bucket is None:
            if len(self._kept) >= self._most:
                self._make_room(now)
            bucket = self._kept[key, rate] = Bucket(rate.burst, rate.per_second)
        return bucket

    def clear(self) -> None:
        self._kept.clear()

    def _make_room(self, now: float) -> None:
        left = {}
        for key, bucket in self._kept.items():
            bucket.wait(now)
            if bucket.level < bucket.burst:
                left[key] = bucket
        spare = len(left) - self._most * 3 // 4
        self._kept = dict(list(left.items())[max(0, spare) :])
