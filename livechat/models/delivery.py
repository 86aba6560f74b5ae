"""Deliveries: calls to others that are still to be made, and what became of them."""

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.db import models, transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from livechat.domain.backoff import TRIED_FOR
from livechat.domain.deliveries import DeliveryKind, DeliveryState
from livechat.models.choices import DELIVERY_KINDS, DELIVERY_STATES, EVENT_TYPES, FAILURES

LEASE = timedelta(seconds=60)
"""How long whoever claimed a delivery has it for himself; a call ends long before."""


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> Self:
        return self.filter(state=DeliveryState.PENDING)

    def given_up(self) -> Self:
        return self.filter(state=DeliveryState.GIVEN_UP)

    def free(self, now: datetime) -> Self:
        """Those that nobody is sending."""
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now))

    def due(self, now: datetime) -> Self:
        """Those to send now, in order of their turn.

        Later events of a conversation wait for the earlier ones to the same webhook, also while
        those are between two attempts.
        """
        earlier = Delivery.objects.pending().filter(
            webhook=models.OuterRef("webhook"),
            conversation=models.OuterRef("conversation"),
            pk__lt=models.OuterRef("pk"),
        )
        rows = self.pending().free(now).filter(due_at__lte=now)
        return rows.exclude(models.Exists(earlier)).order_by("due_at", "pk")

    def claim(self, now: datetime) -> "Delivery | None":
        """Take the next of these that is due, for a lease; None when nothing is.

        Two workers at once never get the same one: a row that another is about to claim is
        passed over where the database can, and the update asks once more.
        """
        with transaction.atomic():
            row = self.due(now).select_for_update(skip_locked=True, of=("self",)).first()
            return row if row is not None and row.lease(now) else None

    def retry(self, now: datetime) -> int:
        """Let these be sent from the start again, but for those under way; return how many."""
        return self.free(now).update(
            state=DeliveryState.PENDING,
            attempts=0,
            due_at=now,
            give_up_at=now + TRIED_FOR,
            leased_until=None,
            finished_at=None,
        )


class Delivery(models.Model):
    """One call to make, and how it went.

    It holds ids, not texts: what is sent is read when it is sent, so that nothing of a
    conversation that was erased meanwhile leaves. `conversation` and `subject` (the message of
    ``message.created``, the operator of ``conversation.assigned``) are public ids and no foreign
    keys, because a delivery outlives what it tells of. `public_id` stays the same over all
    attempts; by it a receiver knows what he has got already.

    `webhook` has no constraint in the database: rows are written from a list that may be some
    seconds old, and a webhook deleted just then must not fail the message that somebody sends.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(
        _("kind"), max_length=16, choices=DELIVERY_KINDS, default=DeliveryKind.WEBHOOK.value
    )
    webhook = models.ForeignKey(
        "livechat.Webhook",
        models.CASCADE,
        null=True,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
        verbose_name=_("webhook"),
    )
    event = models.CharField(_("event"), max_length=40, choices=EVENT_TYPES)
    conversation = models.UUIDField(_("conversation"), null=True)
    subject = models.UUIDField(null=True)

    state = models.CharField(
        _("state"),
        max_length=10,
        choices=DELIVERY_STATES,
        default=DeliveryState.PENDING.value,
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"))
    give_up_at = models.DateTimeField(_("tried until"))
    leased_until = models.DateTimeField(null=True)

    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    latency_ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    failure = models.CharField(
        _("last problem"), max_length=16, choices=FAILURES, blank=True, default=""
    )
    created_at = models.DateTimeField(_("created"))
    finished_at = models.DateTimeField(_("finished"), null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=DeliveryKind.WEBHOOK.value, webhook__isnull=False),
                name="delivery_has_a_target",
            ),
            models.CheckConstraint(
                condition=Q(state=DeliveryState.PENDING.value, finished_at__isnull=True)
                | (~Q(state=DeliveryState.PENDING.value) & Q(finished_at__isnull=False)),
                name="delivery_finished_has_a_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["webhook", "due_at"],
                condition=Q(state=DeliveryState.PENDING.value),
                name="delivery_due",
            ),
            models.Index(
                fields=["conversation", "webhook", "id"],
                condition=Q(state=DeliveryState.PENDING.value),
                name="delivery_turn",
            ),
            models.Index(
                fields=["finished_at"],
                condition=Q(finished_at__isnull=False),
                name="delivery_finished",
            ),
        ]

    def __str__(self) -> str:
        return self.message_id

    @property
    def message_id(self) -> str:
        """What the receiver knows it by: the ``webhook-id``."""
        return f"msg_{self.public_id.hex}"

    def lease(self, now: datetime) -> bool:
        """Take it for a lease; False when somebody was faster. Counts the attempt."""
        until = now + LEASE
        rows = Delivery.objects.pending().free(now).filter(pk=self.pk, attempts=self.attempts)
        if rows.update(leased_until=until, attempts=F("attempts") + 1) == 0:
            return False
        self.leased_until = until
        self.attempts += 1
        return True
