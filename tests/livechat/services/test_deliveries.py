"""Sending due deliveries: one at a time, in order, with retries, and given up in the end."""

import json
import re
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from django.db import connection, connections
from django.utils import timezone

from livechat.domain.deliveries import DeliveryState, EventType, Failure
from livechat.errors import NotFound
from livechat.models import Conversation, Delivery, Message, Webhook
from livechat.models.delivery import LEASE
from livechat.serializers import for_webhooks
from livechat.services import conversations, deliveries, messages, webhooks
from livechat.services.messages import Item
from tests import factories, receiver
from tests.receiver import Received, receiving

# Deliveries are sent from several threads, each with a connection of its own.
pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = True


@pytest.fixture
def endpoint():
    with receiving() as endpoint:
        yield endpoint


def write(who, chat, text="Hello", **fields) -> None:
    messages.post_message(Item(who, chat.public_id, uuid.uuid4(), text, **fields))


def work(**later: float) -> int:
    return deliveries.work(timezone.now() + timedelta(**later))


def states() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def example():
    """Return the `verify` function of the documentation's example."""
    page = (DOCS / "how-to/receive-webhooks.md").read_text()
    [code] = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    space: dict[str, object] = {}
    exec(code, space)  # noqa: S102 - our own page
    return space["verify"]


# --- what arrives


def test_a_conversation_arrives_in_order_and_signed(endpoint, vera, anna):
    webhook = factories.webhook(endpoint.url)
    chat = factories.conversation(vera, "Where is my parcel?")
    write(factories.actor(anna), chat, "On its way")
    conversations.close(vera, chat.public_id)

    assert work() == 5

    assert endpoint.events() == [
        *("conversation.created", "message.created", "conversation.assigned"),
        *("message.created", "conversation.closed"),
    ]
    verify = example()
    for request in endpoint.received:
        assert verify(webhook.secret, request.headers, request.body)
        assert not verify(webhook.secret, request.headers, request.body + b" ")
        assert not verify("whsec_AAAA", request.headers, request.body)
        old = {**request.headers, "webhook-timestamp": str(int(time.time()) - 301)}
        assert not verify(webhook.secret, old, request.body)
    assert len({request.id for request in endpoint.received}) == 5
    first, second = (endpoint.received[n].json["data"]["message"] for n in (1, 3))
    assert (first["text"], first["author"], first["seq"]) == ("Where is my parcel?", "visitor", 1)
    assert (second["text"], second["author_name"]) == ("On its way", "Anna")
    assert endpoint.received[2].json["data"]["operator"] == {
        "id": str(anna.public_id),
        "name": "Anna",
    }
    row = Delivery.objects.earliest("pk")
    assert (row.state, row.status, row.attempts) == (DeliveryState.DONE, 204, 1)
    assert row.latency_ms is not None
    assert row.finished_at is not None
    assert work() == 0


def test_while_the_secret_changes_both_sign(endpoint, vera):
    webhook = factories.webhook(endpoint.url, events=["conversation.created"])
    webhooks.change_secret(webhook.pk)
    webhooks.change_secret(webhook.pk)  # a third secret would exclude users of the first
    after = Webhook.objects.get()
    factories.conversation(vera)
    work()
    [request] = endpoint.received

    assert after.old_secret == webhook.secret != after.secret
    assert all(example()(one, request.headers, request.body) for one in after.secrets)

    webhooks.forget_old_secret(webhook.pk)
    factories.conversation(factories.visitor(factories.channel("Paris")))
    work()
    request = endpoint.received[-1]

    assert example()(after.secret, request.headers, request.body)
    assert not example()(webhook.secret, request.headers, request.body)


def test_content_erased_before_the_delivery_is_not_sent(endpoint, vera, anna):
    factories.webhook(endpoint.url)
    chat = factories.conversation(vera, "My secret")
    write(factories.actor(anna), chat, "Mine too")
    Message.objects.filter(text="Mine too").delete()
    work()
    erased = {"erased": True}

    assert endpoint.received[-1].json["data"]["message"].keys() == {"id", *erased}
    assert "Mine too" not in endpoint.received[-1].body.decode()

    endpoint.received.clear()
    write(vera, chat, "Forget me")
    Message.objects.all().delete()
    chat.participants.all().delete()
    Conversation.objects.all().delete()
    work()

    [request] = endpoint.received
    assert request.json["type"] == "message.created"
    assert request.json["data"] == {"conversation": {"id": str(chat.public_id), **erased}}


def test_a_delivery_contains_the_state_at_the_time_of_sending(endpoint, vera):
    factories.webhook(endpoint.url, events=["conversation.created"])
    chat = factories.conversation(vera)
    conversations.close(vera, chat.public_id)

    work()

    payload = endpoint.received[0].json
    assert payload["data"]["conversation"]["state"] == "closed"
    assert datetime.fromisoformat(payload["timestamp"]) == chat.opened_at


# --- what is documented


def leaves(value: object, path: str) -> set[str]:
    """Return the names of all fields in an example, in the page's notation."""
    if isinstance(value, dict):
        return {leaf for key, one in value.items() for leaf in leaves(one, f"{path}.{key}")}
    if isinstance(value, list):
        return {leaf for one in value for leaf in leaves(one, f"{path}[]")}
    return {path.removeprefix(".")}


def test_the_page_lists_every_field_that_is_sent_and_no_other(endpoint, vera, anna):
    page = (DOCS / "reference/webhooks.md").read_text()
    section = page.partition("## Body")[2]
    documented = set(re.findall(r"^\| `([\w.\[\]]+)` \|", section, re.M)) - {"data"}
    factories.webhook(endpoint.url)
    chat = factories.conversation(vera)
    row = chat.messages.get(seq=1)
    row.files.create(
        channel=chat.channel,
        visitor=vera.visitor,
        name="a.txt",
        content_type="text/plain",
        size=1,
        created_at=row.created_at,
    )
    work()

    sent = set().union(*(leaves(request.json, "") for request in endpoint.received))

    assert sent == documented
    assert set(re.findall(r"^\| `([\w.]+)` \|", page.partition("## Events")[2], re.M)) >= {
        event.value for event in EventType
    }


def test_the_example_on_the_page_is_one_that_could_be_sent():
    page = (DOCS / "reference/webhooks.md").read_text()
    [text] = re.findall(r"^```json\n(.*?)^```", page, re.M | re.S)
    example = json.loads(text)
    data = example["data"]

    again = for_webhooks.body(
        EventType(example["type"]),
        datetime.fromisoformat(example["timestamp"]),
        conversation=msgspec.convert(data["conversation"], for_webhooks.ConversationData),
        message=msgspec.convert(data["message"], for_webhooks.MessageData),
    )

    assert json.loads(again) == example


def test_a_note_cannot_be_serialized_for_webhooks(vera, anna):
    chat = factories.conversation(vera)
    write(factories.actor(anna), chat, "Secret", internal=True)

    for row in chat.messages.select_related("author").exclude(kind="text"):
        with pytest.raises(ValueError, match="only what people wrote"):
            for_webhooks.message(row)


# --- failures


def test_what_fails_is_tried_again_under_the_same_id(endpoint, vera):
    endpoint.answers += [receiver.status(500), receiver.hang_up]
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)

    began = timezone.now()
    assert work() == 1
    row = Delivery.objects.get()
    assert (row.state, row.status, row.failure) == ("pending", 500, Failure.STATUS)
    assert deliveries.work(began + timedelta(seconds=4)) == 0
    assert work(seconds=30) == 1
    row.refresh_from_db()
    assert (row.status, row.failure, row.attempts) == (None, Failure.CONNECTION, 2)
    assert deliveries.work(began + timedelta(minutes=5)) == 0
    assert work(minutes=10) == 1

    assert states() == ["done"]
    row.refresh_from_db()
    assert (row.attempts, row.failure) == (3, "")
    assert {request.id for request in endpoint.received} == {row.message_id}
    assert len(endpoint.received) == 3


def test_later_events_of_a_conversation_wait_and_those_of_others_do_not(endpoint, vera, berlin):
    endpoint.answers.append(receiver.status(500))
    factories.webhook(endpoint.url, events=["message.created", "conversation.closed"])
    chat = factories.conversation(vera, "first")
    write(vera, chat, "second")
    conversations.close(vera, chat.public_id)
    assert work() == 1
    factories.conversation(factories.visitor(berlin), "other")

    assert work() == 1
    assert work(seconds=30) == 3

    texts = [r.json["data"].get("message", {}).get("text") for r in endpoint.received]
    assert texts == ["first", "other", "first", "second", None]


def test_those_that_wait_come_due_with_the_one_they_wait_for(endpoint, vera):
    endpoint.answers.append(receiver.status(500, Retry_After="3600"))
    factories.webhook(endpoint.url)
    factories.conversation(vera)
    work()

    first, second = Delivery.objects.order_by("pk")
    assert first.due_at == second.due_at > timezone.now() + timedelta(minutes=59)

    Delivery.objects.filter(pk=first.pk).retry(timezone.now())

    assert work() == 2


def test_one_webhook_does_not_wait_for_another(endpoint, vera):
    with receiving(receiver.status(500)) as broken:
        factories.webhook(broken.url)
        factories.webhook(endpoint.url)
        factories.conversation(vera)

        work()

        assert broken.events() == ["conversation.created"]
        assert endpoint.events() == ["conversation.created", "message.created"]


def test_a_delivery_is_retried_after_the_time_that_the_receiver_asks_for(endpoint, vera):
    endpoint.answers.append(receiver.status(429, Retry_After="3600"))
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    work()

    assert work(minutes=59) == 0
    assert work(minutes=61) == 1


def test_after_three_days_it_is_given_up_and_what_waited_is_tried(endpoint, vera):
    endpoint.usual = receiver.status(500)
    factories.webhook(endpoint.url)
    chat = factories.conversation(vera)
    hours = 0
    while work(hours=hours) or hours < 100:
        hours += 1

    assert set(states()) == {"given_up"}
    first, second = Delivery.objects.order_by("pk")
    assert 8 <= first.attempts <= 12
    assert second.attempts >= 1
    assert first.finished_at is not None
    looked_each = timedelta(hours=1)
    assert chat.opened_at + timedelta(days=2) < first.finished_at
    assert first.finished_at < first.give_up_at + looked_each


def test_gone_switches_the_webhook_off_and_the_rest_is_given_up(endpoint, vera):
    endpoint.usual = receiver.status(410)
    webhook = factories.webhook(endpoint.url)
    factories.conversation(vera)
    factories.conversation(factories.visitor(factories.channel("Paris")))

    for _ in range(3):
        work()

    webhook.refresh_from_db()
    assert not webhook.is_enabled
    assert webhook.gone_at is not None
    assert set(states()) == {"given_up"}
    failures = list(Delivery.objects.order_by("pk").values_list("failure", flat=True))
    assert failures.count(Failure.GONE) >= 1
    assert set(failures) <= {Failure.GONE, Failure.SWITCHED_OFF}


def test_a_webhook_that_was_switched_off_is_not_called(endpoint, vera):
    webhook = factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    Webhook.objects.filter(pk=webhook.pk).update(is_enabled=False)

    work()

    assert endpoint.received == []
    assert Delivery.objects.get().failure == Failure.SWITCHED_OFF


def test_a_webhook_that_is_gone_from_the_database_holds_up_nothing(endpoint, vera):
    webhook = factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    Webhook.objects.filter(pk=webhook.pk)._raw_delete("default")

    work()

    assert states() == ["given_up"]


def test_a_crash_of_one_delivery_is_recorded_and_stops_no_other(endpoint, vera, caplog, berlin):
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    factories.conversation(factories.visitor(berlin))
    broken = Delivery.objects.earliest("pk")
    Delivery.objects.filter(pk=broken.pk).update(event="no.such.event")

    work()

    broken.refresh_from_db()
    assert (broken.state, broken.failure) == ("pending", Failure.CRASHED)
    assert endpoint.events() == ["conversation.created"]
    assert "no.such.event" in caplog.text


def test_ones_own_network_is_not_reached_unless_it_is_allowed(endpoint, vera, settings):
    settings.WEBHOOKS_ALLOW_PRIVATE = False
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)

    work()

    assert endpoint.received == []
    assert Delivery.objects.get().failure == Failure.ADDRESS


# --- concurrent and killed workers


def test_workers_at_once_send_nothing_twice_at_the_same_time(berlin):
    busy: set[str] = set()
    twice: list[str] = []
    lock = threading.Lock()

    def slowly(request: Received):
        def answer(handler: receiver.Handler) -> None:
            with lock:
                if request.id in busy:
                    twice.append(request.id)
                busy.add(request.id)
            time.sleep(0.02)
            with lock:
                busy.discard(request.id)
            receiver.status(204)(handler)

        return answer

    def one_worker(_number: int) -> int:
        try:
            return work()
        finally:
            connections.close_all()

    with receiving(decide=slowly) as endpoint:
        factories.webhook(endpoint.url)
        chats = [factories.conversation(who) for who in map(factories.visitor, [berlin] * 8)]
        expected = Delivery.objects.count()
        with ThreadPoolExecutor(3) as workers:
            made = sum(workers.map(one_worker, range(3)))

    assert twice == []
    assert made == expected == len(endpoint.received) == len({r.id for r in endpoint.received})
    for chat in chats:
        own = [
            r.json["type"]
            for r in endpoint.received
            if r.json["data"]["conversation"]["id"] == str(chat.public_id)
        ]
        assert own == ["conversation.created", "message.created"]


def test_what_a_killed_worker_had_claimed_is_sent_when_its_lease_has_ended(endpoint, vera):
    factories.webhook(endpoint.url)
    factories.conversation(vera)
    now = timezone.now()
    claimed = Delivery.objects.all().claim(now)
    assert claimed is not None

    assert deliveries.work(now + LEASE / 2) == 0
    assert deliveries.work(now + LEASE) == 2

    assert endpoint.received[0].id == claimed.message_id
    claimed.refresh_from_db()
    assert claimed.attempts == 2


def test_an_answer_that_comes_after_the_lease_is_believed_when_it_is_good(endpoint, vera):
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    now = timezone.now()
    late = Delivery.objects.all().claim(now)
    again = Delivery.objects.all().claim(now + LEASE)
    assert late is not None
    assert again is not None

    endpoint.answers.append(receiver.status(500))
    deliveries._make(late, deliveries._Clock(now))
    assert states() == ["pending"]
    again.refresh_from_db()
    assert again.leased_until == now + 2 * LEASE  # still the second worker's lease

    deliveries._make(late, deliveries._Clock(now))
    assert states() == ["done"]


# --- by hand


def test_a_test_is_sent_at_once_and_never_again(endpoint):
    webhook = factories.webhook(endpoint.url, is_enabled=False)

    ping = deliveries.send_test(webhook.pk)

    assert (ping.state, ping.status) == (DeliveryState.DONE, 204)
    [request] = endpoint.received
    assert (request.json["type"], request.json["data"]) == ("ping", {})
    assert example()(webhook.secret, request.headers, request.body)

    endpoint.usual = receiver.status(500)
    ping = deliveries.send_test(webhook.pk)

    assert (ping.state, ping.status) == (DeliveryState.GIVEN_UP, 500)
    assert work(hours=1) == 0


def test_a_webhook_that_does_not_exist_cannot_be_tested(berlin):
    with pytest.raises(NotFound):
        deliveries.send_test(1)
    with pytest.raises(NotFound):
        webhooks.change_secret(1)


def test_what_was_given_up_can_be_tried_again_from_the_start(endpoint, vera):
    endpoint.usual = receiver.status(500)
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    Delivery.objects.update(give_up_at=timezone.now())
    work()
    assert states() == ["given_up"]

    endpoint.usual = receiver.status(204)
    assert Delivery.objects.given_up().retry(timezone.now()) == 1
    assert work() == 1

    row = Delivery.objects.get()
    assert (row.state, row.attempts) == ("done", 1)
    assert len({request.id for request in endpoint.received}) == 1


def test_what_is_under_way_is_left_alone(endpoint, vera):
    factories.webhook(endpoint.url, events=["conversation.created"])
    factories.conversation(vera)
    now = timezone.now()
    Delivery.objects.all().claim(now)

    assert Delivery.objects.all().retry(now) == 0
    assert Delivery.objects.all().retry(now + LEASE) == 1


def test_what_was_finished_is_forgotten_after_thirty_days(endpoint, vera):
    factories.webhook(endpoint.url)
    factories.conversation(vera)
    work()
    factories.conversation(factories.visitor(factories.channel("Paris")))

    assert deliveries.forget(timezone.now() + timedelta(days=29)) == 0
    assert deliveries.forget(timezone.now() + timedelta(days=31)) == 2
    assert set(states()) == {"pending"}


# --- cost in queries


def test_a_look_when_nothing_is_due_is_one_query(django_assert_num_queries, vera):
    factories.webhook()
    factories.conversation(vera)
    Delivery.objects.update(due_at=timezone.now() + timedelta(hours=1))

    with django_assert_num_queries(1):
        assert work() == 0


@pytest.mark.services
def test_what_is_due_is_found_by_its_index(berlin):
    rows = [
        Delivery(
            webhook_id=1,
            event="ping",
            conversation=uuid.uuid4(),
            state=DeliveryState.DONE,
            created_at=timezone.now(),
            due_at=timezone.now(),
            give_up_at=timezone.now(),
            finished_at=timezone.now(),
        )
        for _ in range(3_000)
    ]
    Delivery.objects.bulk_create(rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE livechat_delivery")

    plan = Delivery.objects.filter(webhook=1).due(timezone.now()).explain()

    assert "delivery_due" in plan or "delivery_turn" in plan
    assert "Seq Scan" not in plan
