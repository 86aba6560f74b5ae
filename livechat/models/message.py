"""Messages: the entries of a conversation's timeline."""

import uuid

from django.db import models
from django.db.models import Q

from livechat.domain.states import Kind
from livechat.models.choices import KINDS, SYSTEM_EVENTS


class Message(models.Model):
    """One entry of the timeline: text, note, or system line.

    `seq` numbers the staff timeline, `public_seq` the visitor's; a note has none of the latter
    and leaves no hole there. `author` is empty for system lines, which name an `event` and,
    where it is about somebody, the participant as `subject`.
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
