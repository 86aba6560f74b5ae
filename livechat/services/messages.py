"""Post messages: the group commit of the chat (`docs/decisions/0016-group-commit.md`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, OperationalError, transaction

from livechat import events, policy
from livechat.database import database_time, lock_timeout
from livechat.domain import numbering
from livechat.domain.enumerations import Kind, Outcome, Role, Status
from livechat.errors import IdConflict, LivechatError, NotAllowed, NotFound
from livechat.models import (
    Attachment,
    Author,
    Conversation,
    Entry,
    Head,
    Message,
    Name,
    Participant,
)
from livechat.policy import NO_PART, Action, Actor, Part, VisitorActor
from livechat.services import attachments

SHORT_WAIT_MS = 200
"""How long a batch waits for locks."""


@dataclass(frozen=True, slots=True)
class Item:
    """A message to post. `text` is clean (`domain.text.clean`), and empty only with `files`,
    which were uploaded before; `internal` makes it a note."""

    actor: Actor
    conversation: UUID
    client_id: UUID
    text: str
    internal: bool = False
    files: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Posted:
    """Stored now. `seq` is in the author's own numbering: public for a visitor."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Repeated(Posted):
    """Stored before under the same `client_id`: the first result again."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Not stored, because of `error`."""

    error: LivechatError


@dataclass(frozen=True, slots=True)
class Busy:
    """Not tried: another transaction has the conversation locked at this moment."""


PostResult = Posted | Refused


def post_message(item: Item) -> Posted:
    """Post one message; raises the error with which `post_messages` would refuse it."""
    [outcome] = post_messages([item])
    if isinstance(outcome, Refused):
        raise outcome.error
    return outcome


def post_messages(items: Sequence[Item]) -> list[PostResult]:
    """Post a batch in one transaction and return an outcome per item, in order.

    Never raises for one item: an item that is not allowed, too late or in conflict is `Refused`,
    and the others are stored. Safe to repeat: an item stored before is `Repeated`.
    Raises only when the database itself fails, and then nothing of the batch is stored.
    """
    outcomes = _post(items)
    return [outcome for outcome in outcomes if not isinstance(outcome, Busy)]


def post_soon(items: Sequence[Item]) -> list[PostResult | Busy]:
    """Post like `post_messages`, but wait at most `SHORT_WAIT_MS` for locks: then items are `Busy`.

    Other writers usually finish within that time, so a short wait is worthwhile. One conversation
    that stays locked must not delay all others of a process.
    """
    try:
        return _post(items, lock_wait_ms=SHORT_WAIT_MS)
    except OperationalError as error:
        if not lock_timeout.was_locked(error):
            raise
    return _post(items, waits=False)


def _post(
    items: Sequence[Item], *, lock_wait_ms: int | None = None, waits: bool = True
) -> list[PostResult | Busy]:
    try:
        with transaction.atomic():
            if lock_wait_ms is not None:
                lock_timeout.wait_at_most(lock_wait_ms)
            return _Batch(items, waits=waits).post()
    except IntegrityError:
        # The unique constraint is a safeguard; it should never fire, because the conversations
        # are locked. If it does, post the items one by one, so that the others are stored.
        if len(items) == 1:
            return [Refused(IdConflict())]
        return [
            outcome
            for item in items
            for outcome in _post([item], lock_wait_ms=lock_wait_ms, waits=waits)
        ]


class _Batch:
    """One pass of `post_messages`: gather, decide, apply, announce."""

    def __init__(self, items: Sequence[Item], *, waits: bool) -> None:
        self.items = items
        self.waits = waits
        self.outcomes: list[PostResult | Busy | None] = [None] * len(items)

    def post(self) -> list[PostResult | Busy]:
        self.gather()
        numbered, duplicates = self.decide()
        entries = self.apply(numbered)
        for duplicate in duplicates:
            self.outcomes[duplicate.index] = self.repeat(duplicate)
        self.announce(entries)
        assert all(self.outcomes)
        return [outcome for outcome in self.outcomes if outcome is not None]

    def gather(self) -> None:
        wanted = {item.conversation for item in self.items}
        heads = Conversation.objects.lock_heads(wanted, waits=self.waits)
        # Read after the lock, so that an operator who left before it is seen as gone.
        people = Participant.objects.authors([head.pk for head in heads])
        self.authors = {(who.conversation_id, who.operator_id or who.role): who for who in people}
        visitors = {who.conversation_id: who.visitor_public_id for who in people}
        for head in heads:
            head.visitor_public_id = visitors.get(head.pk)
        self.heads = {head.public_id: head for head in heads}
        missing = wanted - self.heads.keys() if not self.waits else ()
        self.busy = Conversation.objects.among(missing) if missing else frozenset()
        self.places = [self.place(item) for item in self.items]
        self.stored = Message.objects.named(
            [
                Name(index, head.pk, author.pk, self.items[index].client_id)
                for index, (head, author) in enumerate(self.places)
                if head is not None and author is not None
            ]
        )
        files = {file for item in self.items for file in item.files}
        self.pending = attachments.lock_pending(files) if files else {}
        self.now = database_time.now()

    def place(self, item: Item) -> tuple[Head | None, Author | None]:
        """Return an item's conversation and its author there; None for what does not exist."""
        head = self.heads.get(item.conversation)
        if head is None:
            return None, None
        if isinstance(item.actor, VisitorActor):
            return head, self.authors.get((head.pk, Role.VISITOR.value))
        return head, self.authors.get((head.pk, item.actor.operator or ""))

    def decide(self) -> tuple[list[numbering.Numbered], list[numbering.Duplicate]]:
        fresh = []
        self.claimed: dict[int, list[Attachment]] = {}
        self.keys: list[tuple[Head, Author] | None] = [None] * len(self.items)
        for index, item in enumerate(self.items):
            if item.conversation in self.busy:
                self.outcomes[index] = Busy()
                continue
            stored = self.stored.get(index)
            try:
                head, author = self.admit(item, *self.places[index], is_stored=stored is not None)
                if stored is None and item.files:
                    self.claimed[index] = self.claim(item, head)
            except LivechatError as error:
                self.outcomes[index] = Refused(error)
                continue
            if stored is not None:
                self.outcomes[index] = _again(item, stored)
                continue
            self.keys[index] = (head, author)
            fresh.append((index, head.pk, (author.pk, item.client_id), item.internal))
        heads = {
            head.pk: numbering.Heads(head.seq, head.public_seq) for head in self.heads.values()
        }
        return numbering.number(fresh, heads)

    def admit(
        self, item: Item, head: Head | None, author: Author | None, *, is_stored: bool
    ) -> tuple[Head, Author]:
        """Return conversation and author, or raise the refusal.

        A repeat gets the first result even when the conversation has closed since, or the author
        has left: they must learn that their message is stored.
        """
        if head is None:
            raise NotFound
        # An operator who has left wrote before leaving; how far they may read is irrelevant here.
        part = NO_PART if author is None else Part(author.may_write, left_with=head.seq)
        if not policy.may_read(item.actor, head, part):
            raise NotFound
        if not is_stored:
            action = Action.NOTE if item.internal else Action.POST
            policy.require(item.actor, action, head, part)
        if author is None:
            raise NotAllowed
        return head, author

    def claim(self, item: Item, head: Head) -> list[Attachment]:
        """Return the files of an item. A double in the same batch gets the files of its first
        item. Raises FileGone for a file that another message claimed."""
        first = next(
            (
                self.claimed[index]
                for index, other in enumerate(self.items)
                if index in self.claimed
                and (other.conversation, other.actor, other.client_id)
                == (item.conversation, item.actor, item.client_id)
            ),
            None,
        )
        if first is not None:
            return first
        rows = attachments.claim(item.files, self.pending, item.actor, head.channel_id)
        for row in rows:
            del self.pending[row.public_id]
        return rows

    def apply(self, numbered: Sequence[numbering.Numbered]) -> list[tuple[Head, Entry]]:
        entries: list[tuple[Head, Entry]] = []
        self.changed: set[int] = set()
        for number in numbered:
            item, key = self.items[number.index], self.keys[number.index]
            assert key is not None
            head, author = key
            entry = Entry(
                conversation_id=head.pk,
                author=author,
                client_id=item.client_id,
                kind=Kind.NOTE.value if item.internal else Kind.TEXT.value,
                text=item.text,
                seq=number.seq,
                public_seq=number.public_seq,
                created_at=self.now,
                attachments=self.claimed.get(number.index, []),
            )
            if _apply_entry(head, entry):
                self.changed.add(head.pk)
            entries.append((head, entry))
            seq = number.seq if author.role == Role.OPERATOR else number.public_seq
            self.outcomes[number.index] = Posted(seq or 0, entry.created_at)
        if entries:
            Message.objects.append([entry for _head, entry in entries])
            Conversation.objects.advance(list({head.pk: head for head, _ in entries}.values()))
            sent = {entry.public_id: entry.attachments for _, entry in entries if entry.attachments}
            if sent:
                attachments.attach(sent)
        return entries

    def repeat(self, duplicate: numbering.Duplicate) -> PostResult:
        item, first = self.items[duplicate.index], self.items[duplicate.of]
        outcome = self.outcomes[duplicate.of]
        if (item.text, item.internal, item.files) != (first.text, first.internal, first.files):
            return Refused(IdConflict())
        assert isinstance(outcome, Posted)
        return Repeated(outcome.seq, outcome.at)

    def announce(self, entries: Sequence[tuple[Head, Entry]]) -> None:
        if self.changed:
            last = {head.pk: entry for head, entry in entries}
            for conversation, operators in Conversation.objects.with_operators(self.changed):
                events.conversation_changed(conversation, operators, last[conversation.pk])
        events.messages_posted(entries)


def _again(item: Item, stored: Message) -> PostResult:
    kind = Kind.NOTE if item.internal else Kind.TEXT
    files = {file.public_id for file in stored.attachments}
    if (stored.text, stored.kind, files) != (item.text, kind, set(item.files)):
        return Refused(IdConflict())
    visitor = isinstance(item.actor, VisitorActor)
    seq = stored.public_seq if visitor else stored.seq
    return Repeated(seq or 0, stored.created_at)


def _apply_entry(head: Head, entry: Entry) -> bool:
    """Apply one entry to its conversation; return whether lists must show a change.

    Time never runs backwards within a conversation, even if the machine's clock does.
    """
    entry.created_at = max(entry.created_at, head.last_message_at)
    head.seq = entry.seq
    head.public_seq = entry.public_seq or head.public_seq
    head.last_message_at = entry.created_at
    before = (head.status, head.outcome)
    if entry.author.role == Role.VISITOR:
        head.waiting_since = head.waiting_since or entry.created_at
        if head.status == Status.WAITING_FOR_CUSTOMER:
            head.status = Status.IN_PROGRESS.value
    elif entry.kind == Kind.TEXT:
        head.waiting_since = None
        head.answered_at = head.answered_at or entry.created_at
        if head.outcome in (Outcome.NO_ANSWER, Outcome.NO_AGENT):
            head.outcome = Outcome.NO_FAILURE.value
    if (head.status, head.outcome) == before:
        return False
    head.revision += 1
    return True
