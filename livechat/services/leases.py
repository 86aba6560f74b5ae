"""Leases: what only one process may do at a time, decided by a row and the database's clock.

`now` is `database_now()`, so machines whose clocks differ agree.
"""

import os
import secrets
import socket
from datetime import datetime, timedelta

from django.db import transaction

from livechat.models import Lease
from livechat.models.database_time import database_now

SERVERS = "servers"
"""Runs while at least one server hears its operators."""
HEARD_FOR = timedelta(seconds=30)
LONGEST = timedelta(minutes=5)
"""No lease runs longer: one that would was written by a clock that has been put back since."""


def myself() -> str:
    """Return a name for a holder in this process: whoever looks at the row finds the machine."""
    return f"{socket.gethostname()[:40]} {os.getpid()} {secrets.token_hex(4)}"


def take(name: str, holder: str, now: datetime, seconds: float) -> bool:
    """Have the lease `name` for so long, or longer by taking it again; False when another has it.

    Safe to repeat. A holder that died is followed by another one when its time has run out.
    """
    until = now + timedelta(seconds=seconds)
    with transaction.atomic():
        Lease.objects.get_or_create(
            name=name, defaults={"holder": holder, "since": now, "until": until}
        )
        row = Lease.objects.select_for_update().get(name=name)
        is_free = row.until < now or row.until > now + LONGEST
        if row.holder != holder and not is_free:
            return False
        if row.holder != holder or is_free:
            row.since = now
        row.holder, row.until = holder, until
        row.save()
    return True


def give_back(name: str, holder: str) -> None:
    """End a lease before its time, for whoever waits for it."""
    Lease.objects.filter(name=name, holder=holder).delete()


def listen() -> None:
    """Say that a server hears its operators; every server says so again and again."""
    take(SERVERS, "", database_now(), HEARD_FOR.total_seconds())


def listening_since(now: datetime) -> datetime | None:
    """Return since when operators have been heard without a break; None when nobody listens.

    Who was not heard from before that moment could not be: servers were away, or a clock jumped.
    """
    row = Lease.objects.filter(name=SERVERS).first()
    if row is None or row.until < now or row.until > now + LONGEST:
        return None
    return row.since
