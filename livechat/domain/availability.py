"""Is an operator there? (`odoo19.md` §3.1, decision 30.)"""

from datetime import datetime, timedelta

from livechat.domain.states import Presence

LEASE = timedelta(seconds=65)
AWAY_AFTER = timedelta(minutes=30)


def presence(
    *, now: datetime, seen_at: datetime | None, active_at: datetime | None, accepting: bool
) -> Presence:
    """Return how an operator stands at `now`.

    Offline without a sign of life for 65 s; away when he said so or touched nothing for half
    an hour; else online.
    """
    if seen_at is None or now - seen_at > LEASE:
        return Presence.OFFLINE
    if not accepting or active_at is None or now - active_at > AWAY_AFTER:
        return Presence.AWAY
    return Presence.ONLINE
