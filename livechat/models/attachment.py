"""Files of messages, and uploaded files that no message uses yet."""

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Self

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q


def file_storage() -> Storage:
    """Return the storage of files: the alias ``files`` of Django's STORAGES."""
    return storages["files"]


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def pending(self) -> Self:
        """Return the files that no message uses yet."""
        return self.filter(message=None)

    def left_since(self, moment: datetime) -> Self:
        """Return the pending files that were uploaded before `moment`."""
        return self.pending().filter(created_at__lt=moment)

    def named(self, public_ids: Iterable[uuid.UUID]) -> Self:
        return self.filter(public_id__in=list(public_ids))


class Attachment(models.Model):
    """A file that a visitor or an operator uploaded.

    `visitor` is the public id in the visitor's token: before their first message a visitor has no
    row. `message` is empty until a message uses the file. `name` is clean
    (`domain.files.clean_name`).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    channel = models.ForeignKey("livechat.Channel", models.CASCADE, related_name="+")
    message = models.ForeignKey(
        "livechat.Message", models.CASCADE, null=True, blank=True, related_name="files"
    )
    visitor = models.UUIDField(null=True, blank=True)
    operator = models.ForeignKey(
        "livechat.Operator", models.PROTECT, null=True, blank=True, related_name="+"
    )
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    blob = models.FileField(storage=file_storage, max_length=120)
    thumbnail = models.FileField(storage=file_storage, max_length=120, blank=True, default="")
    created_at = models.DateTimeField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(visitor__isnull=False, operator__isnull=True)
                | Q(visitor__isnull=True, operator__isnull=False),
                name="a_file_has_one_owner",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(message=None), name="attachment_pending"
            ),
            models.Index(fields=["visitor", "created_at"], name="attachment_of_visitor"),
        ]

    def __str__(self) -> str:
        return self.name
