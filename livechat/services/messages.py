"""Posting messages: the group commit that the whole chat stands on (decision 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from livechat import events, policy
from livechat.domain import numbering
from livechat.domain.states import Kind, Outcome, Role, Status
from livechat.errors import IdConflict, LivechatError, NotAllowed, NotFound
from livechat.models import Advance, Conversation, Message, Participant
from livechat.policy import Action, Actor, StaffActor, VisitorActor


@dataclass(frozen=True, slots=True)
class Item:
    """A message to post. `text` is clean (`domain.text.clean`); `internal` makes it a note."""

    actor: Actor
    conversation: UUID
    client_id: UUID
    text: str
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """Stored now. `seq` is in the author's own numbering, as he will see it."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Repeated(Posted):
    """Stored before under the same `client_id`: the first answer again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing stored for this item, and why."""

    error: LivechatError


Answer = Posted | Refused


def post_message(item: Item) -> Posted:
    """Post one message; raises what `post_messages` would refuse it with."""
    [outcome] = post_messages([item])
    if isinstance(outcome, Refused):
        raise outcome.error
    return outcome


def post_messages(items: Sequence[Item]) -> list[Answer]:
    """Post a batch in one transaction and return an outcome per item, in order.

    Never raises for one item: what is not allowed, too late or in conflict is `Refused`, and its
    neighbours are stored all the same. Safe to repeat: an item seen before is `Repeated`.
    Raises only when the database itself fails, and then nothing of the batch is stored.
    """
    try:
        with transaction.atomic():
            return _Batch(items).post()
    except IntegrityError:
        # The unique constraint is the backstop; it should never fire, because the conversations
        # are locked. If it does, the neighbours must not suffer: one by one.
        if len(items) == 1:
            return [Refused(IdConflict())]
        return [outcome for item in items for outcome in post_messages([item])]


class _Batch:
    """One pass of `post_messages`: the four beats as methods."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = items
        self.outcomes: list[Answer | None] = [None] * len(items)

    def post(self) -> list[Answer]:
        self.gather()
        numbered, doubles = self.decide()
        entries = self.apply(numbered)
        for double in doubles:
            self.outcomes[double.index] = self.repeat(double)
        self.announce(entries)
        assert all(self.outcomes)
        return [outcome for outcome in self.outcomes if outcome is not None]

    def gather(self) -> None:
        ids = {item.conversation for item in self.items}
        self.conversations = {
            row.public_id: row
            for row in Conversation.objects.filter(public_id__in=ids)
            .select_related("visitor")
            .lock()
        }
        people = Participant.objects.present().filter(
            conversation__in=[row.pk for row in self.conversations.values()]
        )
        self.authors: dict[tuple[int, int | str], Participant] = {}
        self.people: dict[int, list[Participant]] = {}
        for person in people.select_related("operator__user"):
            self.authors[person.conversation_id, person.operator_id or person.role] = person
            self.people.setdefault(person.conversation_id, []).append(person)
        clients = {item.client_id for item in self.items}
        self.stored = {
            (row.conversation_id, row.author_id, row.client_id): row
            for row in Message.objects.filter(
                conversation__in=[row.pk for row in self.conversations.values()],
                client_id__in=clients,
            )
        }
        self.now = timezone.now()

    def decide(self) -> tuple[list[numbering.Numbered], list[numbering.Double]]:
        fresh = []
        self.keys: list[tuple[Conversation, Participant] | None] = [None] * len(self.items)
        for index, item in enumerate(self.items):
            try:
                conversation, author, stored = self.admit(item)
            except LivechatError as error:
                self.outcomes[index] = Refused(error)
                continue
            if stored is not None:
                self.outcomes[index] = _again(item, stored)
                continue
            self.keys[index] = (conversation, author)
            fresh.append((index, conversation.pk, (author.pk, item.client_id), item.internal))
        heads = {
            row.pk: numbering.Heads(row.seq, row.public_seq) for row in self.conversations.values()
        }
        return numbering.number(fresh, heads)

    def admit(self, item: Item) -> tuple[Conversation, Participant, Message | None]:
        """Return conversation, author and the entry stored before, or raise the refusal.

        A repeat is answered as the first time even when the conversation has closed since.
        """
        conversation = self.conversations.get(item.conversation)
        if conversation is None:
            raise NotFound
        who = item.actor.operator if isinstance(item.actor, StaffActor) else Role.VISITOR.value
        author = self.authors.get((conversation.pk, who)) if who else None
        if author is not None and author.operator is not None:
            account = author.operator
            if not (account.is_enabled and account.user.is_active):
                author = None
        action = Action.NOTE if item.internal else Action.POST
        takes_part = author is not None
        if not policy.may_read(item.actor, conversation, takes_part=takes_part):
            raise NotFound
        stored = None
        if author is not None:
            stored = self.stored.get((conversation.pk, author.pk, item.client_id))
        if author is None or stored is None:
            policy.require(item.actor, action, conversation, takes_part=takes_part)
        if author is None:
            raise NotAllowed
        return conversation, author, stored

    def apply(self, numbered: Sequence[numbering.Numbered]) -> list[tuple[Conversation, Message]]:
        entries: list[tuple[Conversation, Message]] = []
        self.changed: dict[int, Conversation] = {}
        for number in numbered:
            item, key = self.items[number.index], self.keys[number.index]
            assert key is not None
            conversation, author = key
            entry = Message(
                conversation_id=conversation.pk,
                seq=number.seq,
                public_seq=number.public_seq,
                kind=Kind.NOTE.value if item.internal else Kind.TEXT.value,
                client_id=item.client_id,
                text=item.text,
                created_at=self.now,
            )
            entry.author = author
            entry.subject = None
            if _move(conversation, author, entry):
                self.changed[conversation.pk] = conversation
            entries.append((conversation, entry))
            seq = number.seq if author.role == Role.OPERATOR else number.public_seq
            self.outcomes[number.index] = Posted(seq or 0, entry.created_at)
        if entries:
            Message.objects.bulk_create([entry for _row, entry in entries])
            Conversation.objects.advance(
                [_advance(row) for row in {row.pk: row for row, _entry in entries}.values()]
            )
        return entries

    def repeat(self, double: numbering.Double) -> Answer:
        item, first = self.items[double.index], self.items[double.of]
        outcome = self.outcomes[double.of]
        if item.text != first.text or item.internal != first.internal:
            return Refused(IdConflict())
        assert isinstance(outcome, Posted)
        return Repeated(outcome.seq, outcome.at)

    def announce(self, entries: Sequence[tuple[Conversation, Message]]) -> None:
        last = {conversation.pk: entry for conversation, entry in entries}
        for conversation in self.changed.values():
            operators = [p for p in self.people[conversation.pk] if p.role == Role.OPERATOR]
            events.conversation_changed(conversation, operators, last[conversation.pk])
        events.messages_posted(entries)


def _again(item: Item, stored: Message) -> Answer:
    kind = Kind.NOTE if item.internal else Kind.TEXT
    if stored.text != item.text or stored.kind != kind:
        return Refused(IdConflict())
    visitor = isinstance(item.actor, VisitorActor)
    seq = stored.public_seq if visitor else stored.seq
    return Repeated(seq or 0, stored.created_at)


def _move(conversation: Conversation, author: Participant, entry: Message) -> bool:
    """Apply one entry to its conversation's row; say whether a list must show a change.

    The clock never runs backwards within a conversation, whatever the machine's does.
    """
    entry.created_at = max(entry.created_at, conversation.last_message_at)
    conversation.seq = entry.seq
    conversation.public_seq = entry.public_seq or conversation.public_seq
    conversation.last_message_at = entry.created_at
    before = (conversation.status, conversation.outcome)
    if author.role == Role.VISITOR:
        conversation.waiting_since = conversation.waiting_since or entry.created_at
        if conversation.status == Status.WAITING_FOR_CUSTOMER:
            conversation.status = Status.IN_PROGRESS.value
    elif entry.kind == Kind.TEXT:
        conversation.waiting_since = None
        conversation.answered_at = conversation.answered_at or entry.created_at
        if conversation.outcome in (Outcome.NO_ANSWER, Outcome.NO_AGENT):
            conversation.outcome = Outcome.NO_FAILURE.value
    if (conversation.status, conversation.outcome) == before:
        return False
    conversation.revision += 1
    return True


def _advance(row: Conversation) -> Advance:
    return Advance(
        pk=row.pk,
        seq=row.seq,
        public_seq=row.public_seq,
        last_message_at=row.last_message_at,
        waiting_since=row.waiting_since,
        answered_at=row.answered_at,
        status=row.status,
        outcome=row.outcome,
        revision=row.revision,
    )
