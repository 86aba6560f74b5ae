"""Is an operator connected, and do they take new conversations? (`docs/how-to/be-available.md`)"""

from datetime import datetime, timedelta

from livechat.domain.enumerations import Availability, Presence

LEASE = timedelta(seconds=65)
GRACE = timedelta(seconds=50)
"""After the lease has expired, an operator who comes back within this time keeps their
conversations."""
AWAY_AFTER = timedelta(minutes=30)


def choice(*, accepting: bool, availability: str) -> Availability:
    """Return what an operator chose.

    `accepting` decides, because code and browsers of the previous version know nothing else.
    `availability` only distinguishes busy from invisible.
    """
    if accepting:
        return Availability.AVAILABLE
    if availability == Availability.INVISIBLE:
        return Availability.INVISIBLE
    return Availability.BUSY


def presence(
    *, now: datetime, seen_at: datetime | None, active_at: datetime | None, choice: Availability
) -> Presence:
    """Return how others see an operator at `now`.

    Offline: no heartbeat for 65 s, or the operator is invisible. Busy: the operator chose it.
    Away: no activity for more than 30 minutes. Otherwise online.
    """
    # A heartbeat in the future was written by a clock that has been set back since.
    if choice == Availability.INVISIBLE or seen_at is None or abs(now - seen_at) > LEASE:
        return Presence.OFFLINE
    if choice == Availability.BUSY:
        return Presence.BUSY
    if active_at is None or now - active_at > AWAY_AFTER:
        return Presence.AWAY
    return Presence.ONLINE


def is_lost(*, now: datetime, seen_at: datetime | None, listening_since: datetime) -> bool:
    """Say whether an operator is lost at `now`: their lease and the grace period have expired.

    Time in which no server was listening does not count.
    """
    if seen_at is None or seen_at > now + LEASE:
        seen_at = listening_since
    return now - max(seen_at, listening_since) > LEASE + GRACE
