"""Fact -> deliveries. What others are to be told, written down in the transaction that made it so.

Every function is called inside that transaction, while the conversation is locked: either both
are stored or neither, and deliveries of a conversation are numbered in the order of its events.
Sending is `services.deliveries`' work.

Who listens is known from a list in memory that is at most five seconds old, so a message that
nobody wants to hear of costs no query.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from livechat.domain.backoff import TRIED_FOR
from livechat.domain.deliveries import EventType
from livechat.domain.states import Kind
from livechat.models import Conversation, Delivery, Entry, Head, Message, Operator, Webhook

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Listener:
    """A webhook that is switched on; `channel` None hears of all."""

    webhook: int
    events: frozenset[str]
    channel: int | None


class Listeners:
    """Who listens, as this process last read it."""

    def __init__(self) -> None:
        self._known: tuple[Listener, ...] = ()
        self._read_at = -FRESH_SECONDS

    def of(self, event: EventType) -> list[Listener]:
        """Return who wants to hear of an event of some channel; read anew when five seconds old."""
        now = time.monotonic()
        if now - self._read_at >= FRESH_SECONDS:
            rows = Webhook.objects.enabled().values_list("pk", "events", "channel")
            self._known = tuple(
                Listener(pk, frozenset(events), channel) for pk, events, channel in rows
            )
            self._read_at = now
        return [listener for listener in self._known if event in listener.events]

    def forget(self) -> None:
        """Read anew before the next answer."""
        self._read_at = -FRESH_SECONDS


listeners = Listeners()
"""This process's list."""


def conversation_created(conversation: Conversation) -> None:
    """Note that a conversation began."""
    _note(EventType.CONVERSATION_CREATED, [(conversation, None, conversation.opened_at)])


def conversation_assigned(conversation: Conversation, operator: Operator, now: datetime) -> None:
    """Note that `operator` is in charge from now on."""
    _note(EventType.CONVERSATION_ASSIGNED, [(conversation, operator.public_id, now)])


def conversation_closed(conversation: Conversation, now: datetime) -> None:
    """Note that a conversation ended."""
    _note(EventType.CONVERSATION_CLOSED, [(conversation, None, now)])


def messages_created(entries: Sequence[tuple[Conversation | Head, Message | Entry]]) -> None:
    """Note what people wrote: neither notes nor system lines."""
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
