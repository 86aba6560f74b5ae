"""Is an operator there? (`odoo19.md` §3.1, decision 30.)"""

from datetime import datetime, timedelta

from livechat.domain.states import Presence

LEASE = timedelta(seconds=65)
GRACE = timedelta(seconds=50)
"""After his lease has run out an operator may still come back and find his conversations his."""
AWAY_AFTER = timedelta(minutes=30)


def presence(
    *, now: datetime, seen_at: datetime | None, active_at: datetime | None, accepting: bool
) -> Presence:
    """Return how an operator stands at `now`.

    Offline without a sign of life for 65 s; away when he said so or touched nothing for half
    an hour; else online.
    """
    # A sign of life from the future was written by a clock that has been put back since.
    if seen_at is None or abs(now - seen_at) > LEASE:
        return Presence.OFFLINE
    if not accepting or active_at is None or now - active_at > AWAY_AFTER:
        return Presence.AWAY
    return Presence.ONLINE


def is_lost(*, now: datetime, seen_at: datetime | None, listening_since: datetime) -> bool:
    """Say whether an operator is gone for good at `now`: his lease and the grace have run out.

    Time in which no server listened does not count against anybody.
    """
    if seen_at is None or seen_at > now + LEASE:
        seen_at = listening_since
    return now - max(seen_at, listening_since) > LEASE + GRACE
