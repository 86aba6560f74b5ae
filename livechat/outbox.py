"""Stores webhook deliveries in the transaction of the change that they report.

Call every function inside that transaction, while the conversation is locked: the change and its
deliveries are stored together or not at all, and the delivery ids of a conversation follow the
order of its events. `services.deliveries` sends them.

The list of webhooks is in memory and at most five seconds old, so a message without a subscribed
webhook costs no query.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from livechat.domain.backoff import TRIED_FOR
from livechat.domain.deliveries import EventType
from livechat.domain.enumerations import Kind
from livechat.models import Conversation, Delivery, Entry, Head, Message, Operator, Webhook

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Listener:
    """An enabled webhook and its events; `channel` None means all channels."""

    webhook: int
    events: frozenset[str]
    channel: int | None


class Listeners:
    """The enabled webhooks, as this process last read them."""

    def __init__(self) -> None:
        self._known: tuple[Listener, ...] = ()
        self._read_at = -FRESH_SECONDS

    def of(self, event: EventType) -> list[Listener]:
        """Return the webhooks for `event`, of any channel, at most five seconds old."""
        now = time.monotonic()
        if now - self._read_at >= FRESH_SECONDS:
            rows = Webhook.objects.enabled().values_list("pk", "events", "channel")
            self._known = tuple(
                Listener(pk, frozenset(events), channel) for pk, events, channel in rows
            )
            self._read_at = now
        return [listener for listener in self._known if event in listener.events]

    def forget(self) -> None:
        """Make the next `of` read the rows again."""
        self._read_at = -FRESH_SECONDS


listeners = Listeners()
"""This process's listeners."""


def conversation_created(conversation: Conversation) -> None:
    """Store deliveries for a new conversation."""
    _note(EventType.CONVERSATION_CREATED, [(conversation, None, conversation.opened_at)])


def conversation_assigned(conversation: Conversation, operator: Operator, now: datetime) -> None:
    """Store deliveries for `operator` as the new main operator."""
    _note(EventType.CONVERSATION_ASSIGNED, [(conversation, operator.public_id, now)])


def conversation_closed(conversation: Conversation, now: datetime) -> None:
    """Store deliveries for the end of a conversation."""
    _note(EventType.CONVERSATION_CLOSED, [(conversation, None, now)])


def messages_created(entries: Sequence[tuple[Conversation | Head, Message | Entry]]) -> None:
    """Store deliveries for texts; notes and system lines are skipped."""
    _note(
        EventType.MESSAGE_CREATED,
        (
            (conversation, entry.public_id, entry.created_at)
            for conversation, entry in entries
            if entry.kind == Kind.TEXT and entry.public_seq is not None
        ),
    )


def _note(
    event: EventType, facts: Iterable[tuple[Conversation | Head, UUID | None, datetime]]
) -> None:
    wanting = listeners.of(event)
    if not wanting:
        return
    rows = [
        Delivery(
            webhook_id=listener.webhook,
            event=event.value,
            conversation=conversation.public_id,
            subject=subject,
            created_at=moment,
            due_at=moment,
            give_up_at=moment + TRIED_FOR,
        )
        for conversation, subject, moment in facts
        for listener in wanting
        if listener.channel in (None, conversation.channel_id)
    ]
    if rows:
        Delivery.objects.bulk_create(rows)
