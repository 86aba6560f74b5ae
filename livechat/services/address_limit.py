"""Limit how many conversations from one IP address operators get at once.

`docs/decisions/0029-chats-of-one-address.md` says what is counted and stored.
"""

from datetime import datetime

from django.db import transaction
from django.utils.crypto import salted_hmac

from livechat.domain import routing
from livechat.domain.enumerations import SystemEvent
from livechat.models import Channel, Conversation
from livechat.models.conversation import LIMIT_WINDOW
from livechat.services import assignment, timeline

BATCH = 200
"""Conversations per run; the next run continues."""


def hash_of(channel: Channel, source: str) -> str | None:
    """Return the keyed hash of an address, to be stored with a conversation on `channel`.

    `source` is the address as rate limits count it. None if it is not known ("") or the channel
    has no limit: then nothing is stored. Hashes of different channels cannot be compared.
    """
    if not source or channel.max_chats_per_address is None:
        return None
    purpose = f"livechat.address {channel.key}"
    return salted_hmac(purpose, source, algorithm="sha256").hexdigest()[:32]


def is_held(channel: Channel, address_hash: str | None, now: datetime) -> bool:
    """Return whether a conversation that is opened now must wait because of its address.

    The available operators of the channel must be locked, so that concurrent openings are counted.
    One query; none for a channel without a limit.
    """
    if address_hash is None:
        return False
    rows = Conversation.objects.open().filter(channel=channel, address_hash=address_hash)
    taken, held = rows.taken_and_held(now - LIMIT_WINDOW)
    return routing.is_held(limit=channel.max_chats_per_address, taken=taken, is_behind=held > 0)


def release_held(now: datetime) -> int:
    """Release held conversations whose address is below the limit again; return the number.

    Each is treated as if it were opened now: an available operator gets it, or it waits like any
    other. Idempotent, one transaction for each, the oldest of an address first. A conversation
    that another transaction has locked waits for the next run.
    """
    released = 0
    while released < BATCH:
        rows = Conversation.objects.to_release(now - LIMIT_WINDOW).select_related("channel")
        done = sum(_release(row, now) for row in rows[: BATCH - released])
        if not done:
            break
        released += done
    return released


@transaction.atomic
def _release(found: Conversation, now: datetime) -> bool:
    wanted = assignment.wanted_by(found, now)
    operator = assignment.choose_operator(found.channel, wanted, now)  # before the conversation
    # Asked again under the locks: another run, or an operator, may have been faster.
    rows = Conversation.objects.to_release(now - LIMIT_WINDOW).filter(pk=found.pk)
    row = rows.select_related("visitor", "channel", "operator__user").lock(waits=False).first()
    if row is None:
        return False
    row.is_held = False
    entries = []
    if operator is not None:
        entries.append(assignment.assign(row, operator, SystemEvent.ASSIGNED, now))
    else:
        row.revision += 1
    row.save()
    timeline.announce(row, entries, now, assigned=operator)
    return True
