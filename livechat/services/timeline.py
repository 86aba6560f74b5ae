"""Adding single entries inside another service's transaction. (Messages people post go
through `messages.post_messages`.) The conversation's row must be locked; the caller saves it."""

from datetime import datetime
from uuid import UUID

from livechat.domain.states import Kind, SystemEvent
from livechat.models import Conversation, Message, Participant


def system_line(
    conversation: Conversation, event: SystemEvent, subject: Participant | None, now: datetime
) -> Message:
    """Append a line that tells what happened, visible to everybody."""
    entry = _entry(conversation, Kind.SYSTEM, now)
    entry.subject = subject
    entry.event = event.value
    entry.save(force_insert=True)
    return entry


def first_text(
    conversation: Conversation, author: Participant, text: str, client_id: UUID, now: datetime
) -> Message:
    """Append the message a conversation is opened with."""
    entry = _entry(conversation, Kind.TEXT, now)
    entry.author = author
    entry.text = text
    entry.client_id = client_id
    entry.save(force_insert=True)
    return entry


def _entry(conversation: Conversation, kind: Kind, now: datetime) -> Message:
    conversation.seq += 1
    conversation.public_seq += 1
    conversation.last_message_at = max(now, conversation.last_message_at)
    return Message(
        conversation=conversation,
        seq=conversation.seq,
        public_seq=conversation.public_seq,
        kind=kind.value,
        author=None,
        subject=None,
        created_at=conversation.last_message_at,
    )
