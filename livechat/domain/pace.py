"""Token buckets: how much somebody may do at once and per second."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Allows `burst` at once and `rate` per second after that. Clock values are seconds."""

    burst: float
    rate: float
    level: float = field(init=False)
    at: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def take(self, now: float) -> float:
        """Return 0.0 and take one token, or the seconds until there will be one."""
        if now > self.at:
            self.level = min(self.burst, self.level + (now - self.at) * self.rate)
            self.at = now
        if self.level >= 1.0:
            self.level -= 1.0
            return 0.0
        return (1.0 - self.level) / self.rate
