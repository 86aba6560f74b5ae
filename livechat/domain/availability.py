"""Is an operator there, and do they take new conversations? (`docs/how-to/be-available.md`)"""

from datetime import datetime, timedelta

from livechat.domain.states import Availability, Presence

LEASE = timedelta(seconds=65)
GRACE = timedelta(seconds=50)
"""After his lease has run out an operator may still come back and find his conversations his."""
AWAY_AFTER = timedelta(minutes=30)


def choice(*, accepting: bool, availability: str) -> Availability:
    """Return what an operator chose for himself.

    `accepting` decides, for code and browsers of the version before know nothing else;
    `availability` only says in which way he does not accept.
    """
    if accepting:
        return Availability.AVAILABLE
    if availability == Availability.INVISIBLE:
        return Availability.INVISIBLE
    return Availability.BUSY


def presence(
    *, now: datetime, seen_at: datetime | None, active_at: datetime | None, choice: Availability
) -> Presence:
    """Return how everybody else sees an operator at `now`.

    Offline without a sign of life for 65 s, or because he wants to be invisible; busy when he
    says so; away when he has touched nothing for more than half an hour; else online.
    """
    # A sign of life from the future was written by a clock that has been put back since.
    if choice == Availability.INVISIBLE or seen_at is None or abs(now - seen_at) > LEASE:
        return Presence.OFFLINE
    if choice == Availability.BUSY:
        return Presence.BUSY
    if active_at is None or now - active_at > AWAY_AFTER:
        return Presence.AWAY
    return Presence.ONLINE


def is_lost(*, now: datetime, seen_at: datetime | None, listening_since: datetime) -> bool:
    """Say whether an operator is gone for good at `now`: his lease and the grace have run out.

    Time in which no server listened does not count against anybody.
    """
    if seen_at is None or seen_at > now + LEASE:
        seen_at = listening_since
    return now - max(seen_at, listening_since) > LEASE + GRACE
