"""The queue of a channel: conversations that wait get the next operators who are free.

A service that makes room calls `fill_soon`. What it misses (silence makes room too, and a process
may be killed) is done by the job `fill-queues`.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import Enum, auto

from django.db import transaction

from livechat.database import database_time
from livechat.domain.enumerations import SystemEvent
from livechat.models import Channel, Conversation
from livechat.models.conversation import LIMIT_WINDOW, ConversationQuerySet
from livechat.services import address_limit, assignment, timeline

SOON = 10
"""Conversations that a request assigns after its own work; the job does the rest."""
BATCH = 200
"""Conversations per run; the next run continues."""


def fill_soon(channels: Iterable[int]) -> None:
    """Fill the queues of channels, by pk, after the commit of the transaction that made room.

    An error is logged and does not fail the request: the job repeats it.
    """
    pks = list(channels)

    def fill_now() -> None:
        for channel in Channel.objects.filter(pk__in=pks).order_by("pk"):
            fill(channel, database_time.now(), limit=SOON)

    transaction.on_commit(fill_now, robust=True)


def fill_all(now: datetime) -> int:
    """Give waiting conversations to the operators who are free; return the number.

    Idempotent, one transaction for each. Concurrent runs share the work.
    """
    channels = Channel.objects.filter(pk__in=Conversation.objects.in_line(now).values("channel"))
    filled = 0
    for channel in channels.order_by("pk"):
        filled += fill(channel, now, limit=BATCH - filled)
    return filled


def fill(channel: Channel, now: datetime, *, limit: int) -> int:
    """Give at most `limit` waiting conversations of a channel to operators; return the number."""
    filled, passed_over = 0, set[int]()
    while filled < limit:
        line = Conversation.objects.in_line(now).filter(channel=channel)
        row = line.exclude(pk__in=passed_over).select_related("channel").first()
        if row is None:
            break
        match _assign(row, now):
            case _Result.ASSIGNED:
                filled += 1
            case _Result.PASSED_OVER:
                passed_over.add(row.pk)
            case _Result.NOBODY_FREE:
                break
    return filled


def release_held(now: datetime) -> int:
    """Release held conversations whose address is below the limit again; return the number.

    Each takes its place in the queue. Idempotent, one transaction for each, the oldest of an
    address first. A conversation that another transaction has locked waits for the next run.
    """
    released = 0
    while released < BATCH:
        rows = Conversation.objects.to_release(now - LIMIT_WINDOW).select_related("channel")
        done = 0
        for row in rows[: BATCH - released]:
            if _release(row, now):
                done += 1
                fill(row.channel, now, limit=1)
        if not done:
            break
        released += done
    return released


class _Result(Enum):
    ASSIGNED = auto()
    PASSED_OVER = auto()
    """It stays as it is; the next in line may get an operator."""
    NOBODY_FREE = auto()


@transaction.atomic
def _assign(found: Conversation, now: datetime) -> _Result:
    wanted = assignment.wanted_by(found, now)
    # Locked before the conversation.
    operator = assignment.choose_operator(found.channel, wanted, now)
    if operator is None:
        return _Result.PASSED_OVER if wanted.is_picky else _Result.NOBODY_FREE
    # Asked again under the locks: another run, or an operator, may have been faster.
    row = _locked(Conversation.objects.in_line(now), found)
    if row is None:
        return _Result.PASSED_OVER
    if address_limit.holds(row, now):
        row.is_held = True
        row.revision += 1
        row.save()
        timeline.announce(row, [], now)
        return _Result.PASSED_OVER
    entry = assignment.assign(row, operator, SystemEvent.ASSIGNED, now)
    row.save()
    timeline.announce(row, [entry], now, assigned=operator)
    return _Result.ASSIGNED


@transaction.atomic
def _release(found: Conversation, now: datetime) -> bool:
    row = _locked(Conversation.objects.to_release(now - LIMIT_WINDOW), found)
    if row is None:
        return False
    row.is_held = False
    row.revision += 1
    row.save()
    timeline.announce(row, [], now)
    return True


def _locked(rows: ConversationQuerySet, found: Conversation) -> Conversation | None:
    """Return `found` from `rows`, locked; None if it is not among them any more, or locked by
    another transaction."""
    rows = rows.filter(pk=found.pk).select_related("visitor", "channel", "operator__user")
    return rows.lock(waits=False).first()
