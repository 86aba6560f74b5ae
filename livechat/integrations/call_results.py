"""Results of a call to a third party: accepted, failed for now, or failed for good."""

from dataclasses import dataclass
from datetime import timedelta

from livechat.domain.deliveries import Failure


@dataclass(frozen=True, slots=True)
class Receipt:
    """The call was accepted. `status` is the HTTP status, `seconds` the time to the response."""

    status: int
    seconds: float


class CallError(Exception):
    """The call was not accepted. `status` and `seconds` are set if there was a response."""

    def __init__(
        self, failure: Failure, *, status: int | None = None, seconds: float | None = None
    ) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.status = status
        self.seconds = seconds


class TryLater(CallError):
    """A retry may succeed; `after` is the minimum wait that the receiver asked for."""

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
    """A retry cannot succeed."""
