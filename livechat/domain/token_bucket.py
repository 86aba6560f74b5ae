"""Token buckets: how much somebody may do at once and per second."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` at once, and so many `per_second` after that."""

    burst: float
    per_second: float


@dataclass(slots=True)
class Bucket:
    """Allows `burst` at once and so many `per_second` after that. Clock values are seconds."""

    burst: float
    per_second: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def wait(self, now: float) -> float:
        """Return the seconds until there is a token, 0.0 when there is one. Takes none."""
        if now > self.at:
            self.level = min(self.burst, self.level + (now - self.at) * self.per_second)
            self.at = now
        return 0.0 if self.level >= 1.0 else (1.0 - self.level) / self.per_second

    def take(self, now: float) -> float:
        """Return 0.0 and take one token, or the seconds until there will be one."""
        wait = self.wait(now)
        if not wait:
            self.level -= 1.0
        return wait


class Buckets:
    """The buckets of many, by key; at most `most` are kept.

    Those that are full again tell nothing and go first. Should that not be enough, the oldest go:
    who makes up names to push others out is himself held by his address.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[tuple[str, Rate], Bucket] = {}

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, key: str, rate: Rate, now: float) -> Bucket:
        """Return the bucket of `key`, a full one when it is new."""
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
