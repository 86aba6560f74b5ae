"""Heartbeats: their contents, and how they reveal a lost event."""

import time
import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from livechat.consumers.base import IDLE_AFTER, BaseConsumer
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.consumers.visitor import VisitorConsumer
from livechat.models import Conversation, Operator
from livechat.services import messages, operators
from tests import factories
from tests.sockets import beat_all

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_visitors_heartbeat_carries_the_head_that_the_client_should_have(
    sockets, berlin, anna
):
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()

    await beat_all()
    heartbeat = await visitor.next("heartbeat")

    row = await Conversation.objects.aget()
    assert heartbeat == {
        "type": "heartbeat",
        "conversation": conversation,
        "head": row.public_seq,
        "revision": row.revision,
    }


async def test_a_lost_event_is_found_by_the_heartbeat(sockets, berlin, anna, monkeypatch):
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()
    monkeypatch.setattr("livechat.bus.bus.publish", lambda posts: None)
    item = messages.Item(
        await sync_to_async(factories.actor)(anna), uuid.UUID(conversation), uuid.uuid4(), "Lost"
    )
    await sync_to_async(messages.post_message)(item)

    await beat_all()
    heartbeat = await visitor.next("heartbeat")
    await visitor.send("timeline.fetch", conversation=conversation, after_seq=2)
    page = await visitor.next("timeline.page")

    assert heartbeat["head"] == 3
    assert [entry["text"] for entry in page["messages"]] == ["Lost"]


async def test_the_digest_reveals_a_lost_event_to_an_operator(sockets, berlin, anna, monkeypatch):
    operator_socket = await sockets.staff(anna)
    await operator_socket.send("inbox.fetch")
    known = (await operator_socket.next("inbox.snapshot"))["digest"]
    await beat_all()
    same = (await operator_socket.next("heartbeat"))["digest"]
    monkeypatch.setattr("livechat.bus.bus.publish", lambda posts: None)
    await sync_to_async(factories.opened)(await sync_to_async(factories.visitor)(berlin))

    await beat_all()
    other = (await operator_socket.next("heartbeat"))["digest"]
    await operator_socket.send("inbox.fetch")
    repaired = await operator_socket.next("inbox.snapshot")

    assert known == same != other == repaired["digest"]
    assert len(repaired["conversations"]) == 1


async def test_a_client_that_answers_no_heartbeat_is_closed_4408(sockets, berlin):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")
    [socket] = BaseConsumer.live
    socket.received_at = time.monotonic() - IDLE_AFTER - 1

    await HeartbeatLoop().beat(1)

    assert await visitor.closed() == 4408


async def test_an_operators_lease_is_renewed_only_by_answers_of_the_browser(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    long_ago = timezone.now() - timedelta(minutes=5)
    heartbeat_loop = HeartbeatLoop()
    await heartbeat_loop.beat(10)
    await Operator.objects.filter(pk=anna.pk).aupdate(seen_at=long_ago)

    await heartbeat_loop.beat(20)
    await anna.arefresh_from_db()
    unanswered = anna.seen_at
    await operator_socket.send("heartbeat", active=True)
    await operator_socket.send("timeline.fetch", conversation=uuid.uuid4(), after_seq=0)
    await operator_socket.next("rejected")  # so the heartbeat before it has been read
    await heartbeat_loop.beat(30)
    await anna.arefresh_from_db()

    assert unanswered == long_ago
    assert anna.seen_at > long_ago


async def test_the_last_tab_that_closes_shortens_the_lease(sockets, berlin, anna):
    one, two = await sockets.staff(anna), await sockets.staff(anna)
    await one.disconnect()
    await anna.arefresh_from_db()
    with_one_tab = anna.presence(timezone.now() + timedelta(seconds=20))

    await two.disconnect()
    await anna.arefresh_from_db()

    assert with_one_tab == "online"
    assert anna.presence(timezone.now()) == "online"
    assert anna.presence(timezone.now() + timedelta(seconds=20)) == "offline"


async def test_a_tab_at_another_server_keeps_the_lease(sockets, berlin, anna):
    tab = await sockets.staff(anna)
    await HeartbeatLoop().beat(10)
    elsewhere = timezone.now() + timedelta(seconds=5)
    await Operator.objects.filter(pk=anna.pk).aupdate(seen_at=elsewhere)

    await tab.disconnect()
    await anna.arefresh_from_db()

    assert anna.seen_at == elsewhere


async def test_a_server_that_stops_shortens_no_lease(sockets, berlin, anna, monkeypatch):
    tab = await sockets.staff(anna)
    before = await Operator.objects.aget(pk=anna.pk)
    monkeypatch.setattr(BaseConsumer, "draining", True)

    await tab.disconnect()
    await anna.arefresh_from_db()

    assert anna.seen_at == before.seen_at


def test_half_an_hour_without_touching_anything_is_away(berlin, anna):
    past = factories.minutes_ago(31)
    Operator.objects.update(active_at=past)

    operators.renew_leases([anna.user_id], [])
    anna.refresh_from_db()

    assert anna.presence(timezone.now()) == "away"


def test_coming_back_is_announced(berlin, anna, published, django_capture_on_commit_callbacks):
    Operator.objects.update(active_at=factories.minutes_ago(31), seen_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        operators.renew_leases([anna.user_id], [anna.user_id])

    colleagues, own = [post for post in published if "presence.changed" in post.frame]
    assert '"presence":"online"' in colleagues.frame
    assert f"channel.{berlin.pk}.staff" in colleagues.groups
    assert own.groups == (f"user.{anna.user_id}",)


async def test_heartbeats_cost_one_query_for_all_visitors(
    sockets, berlin, anna, django_assert_num_queries
):
    from livechat.services import visitors

    for _ in range(5):
        await sockets.chat(berlin)
    keys = [
        (s.actor.visitor, s.actor.channel)
        for s in BaseConsumer.live
        if isinstance(s, VisitorConsumer)
    ]

    def count() -> int:
        with django_assert_num_queries(1):
            return len(visitors.newest_of(keys))

    assert await sync_to_async(count)() == 5
