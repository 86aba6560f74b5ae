"""Which operator gets this conversation?"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Seat:
    """An operator of the channel, as routing sees them.

    `load` counts their open conversations with activity in the last 30 minutes in all channels.
    `channel_load` counts those of this channel with activity in the last 15 minutes; `limit`, the
    channel's limit, applies to it.
    """

    operator: int
    available: bool
    load: int
    channel_load: int
    limit: int | None
    last_assigned_at: datetime | None

    @property
    def is_free(self) -> bool:
        return self.available and (self.limit is None or self.channel_load < self.limit)


def choose_seat(seats: Iterable[Seat]) -> Seat | None:
    """Return the free seat with the fewest active conversations, or None.

    On a tie, the operator wins whose last assignment is the longest ago; an operator without any
    assignment comes first. Then the lower id wins, so the order of `seats` does not matter.
    """
    free = [seat for seat in seats if seat.is_free]
    return min(free, key=_order, default=None)


def is_held(*, limit: int | None, taken: int, is_behind: bool) -> bool:
    """Return whether a conversation waits because of its address, even if a seat is free.

    `taken` counts the conversations of the same address and channel that operators have; `limit`,
    the channel's limit, applies to it. `is_behind`: an earlier conversation of the address is held,
    so a later one does not overtake it.
    """
    return limit is not None and (is_behind or taken >= limit)


def _order(seat: Seat) -> tuple[int, float, int]:
    waited = seat.last_assigned_at.timestamp() if seat.last_assigned_at else float("-inf")
    return (seat.load, waited, seat.operator)
