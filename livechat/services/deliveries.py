"""Make the calls that are due: claim each under a lease, call outside of any transaction."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import structlog
from django.db import close_old_connections, connection
from django.db.models import Count

from livechat.database import database_time
from livechat.domain import backoff
from livechat.domain.deliveries import DeliveryKind, DeliveryState, EventType, Failure
from livechat.errors import NotFound
from livechat.integrations.call_results import CallError, Receipt, TryLater
from livechat.models import Delivery, Webhook
from livechat.models.delivery import LEASE
from livechat.services import webhooks

logger = structlog.stdlib.get_logger(__name__)

CALLS_PER_WEBHOOK = 4
"""Concurrent calls to one webhook. Each is for another conversation, so the order is kept."""
THREADS = 8
WORK_SECONDS = 20.0
"""No call begins after this, so a run ends within the length of a lease."""
KEPT_FOR = timedelta(days=30)
"""How long finished deliveries are kept."""

SENDERS: dict[DeliveryKind, Callable[[Delivery, datetime], Receipt]] = {
    DeliveryKind.WEBHOOK: webhooks.send,
}
"""The sender of each kind: returns a receipt when the call was accepted, else raises CallError."""


def work(now: datetime) -> int:
    """Make the calls that are due; return the number.

    Idempotent, and any number of workers may run it concurrently. If a worker is killed, the
    delivery it had claimed is sent again, under the same id, after the lease has ended.
    """
    clock = _Clock(now)
    due = Delivery.objects.due(now).order_by().values_list("webhook")
    waiting: list[tuple[int, int]] = list(due.annotate(count=Count("pk")).order_by("webhook"))
    # One task for each webhook, then a second for each: a slow receiver delays only itself.
    tasks = [
        webhook
        for number in range(CALLS_PER_WEBHOOK)
        for webhook, count in waiting
        if count > number
    ]
    if len(tasks) <= 1:
        return sum(_drive(webhook, clock) for webhook in tasks)
    with ThreadPoolExecutor(THREADS, thread_name_prefix="delivery") as threads:
        return sum(threads.map(lambda webhook: _drive_in_thread(webhook, clock), tasks))


def forget(now: datetime) -> int:
    """Delete deliveries finished more than `KEPT_FOR` ago; return the number. Safe to repeat."""
    count, _by_model = Delivery.objects.filter(finished_at__lt=now - KEPT_FOR).delete()
    return count


def send_test(webhook: int) -> Delivery:
    """Send a ping now, once, and return the delivery with its result.

    Also for a webhook that is switched off. Raises NotFound.
    """
    if not Webhook.objects.filter(pk=webhook).exists():
        raise NotFound
    now = database_time.now()
    ping = Delivery.objects.create(
        webhook_id=webhook,
        event=EventType.PING.value,
        attempts=1,
        leased_until=now + LEASE,
        created_at=now,
        due_at=now,
        give_up_at=now,
    )
    _make(ping, _Clock(now))
    ping.refresh_from_db()
    return ping


class _Clock:
    """The moment that a job was given, advanced by the time since."""

    def __init__(self, now: datetime) -> None:
        self._started_at = now
        self._started = time.monotonic()

    def now(self) -> datetime:
        return self._started_at + timedelta(seconds=self.passed())

    def passed(self) -> float:
        return time.monotonic() - self._started


def _drive_in_thread(webhook: int, clock: _Clock) -> int:
    close_old_connections()
    try:
        return _drive(webhook, clock)
    finally:
        connection.close()


def _drive(webhook: int, clock: _Clock) -> int:
    """Make the due calls to one webhook, one after the other."""
    made = 0
    rows = Delivery.objects.filter(webhook=webhook)
    while clock.passed() < WORK_SECONDS and (row := rows.claim(clock.now())) is not None:
        _make(row, clock)
        made += 1
    return made


def _make(row: Delivery, clock: _Clock) -> None:
    """Make one call, claimed before, and store its result."""
    try:
        receipt = SENDERS[DeliveryKind(row.kind)](row, clock.now())
    except CallError as error:
        _failed(row, error, clock.now())
    except Exception:  # one bad delivery must not stop those behind it
        logger.exception("delivery.crashed", id=row.message_id)
        _failed(row, TryLater(Failure.CRASHED), clock.now())
    else:
        _delivered(row, receipt, clock.now())


def _delivered(row: Delivery, receipt: Receipt, now: datetime) -> None:
    # Even if the lease has ended: the receiver has accepted it.
    Delivery.objects.filter(pk=row.pk).update(
        state=DeliveryState.DONE,
        status=receipt.status,
        latency_ms=_milliseconds(receipt.seconds),
        failure="",
        leased_until=None,
        finished_at=now,
    )


def _failed(row: Delivery, error: CallError, now: datetime) -> None:
    again = None
    if isinstance(error, TryLater):
        again = backoff.next_try(
            row.attempts,
            now=now,
            until=row.give_up_at,
            dice=random.random(),  # noqa: S311 - jitter, not a secret
            after=error.after,
        )
    # Only while we hold the lease: a worker that claimed it after us stores its own result.
    mine = Delivery.objects.pending().filter(pk=row.pk, leased_until=row.leased_until)
    written = mine.update(
        state=DeliveryState.PENDING if again else DeliveryState.GIVEN_UP,
        due_at=again or row.due_at,
        status=error.status,
        latency_ms=None if error.seconds is None else _milliseconds(error.seconds),
        failure=error.failure.value,
        leased_until=None,
        finished_at=None if again else now,
    )
    if written and again:
        Delivery.objects.postpone(row, again)
    logger.info(
        "delivery.failed", id=row.message_id, reason=error.failure.value, attempts=row.attempts
    )


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
