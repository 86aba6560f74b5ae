"""Which operator gets this conversation? (`docs/explanation/routing.md`)"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from livechat.domain import languages

FRESH_FOR = timedelta(seconds=120)
"""After joining an open conversation, an operator is not chosen for this time if others can be."""
REMEMBER_OPERATOR = timedelta(days=7)
"""How long after the last message a visitor comes back to the same operator."""
RETURN_WITHIN = timedelta(minutes=2)
"""How long a waiting chat returns to the operator who had it when they lost the connection."""
CHATS_DURING_CALL = 1
"""An operator in a call with more active conversations than this comes after all others."""

Pick = Callable[[Sequence["Seat"]], "Seat"]
"""Picks one of several seats between which no rule decides, for example `random.choice`."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of the operator of a conversation. All of it is a preference but for
    `candidates` and `excluded`: an operator without any of it is chosen before the visitor waits.

    `previous`: the operator of the visitor's last conversation, at most `REMEMBER_OPERATOR` old, or
    of this one, if they lost the connection at most `RETURN_WITHIN` ago.
    `languages`: as `language_set` returns them. `country`: an ISO code, "" if unknown.
    `expertise`: pks. `candidates`: the pks of the only operators allowed; None for all of the
    channel. `excluded`: the pks of operators who are not asked again.
    """

    previous: int | None = None
    languages: frozenset[str] = frozenset()
    country: str = ""
    expertise: frozenset[int] = frozenset()
    candidates: frozenset[int] | None = None
    excluded: frozenset[int] = frozenset()

    @property
    def is_picky(self) -> bool:
        """Whether a free operator may not be good enough."""
        return bool(self.excluded) or self.candidates is not None

    def allows(self, operator: int) -> bool:
        if operator in self.excluded:
            return False
        return self.candidates is None or operator in self.candidates


@dataclass(frozen=True, slots=True)
class Seat:
    """An operator of the channel, as routing sees them.

    `load` counts the open conversations that they take part in, with activity in the last 30
    minutes, in all channels. `channel_load` counts those of this channel with activity in the last
    15 minutes; `limit`, the channel's limit, applies to it. `is_fresh`: within `FRESH_FOR`, they
    joined a conversation that is still open. `languages`: as `language_set` returns them.
    `country`: an ISO code, "" if unknown. `expertise`: pks.
    """

    operator: int
    available: bool
    load: int
    channel_load: int
    limit: int | None
    last_assigned_at: datetime | None
    is_fresh: bool = False
    in_call: bool = False
    languages: frozenset[str] = field(default_factory=frozenset)
    country: str = ""
    expertise: frozenset[int] = field(default_factory=frozenset)

    @property
    def is_free(self) -> bool:
        return self.available and (self.limit is None or self.channel_load < self.limit)

    @property
    def is_busy_in_call(self) -> bool:
        return self.in_call and self.load > CHATS_DURING_CALL


def language_set(tags: Iterable[str]) -> frozenset[str]:
    """Return the languages of some tags, for comparing: ``de-AT`` and ``de`` are the same one.

    Tags that name no language are left out, so an unknown language matches nothing.
    """
    return frozenset(filter(None, map(languages.primary, tags)))


def choose_seat(seats: Iterable[Seat], wanted: Wanted, pick: Pick) -> Seat | None:
    """Return the seat that gets a conversation, or None if none is free.

    Among the free ones, in this order: the previous operator, unless busy in a call · those who
    match best (`_matching`) · those who are not fresh · those not busy in a call, with the fewest
    active conversations, not in a call · the one whose last assignment is the longest ago, or who
    had none. If several are left, `pick` decides; it gets them by id, so the order of `seats` does
    not matter.
    """
    free = sorted(
        (seat for seat in seats if seat.is_free and wanted.allows(seat.operator)),
        key=lambda seat: seat.operator,
    )
    if not free:
        return None
    for seat in free:
        if seat.operator == wanted.previous and not seat.is_busy_in_call:
            return seat
    matching = _matching(free, wanted)
    rested = [seat for seat in matching if not seat.is_fresh] or matching
    best = min(map(_order, rested))
    equal = [seat for seat in rested if _order(seat) == best]
    return equal[0] if len(equal) == 1 else pick(equal)


def is_held(*, limit: int | None, taken: int, is_behind: bool) -> bool:
    """Return whether a conversation waits because of its address, even if a seat is free.

    `taken` counts the conversations of the same address and channel that operators have; `limit`,
    the channel's limit, applies to it. `is_behind`: an earlier conversation of the address is held,
    so a later one does not overtake it.
    """
    return limit is not None and (is_behind or taken >= limit)


def _matching(seats: Sequence[Seat], wanted: Wanted) -> Sequence[Seat]:
    """Return those of `seats` that match best; all of them if none matches anything.

    Language beats country, and both beat expertise: an operator who speaks the language and knows
    one of two fields comes before one who knows both and does not speak it.
    """
    by_rank: dict[tuple[int, int], list[Seat]] = {}
    for seat in seats:
        by_rank.setdefault(_rank(seat, wanted), []).append(seat)
    return by_rank[max(by_rank)]


def _rank(seat: Seat, wanted: Wanted) -> tuple[int, int]:
    if seat.languages & wanted.languages:
        person = 2
    else:
        person = int(wanted.country != "" and seat.country == wanted.country)
    known = seat.expertise & wanted.expertise
    knowledge = 2 if known and known == wanted.expertise else int(bool(known))
    return (person, knowledge)


def _order(seat: Seat) -> tuple[bool, int, bool, float]:
    waited = seat.last_assigned_at.timestamp() if seat.last_assigned_at else float("-inf")
    return (seat.is_busy_in_call, seat.load, seat.in_call, waited)
