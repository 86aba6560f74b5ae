"""Keys that websites keep for visitors whose browsers let the chat store nothing.

`docs/decisions/0026-a-page-may-keep-a-key.md` says what such a key can do.
"""

from uuid import UUID

from django.conf import settings
from django.core import signing

from livechat.errors import NotFound
from livechat.models import Channel, Conversation
from livechat.policy import VisitorActor


def make(actor: VisitorActor, conversation: UUID, origin: str) -> str:
    """Return a key with which a later page of `origin` resumes this open conversation.

    It replaces earlier keys as soon as it is used. Raises NotFound for a conversation that has
    ended or is not the visitor's.
    """
    rows = Conversation.objects.open().filter(
        public_id=conversation, visitor__public_id=actor.visitor, channel=actor.channel
    )
    row = rows.values_list("channel__key", "page_key").first()
    if row is None or not origin:
        raise NotFound
    channel, used = row
    return _signer(channel, origin).sign(f"{conversation.hex}.{used + 1}")


def resume(channel: Channel, key: str, origin: str) -> UUID | None:
    """Return the visitor of the open conversation that a key resumes, and void earlier keys.

    None if it is forged, expired, void, of another channel or origin, or the conversation ended.
    The key stays valid until its successor is used: two tabs may resume with it.
    """
    try:
        value = _signer(channel.key, origin).unsign(key, max_age=settings.VISITOR_TOKEN_MAX_AGE)
        conversation, _dot, number = value.partition(".")
        public_id, generation = UUID(conversation), int(number)
    except (signing.BadSignature, ValueError):
        return None
    rows = Conversation.objects.open().filter(public_id=public_id, channel=channel)
    row = rows.values_list("visitor__public_id", "page_key").first()
    if row is None:
        return None
    visitor, used = row
    if generation == used + 1:
        Conversation.objects.filter(public_id=public_id, page_key=used).update(page_key=generation)
    elif generation != used:
        return None
    return visitor


def _signer(channel: str, origin: str) -> signing.TimestampSigner:
    """Return a signer whose signatures are valid for one channel and origin only."""
    return signing.TimestampSigner(salt=f"livechat.page_key {channel} {origin}")
