"""Deliveries: calls to third parties that are still to be made, and their results."""

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
"""How long a worker holds a delivery that it claimed; a call ends long before."""


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> Self:
        return self.filter(state=DeliveryState.PENDING)

    def given_up(self) -> Self:
        return self.filter(state=DeliveryState.GIVEN_UP)

    def free(self, now: datetime) -> Self:
        """Return the deliveries that no worker is sending."""
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now))

    def due(self, now: datetime) -> Self:
        """Return the deliveries to send now, in the order to send them.

        Later events of a conversation wait until the earlier ones to the same webhook are done or
        given up, also between two attempts.
        """
        rows = self.pending().free(now).filter(due_at__lte=now)
        return rows.filter(~_after_one_of(Delivery.objects.pending())).order_by("due_at", "pk")

    def claim(self, now: datetime) -> "Delivery | None":
        """Lease and return the next due delivery; None when none is due or a worker was faster.

        Two workers never get the same one. The query skips rows that another worker has locked,
        where the database can, and the update checks again.
        """
        with transaction.atomic():
            row = self.due(now).select_for_update(skip_locked=True, of=("self",)).first()
            return row if row is not None and row.lease(now) else None

    def postpone(self, row: "Delivery", until: datetime) -> None:
        """Postpone the deliveries behind `row` until `until`, so that `claim` need not skip them
        every time."""
        if row.conversation is not None:
            waiting = self.pending().filter(webhook=row.webhook_id, conversation=row.conversation)
            waiting.filter(pk__gt=row.pk, due_at__lt=until).update(due_at=until)

    def behind(self, rows: "DeliveryQuerySet") -> Self:
        """Return the deliveries that wait for one of `rows`.

        These are later events of the same conversation to the same webhook.
        """
        return self.pending().filter(_after_one_of(rows))

    def retry(self, now: datetime) -> int:
        """Start these deliveries again, except those being sent now; return how many."""
        Delivery.objects.behind(self.free(now)).update(due_at=now)
        return self.free(now).update(
            state=DeliveryState.PENDING,
            attempts=0,
            due_at=now,
            give_up_at=now + TRIED_FOR,
            leased_until=None,
            finished_at=None,
        )


def _after_one_of(rows: DeliveryQuerySet) -> models.Exists:
    """Return the condition that `rows` has an earlier delivery of the same conversation to the same
    webhook."""
    return models.Exists(
        rows.filter(
            webhook=models.OuterRef("webhook"),
            conversation=models.OuterRef("conversation"),
            pk__lt=models.OuterRef("pk"),
        )
    )


class Delivery(models.Model):
    """One call to make, and its result.

    It stores ids, not texts: the body is built when it is sent, so that nothing of a conversation
    that has been erased is sent. `conversation` and `subject` (the message of ``message.created``,
    the operator of ``conversation.assigned``) are public ids and not foreign keys, because a
    delivery outlives the rows it refers to. `public_id` is the same for all attempts, so that
    receivers recognise repeats.

    `webhook` has no constraint in the database. The list of webhooks in memory may be some seconds
    old, and a webhook that was deleted in this time must not make a message fail.
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
    give_up_at = models.DateTimeField(_("retries until"))
    leased_until = models.DateTimeField(null=True)

    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True)
    latency_ms = models.PositiveIntegerField(_("milliseconds"), null=True)
    failure = models.CharField(
        _("last error"), max_length=16, choices=FAILURES, blank=True, default=""
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
                fields=["webhook", "due_at", "id"],
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
        """The ``webhook-id``, by which the receiver recognises it."""
        return f"msg_{self.public_id.hex}"

    def lease(self, now: datetime) -> bool:
        """Take the lease and count the attempt; False when another worker was faster."""
        until = now + LEASE
        rows = Delivery.objects.pending().free(now).filter(pk=self.pk, attempts=self.attempts)
        if rows.update(leased_until=until, attempts=F("attempts") + 1) == 0:
            return False
        self.leased_until = until
        self.attempts += 1
        return True
