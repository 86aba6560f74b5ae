"""Entries of a conversation's timeline: texts, notes and system lines."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from django.db import connections, models
from django.db.models import F, Q

from livechat.database.value_tables import table
from livechat.domain.enumerations import Kind, Role
from livechat.models.attachment import Attachment
from livechat.models.choices import KINDS, SYSTEM_EVENTS
from livechat.models.conversation import Author


@dataclass(slots=True)
class Entry:
    """A text or note that is being posted: the values of its row."""

    conversation_id: int
    author: Author
    client_id: uuid.UUID
    kind: str
    text: str
    seq: int
    public_seq: int | None
    created_at: datetime
    public_id: uuid.UUID = field(default_factory=uuid.uuid4)
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def author_id(self) -> int:
        return self.author.pk


@dataclass(frozen=True, slots=True)
class Name:
    """The identity of an entry before it has numbers; `place` is an index of the caller's."""

    place: int
    conversation_id: int
    author_id: int
    client_id: uuid.UUID


class MessageQuerySet(models.QuerySet["Message"]):
    def named(self, names: Sequence[Name]) -> dict[int, "Message"]:
        """Return the stored messages among `names`, by `place`."""
        if not names:
            return {}
        connection = connections[self.db]
        batch, values = table(connection, _NAME, names)
        sql = (
            f"SELECT batch.place, stored.id FROM {batch} "  # noqa: S608 - names are ours
            "JOIN livechat_message stored ON stored.conversation_id = batch.conversation_id "
            "AND stored.author_id = batch.author_id AND stored.client_id = batch.client_id"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            found = dict(cursor.fetchall())
        stored = self.prefetch_related("files").in_bulk(found.values()) if found else {}
        return {place: stored[pk] for place, pk in found.items()}

    def said_by(self, visitor: Any, client_id: uuid.UUID) -> Self:
        """Return the messages of a visitor with this `client_id`, in all their conversations.

        The query goes through the participants, so each conversation costs one or two index
        look-ups.
        """
        return self.filter(
            author__conversation__visitor=visitor,
            author__role=Role.VISITOR,
            conversation=F("author__conversation"),
            client_id=client_id,
        ).order_by()

    def append(self, entries: Sequence[Entry]) -> None:
        """Insert the entries in one statement. Their conversations must be locked."""
        connection = connections[self.db]
        batch, values = table(connection, _ENTRY, entries)
        names = ", ".join(_ENTRY)
        sql = (
            f"INSERT INTO livechat_message ({names}, event) "  # noqa: S608 - names are ours
            f"SELECT {names}, '' FROM {batch}"
        )
        with connection.cursor() as cursor:
            cursor.execute(sql, values)


_NAME = {"place": "bigint", "conversation_id": "bigint", "author_id": "bigint", "client_id": "uuid"}
_ENTRY = {
    "public_id": "uuid",
    "conversation_id": "bigint",
    "seq": "bigint",
    "public_seq": "bigint",
    "kind": "text",
    "author_id": "bigint",
    "client_id": "uuid",
    "text": "text",
    "created_at": "timestamptz",
}


class Message(models.Model):
    """One entry of the timeline: text, note or system line.

    `seq` numbers the staff timeline, `public_seq` the visitor's. A note has no `public_seq` and
    leaves no gap there. A system line has no `author` but an `event`, and as `subject` the
    participant that the event is about, if there is one.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    conversation = models.ForeignKey(
        "livechat.Conversation", models.CASCADE, related_name="messages"
    )
    seq = models.PositiveBigIntegerField()
    public_seq = models.PositiveBigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=10, choices=KINDS)
    author = models.ForeignKey(
        "livechat.Participant", models.RESTRICT, null=True, blank=True, related_name="messages"
    )
    subject = models.ForeignKey(
        "livechat.Participant", models.RESTRICT, null=True, blank=True, related_name="+"
    )
    event = models.CharField(max_length=24, choices=SYSTEM_EVENTS, blank=True, default="")
    client_id = models.UUIDField(null=True, blank=True)
    text = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()

    known_files: Sequence[Attachment] | None = None
    """The files, if the service that made the entry knows them: then no query is made."""

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["conversation", "seq"]
        constraints = [
            models.UniqueConstraint(fields=["conversation", "seq"], name="message_seq"),
            models.UniqueConstraint(
                fields=["conversation", "public_seq"], name="message_public_seq"
            ),
            models.UniqueConstraint(
                fields=["conversation", "author", "client_id"], name="message_once"
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.NOTE.value, public_seq__isnull=True)
                | (~Q(kind=Kind.NOTE.value) & Q(public_seq__isnull=False)),
                name="only_notes_are_hidden",
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.SYSTEM.value, author__isnull=True)
                | (~Q(kind=Kind.SYSTEM.value) & Q(author__isnull=False)),
                name="system_lines_have_no_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.text[:40]}"

    @property
    def attachments(self) -> list[Attachment]:
        """The files in the order of their upload. For many messages, prefetch ``files``."""
        if self.known_files is not None:
            return list(self.known_files)
        return [] if self.kind == Kind.SYSTEM else list(self.files.all())
