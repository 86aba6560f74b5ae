"""Limit password guessing: count login attempts by user name and address, and by address.

Never by name alone: an attacker who knows a name could lock its owner out. An attempt is counted
*before* its password is checked, so a thousand concurrent attempts get no further than sequential
ones. A success clears the count of its name and address.
"""

from datetime import datetime

import structlog
from axes.models import AccessAttempt
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from livechat.domain import login_lockout
from livechat.domain.login_lockout import MAX_OF_ADDRESS, MAX_OF_NAME, WINDOW, FailedAttempts
from livechat.errors import RateLimited
from livechat.models import User

logger = structlog.stdlib.get_logger(__name__)

ANY_NAME = ""
"""The name in the row that counts all attempts from an address."""
UNKNOWN = "?"
"""Prefix of the hash stored for an unknown name: often it is a password in the wrong field."""
MAX_FORGOTTEN = 100


def begin(name: str, source: str) -> None:
    """Count an attempt for `name` from `source`, an address or network. Raises RateLimited."""
    now = timezone.now()
    _forget_old(now)
    with transaction.atomic():
        # Always the address first: its row is the lock under which both are counted.
        rows = [_row(ANY_NAME, source, now), _row(_stored(name), source, now)]
        waits = [
            login_lockout.wait(_failed_attempts(row), most, now)
            for row, most in zip(rows, (MAX_OF_ADDRESS, MAX_OF_NAME), strict=True)
        ]
        if longest := max(waits).total_seconds():
            logger.warning("sign_in.refused")
            raise RateLimited(max(1.0, longest))
        for row in rows:
            counting = login_lockout.current(_failed_attempts(row), now)
            row.failures_since_start, row.attempt_time = counting.count + 1, counting.since
            row.save(update_fields=["failures_since_start", "attempt_time"])


@transaction.atomic
def succeeded(name: str, source: str) -> None:
    """Clear the count for `name` from `source`, and take this attempt off the address's count.

    The address's count keeps all earlier attempts.
    """
    now = timezone.now()
    address = _row(ANY_NAME, source, now)
    if address.failures_since_start:
        address.failures_since_start -= 1
        address.save(update_fields=["failures_since_start"])
    AccessAttempt.objects.filter(username=_stored(name), ip_address=source).delete()


def most_of(row: AccessAttempt) -> int:
    """Return how many attempts a row allows."""
    return MAX_OF_NAME if row.username else MAX_OF_ADDRESS


def locked_until(row: AccessAttempt, now: datetime) -> datetime | None:
    """Return when a row allows the next attempt; None when it does now."""
    waiting = login_lockout.wait(_failed_attempts(row), most_of(row), now)
    return now + waiting if waiting else None


def locked(now: datetime) -> QuerySet[AccessAttempt]:
    """Return the rows that let nothing be tried at `now`."""
    reached = Q(username=ANY_NAME, failures_since_start__gte=MAX_OF_ADDRESS) | (
        ~Q(username=ANY_NAME) & Q(failures_since_start__gte=MAX_OF_NAME)
    )
    rows: QuerySet[AccessAttempt] = AccessAttempt.objects.filter(
        reached, attempt_time__gt=now - WINDOW
    )
    return rows


def _row(name: str, source: str, now: datetime) -> AccessAttempt:
    """Return the row that counts for `name` and `source`, locked; created if there is none."""
    row, _made = AccessAttempt.objects.select_for_update().get_or_create(
        username=name,
        ip_address=source,
        user_agent="",
        defaults={"failures_since_start": 0, "attempt_time": now},
    )
    return row


def _failed_attempts(row: AccessAttempt) -> FailedAttempts:
    return FailedAttempts(row.failures_since_start, row.attempt_time)


def _stored(name: str) -> str:
    if User.objects.filter(username=name).exists():
        return name
    return UNKNOWN + salted_hmac("livechat.sign_ins", name).hexdigest()[:32]


@transaction.atomic
def _forget_old(now: datetime) -> None:
    old = AccessAttempt.objects.filter(attempt_time__lte=now - WINDOW)
    keys = old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:MAX_FORGOTTEN]
    if keys := list(keys):
        AccessAttempt.objects.filter(pk__in=keys).delete()
