"""Deliveries to webhooks are stored in the transaction of the change, and only then."""

import time
import uuid

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from livechat import outbox
from livechat.domain.deliveries import CHOSEN, EventType
from livechat.models import Conversation, Delivery, Webhook
from livechat.services import conversations, messages
from livechat.services.messages import Item
from tests import factories

pytestmark = pytest.mark.django_db


def stored_events() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("event", flat=True))


def write(who, chat, text="Hello", **fields) -> None:
    messages.post_message(
        Item(who, chat.public_id, fields.pop("client_id", uuid.uuid4()), text, **fields)
    )


def test_a_conversation_is_reported_from_its_beginning_to_its_end(berlin, anna, vera):
    factories.webhook()
    chat = factories.conversation(vera)
    write(factories.actor(anna), chat)
    conversations.close(factories.actor(anna), chat.public_id)

    assert stored_events() == [
        "conversation.created",
        "message.created",
        "conversation.assigned",
        "message.created",
        "conversation.closed",
    ]
    assert set(Delivery.objects.values_list("conversation", flat=True)) == {chat.public_id}
    assigned = Delivery.objects.get(event="conversation.assigned")
    assert assigned.subject == anna.public_id


def test_a_note_is_never_reported(berlin, anna, vera):
    factories.webhook()
    chat = factories.conversation(vera)
    before = stored_events()

    write(factories.actor(anna), chat, "He is angry", internal=True)

    assert stored_events() == before


def test_a_repeated_message_is_reported_once(berlin, anna, vera):
    factories.webhook()
    client_id = uuid.uuid4()
    for _ in range(2):
        conversations.open_conversation(
            vera, client_id=client_id, text="Hello", arrival=conversations.Arrival()
        )
    chat = Conversation.objects.get()
    again = uuid.uuid4()
    for _ in range(2):
        write(vera, chat, client_id=again)
        conversations.close(factories.actor(anna), chat.public_id)

    assert sorted(stored_events()) == [
        *("conversation.assigned", "conversation.closed", "conversation.created"),
        *("message.created", "message.created"),
    ]


def test_taking_and_succession_are_reported_joining_and_leaving_are_not(berlin, vera):
    factories.webhook(events=["conversation.assigned"])
    anna, ben = (factories.operator(name, berlin, online=False) for name in ("anna", "ben"))
    chat = factories.conversation(vera)
    conversations.take(factories.actor(anna), chat.public_id)
    conversations.take(factories.actor(anna), chat.public_id)
    conversations.join(factories.actor(ben), chat.public_id)

    conversations.leave(factories.actor(anna), chat.public_id)
    conversations.leave(factories.actor(ben), chat.public_id)

    rows = Delivery.objects.order_by("pk").values_list("subject", flat=True)
    assert list(rows) == [anna.public_id, ben.public_id]


def test_a_webhook_hears_what_it_chose_of_the_channel_it_chose(berlin, vera):
    paris = factories.channel("Paris")
    of_paris = factories.webhook(channel=paris)
    messages_only = factories.webhook(events=["message.created"])
    factories.webhook(is_enabled=False)

    factories.conversation(vera)
    factories.conversation(factories.visitor(paris))

    heard = [
        set(Delivery.objects.filter(webhook=one).values_list("event", flat=True))
        for one in (of_paris, messages_only)
    ]
    assert heard == [{"conversation.created", "message.created"}, {"message.created"}]
    assert Delivery.objects.count() == 4


def test_a_change_that_is_rolled_back_is_not_reported(berlin, vera):
    factories.webhook()

    with transaction.atomic():
        factories.conversation(vera)
        transaction.set_rollback(True)

    assert stored_events() == []


def test_a_webhook_that_is_deleted_meanwhile_does_not_stop_messages(berlin, vera):
    known = factories.webhook()
    outbox.listeners.of(EventType.PING)  # fill the cache, which lasts some seconds
    Webhook.objects.filter(pk=known.pk).delete()

    chat = factories.conversation(vera)

    assert chat.seq == 1
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize("size", [1, 50])
def test_messages_without_a_subscribed_webhook_cost_nothing(berlin, size):
    factories.webhook(events=["conversation.created"])
    visitors = [factories.visitor(berlin) for _ in range(size)]
    batch = [
        Item(who, factories.conversation(who).public_id, uuid.uuid4(), "Hello") for who in visitors
    ]
    outbox.listeners.of(EventType.MESSAGE_CREATED)

    with CaptureQueriesContext(connection) as queries:
        messages.post_messages(batch)

    assert not [q["sql"] for q in queries if "webhook" in q["sql"] or "delivery" in q["sql"]]


def test_messages_that_are_wanted_cost_one_statement_a_batch(berlin):
    visitors = [factories.visitor(berlin) for _ in range(20)]
    batch = [
        Item(who, factories.conversation(who).public_id, uuid.uuid4(), "Hello") for who in visitors
    ]
    factories.webhook(events=["message.created"])
    outbox.listeners.of(EventType.MESSAGE_CREATED)

    with CaptureQueriesContext(connection) as queries:
        messages.post_messages(batch)

    assert len([q["sql"] for q in queries if "livechat_delivery" in q["sql"]]) == 1
    assert Delivery.objects.count() == 20


def test_what_listens_is_read_again_after_five_seconds(berlin, vera, monkeypatch):
    assert outbox.listeners.of(EventType.MESSAGE_CREATED) == []
    Webhook.objects.create(name="late", url="https://a.example/", events=["message.created"])
    assert outbox.listeners.of(EventType.MESSAGE_CREATED) == []
    real = time.monotonic

    monkeypatch.setattr("livechat.outbox.time.monotonic", lambda: real() + outbox.FRESH_SECONDS)

    assert len(outbox.listeners.of(EventType.MESSAGE_CREATED)) == 1


@pytest.mark.parametrize(
    ("events", "fits"),
    [
        (["message.created"], True),
        ([event.value for event in CHOSEN], True),
        ([], False),
        (["ping"], False),
        (["message.created", "message.created"], False),
        ("message.created", False),
        ({"message.created": 1}, False),
    ],
)
def test_events_are_a_closed_set(events, fits):
    row = Webhook(name="n", url="https://hooks.example.com/", events=events)
    if fits:
        row.full_clean()
        return
    with pytest.raises(ValidationError, match="events"):
        row.full_clean()
