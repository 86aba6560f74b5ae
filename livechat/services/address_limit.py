"""Limit how many conversations from one IP address operators get at once.

`docs/decisions/0029-chats-of-one-address.md` says what is counted and stored.
"""

from datetime import datetime

from django.utils.crypto import salted_hmac

from livechat.domain import routing
from livechat.models import Channel, Conversation
from livechat.models.conversation import LIMIT_WINDOW


def hash_of(channel: Channel, source: str) -> str | None:
    """Return the keyed hash of an address, to be stored with a conversation on `channel`.

    `source` is the address as rate limits count it. None if it is not known ("") or the channel
    has no limit: then nothing is stored. Hashes of different channels cannot be compared.
    """
    if not source or channel.max_chats_per_address is None:
        return None
    purpose = f"livechat.address {channel.key}"
    return salted_hmac(purpose, source, algorithm="sha256").hexdigest()[:32]


def holds(row: Conversation, now: datetime) -> bool:
    """Return whether a waiting conversation must go on waiting because of its address.

    The available operators of the channel must be locked, so that concurrent assignments are
    counted. No query for a channel without a limit.
    """
    limit = row.channel.max_chats_per_address
    if limit is None or row.address_hash is None:
        return False
    rows = Conversation.objects.filter(channel=row.channel, address_hash=row.address_hash)
    return routing.is_held(
        limit=limit,
        taken=rows.taken(now - LIMIT_WINDOW).count(),
        is_behind=rows.held().filter(pk__lt=row.pk).exists(),
    )
