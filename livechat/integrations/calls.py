"""What a call to somebody else comes to: an answer, a failure that may pass, one that will not."""

from dataclasses import dataclass
from datetime import timedelta

from livechat.domain.deliveries import Failure


@dataclass(frozen=True, slots=True)
class Receipt:
    """It was accepted. `status` is that of HTTP, `seconds` how long the answer took."""

    status: int
    seconds: float


class CallError(Exception):
    """It was not accepted. `status` and `seconds` are those of an answer, if there was one."""

    def __init__(
        self, failure: Failure, *, status: int | None = None, seconds: float | None = None
    ) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.status = status
        self.seconds = seconds


class TryLater(CallError):
    """It may work later; `after` is the least to wait that the other side asked for."""

    def __init__(
        self,
        failure: Failure,
        *,
        status: int | None = None,
        seconds: float | None = None,
        after: timedelta = timedelta(),
    ) -> None:
        super().__init__(failure, status=status, seconds=seconds)
        self.after = after


class GiveUp(CallError):
    """Trying again is no use."""
