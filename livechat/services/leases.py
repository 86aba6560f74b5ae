"""Leases: work that only one process may do at a time, decided by a row and the database's clock.

`now` is `database_now()`, so machines whose clocks differ agree.
"""

import os
import secrets
import socket
from datetime import datetime, timedelta

from django.db import transaction

from livechat.database.database_time import database_now
from livechat.models import Lease

SERVERS = "servers"
"""The lease that runs while at least one server can receive the heartbeats of operators."""
LISTENING_LEASE = timedelta(seconds=30)
MAX_LEASE = timedelta(minutes=5)
"""No valid lease runs longer. One that does was written before the clock was set back."""


def process_holder() -> str:
    """Return a unique holder name for this process; it includes the machine's name."""
    return f"{socket.gethostname()[:40]} {os.getpid()} {secrets.token_hex(4)}"


def take(name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Take or renew the lease `name` for `seconds`; False when another holder has it.

    Safe to repeat. After a holder dies, another one can take the lease when it has expired.
    """
    until = now + timedelta(seconds=seconds)
    with transaction.atomic():
        Lease.objects.get_or_create(
            name=name, defaults={"holder": holder, "since": now, "until": until}
        )
        row = Lease.objects.select_for_update().get(name=name)
        is_free = row.until < now or row.until > now + MAX_LEASE
        if row.holder != holder and not is_free:
            return False
        if row.holder != holder or is_free:
            row.since = now
        row.holder, row.until = holder, until
        row.save()
    return True


def release(name: str, holder: str) -> None:
    """End a lease early, so that the next holder need not wait."""
    Lease.objects.filter(name=name, holder=holder).delete()


def listen() -> None:
    """Record that a server can receive the heartbeats of operators; every server repeats this."""
    take(SERVERS, "", database_now(), LISTENING_LEASE.total_seconds())


def listening_since(now: datetime) -> datetime | None:
    """Return since when servers could receive heartbeats without a break; None if none can now.

    Silence before that moment proves nothing: servers were down, or a clock jumped.
    """
    row = Lease.objects.filter(name=SERVERS).first()
    if row is None or row.until < now or row.until > now + MAX_LEASE:
        return None
    return row.since
