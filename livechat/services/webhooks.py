"""Webhooks: what is posted to them, their secrets, and when they are switched off."""

from datetime import datetime

from django.conf import settings
from django.db import transaction

from livechat import outbox
from livechat.domain import signatures
from livechat.domain.deliveries import EventType, Failure
from livechat.errors import NotFound
from livechat.integrations.call_results import GiveUp, Receipt
from livechat.integrations.webhooks import post
from livechat.models import Conversation, Delivery, Operator, Webhook
from livechat.models.webhook import new_secret
from livechat.serializers import for_webhooks
from livechat.serializers.for_webhooks import Erased

USER_AGENT = "Livechat-Webhooks/1"


def send(row: Delivery, now: datetime) -> Receipt:
    """Post a delivery, signed. Call it outside of any transaction.

    A ping is also sent to a webhook that is switched off. Raises what `post` raises, and GiveUp
    when the webhook is deleted or switched off. A 410 response switches the webhook off.
    """
    webhook = row.webhook_id and Webhook.objects.filter(pk=row.webhook_id).first()
    if not webhook or not (webhook.is_enabled or row.event == EventType.PING):
        raise GiveUp(Failure.SWITCHED_OFF)
    payload = body(row)
    headers = signatures.headers(webhook.secrets, id=row.message_id, moment=now, body=payload)
    headers |= {"Content-Type": "application/json", "User-Agent": USER_AGENT}
    try:
        return post(webhook.url, payload, headers, private=settings.WEBHOOKS_ALLOW_PRIVATE)
    except GiveUp as error:
        if error.failure == Failure.GONE:
            _switch_off(webhook, now)
        raise


def body(row: Delivery) -> bytes:
    """Return the body of a delivery, read now: content that was erased since is not in it."""
    event = EventType(row.event)
    if row.conversation is None:
        return for_webhooks.body(event, row.created_at)
    chats = Conversation.objects.select_related("channel", "visitor", "operator__user")
    chat = chats.filter(public_id=row.conversation).first()
    if chat is None:
        return for_webhooks.body(event, row.created_at, conversation=Erased(row.conversation))
    data = for_webhooks.conversation(chat)
    if row.subject is None:
        return for_webhooks.body(event, row.created_at, conversation=data)
    if event is EventType.MESSAGE_CREATED:
        messages = chat.messages.select_related("author").prefetch_related("files")
        message = messages.filter(public_id=row.subject).first()
        return for_webhooks.body(
            event,
            row.created_at,
            conversation=data,
            message=for_webhooks.message(message) if message else Erased(row.subject),
        )
    operator = Operator.objects.select_related("user").filter(public_id=row.subject).first()
    return for_webhooks.body(
        event,
        row.created_at,
        conversation=data,
        operator=for_webhooks.operator(operator) if operator else Erased(row.subject),
    )


@transaction.atomic
def change_secret(webhook: int) -> None:
    """Sign with a new secret, and also with the old one until `forget_old_secret`.

    Changes nothing while there are two: a third would lock out a receiver that knows only the
    first. Raises NotFound.
    """
    row = _locked(webhook)
    if not row.old_secret:
        row.old_secret = row.secret
        row.secret = new_secret()
        row.save(update_fields=["secret", "old_secret"])


@transaction.atomic
def forget_old_secret(webhook: int) -> None:
    """Sign with the new secret only. Safe to repeat. Raises NotFound."""
    row = _locked(webhook)
    row.old_secret = ""
    row.save(update_fields=["old_secret"])


def changed() -> None:
    """Have this process read the webhooks again after the commit; others do within 5 seconds."""
    transaction.on_commit(outbox.listeners.forget)


@transaction.atomic
def _switch_off(webhook: Webhook, now: datetime) -> None:
    # Unless its URL was changed in the meantime.
    rows = Webhook.objects.filter(pk=webhook.pk, url=webhook.url, is_enabled=True)
    rows.update(is_enabled=False, gone_at=now)
    changed()


def _locked(webhook: int) -> Webhook:
    row = Webhook.objects.select_for_update().filter(pk=webhook).first()
    if row is None:
        raise NotFound
    return row
