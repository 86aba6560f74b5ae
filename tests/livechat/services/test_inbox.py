"""The data with which a dashboard starts."""

import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livechat import events
from livechat.bus import Post, bus
from livechat.consumers.operator import MAX_HELD
from livechat.domain import rights
from livechat.errors import Unavailable
from livechat.models import Conversation, Membership, Operator, User, Visitor
from livechat.services import conversations, inbox
from tests import factories

pytestmark = pytest.mark.django_db


def many(channel, number: int) -> None:
    """Create `number` waiting conversations, with the longest possible addresses of pages."""
    now = timezone.now()
    visitors = Visitor.objects.bulk_create(Visitor(name=f"V{n}") for n in range(number))
    Conversation.objects.bulk_create(
        Conversation(
            channel=channel,
            visitor=visitor,
            opening_id=uuid.uuid4(),
            state="queued",
            opened_at=now,
            last_message_at=now,
            page_url="https://shop.example/" + "x" * 2000,
            referrer="https://search.example/" + "y" * 2000,
        )
        for visitor in visitors
    )


@pytest.mark.django_db(transaction=True)
async def test_a_long_inbox_comes_in_frames_of_64_kib_and_no_socket_is_closed(
    sockets, berlin, anna
):
    await sync_to_async(many)(berlin, 300)
    operator_socket = await sockets.staff(anna, fetch=False)

    await operator_socket.send("inbox.fetch")
    frames = [await operator_socket.next("inbox.snapshot")]
    while frames[-1]["part"] < frames[-1]["parts"]:
        frames.append(await operator_socket.next("inbox.snapshot"))

    assert [frame["part"] for frame in frames] == list(range(1, frames[0]["parts"] + 1))
    assert sum(len(frame["conversations"]) for frame in frames) == 300
    assert max(len(json.dumps(frame)) for frame in frames) <= 65_536
    assert {frame["digest"] for frame in frames} == {frames[0]["digest"]}


@pytest.mark.django_db(transaction=True)
async def test_what_happens_while_an_inbox_is_read_comes_after_it(
    sockets, berlin, anna, vera, monkeypatch
):
    operator_socket = await sockets.staff(anna, fetch=False)
    read = inbox.snapshot

    def slowly(actor):
        parts = list(read(actor))
        factories.opened(vera, "Just now")
        return parts

    monkeypatch.setattr("livechat.services.inbox.snapshot", slowly)
    await operator_socket.send("inbox.fetch")
    snapshot = await operator_socket.next()
    frames = [await operator_socket.next(), await operator_socket.next()]

    assert (snapshot["type"], snapshot["conversations"]) == ("inbox.snapshot", [])
    assert {event["type"] for event in frames} == {"conversation.changed", "message.posted"}


@pytest.mark.django_db(transaction=True)
async def test_an_inbox_that_cannot_be_read_holds_nothing_back(
    sockets, berlin, anna, vera, monkeypatch
):
    operator_socket = await sockets.staff(anna)

    def failing(_actor):
        factories.opened(vera, "Just now")
        raise Unavailable

    monkeypatch.setattr("livechat.services.inbox.snapshot", failing)
    await operator_socket.send("inbox.fetch")

    frames = [await operator_socket.next()]
    while frames[-1]["type"] != "rejected":
        frames.append(await operator_socket.next())

    assert {event["type"] for event in [*frames, *await operator_socket.drain()]} == {
        *("conversation.changed", "message.posted", "rejected")
    }


@pytest.mark.django_db(transaction=True)
async def test_for_a_slow_inbox_a_limited_number_of_frames_is_held_back(
    sockets, berlin, anna, monkeypatch
):
    operator_socket = await sockets.staff(anna)
    read = inbox.snapshot

    def slowly(actor):
        posts = [Post((events.user_group(anna.user_id),), f'{{"type": "{n}"}}') for n in range(510)]
        bus.publish(posts)
        return read(actor)

    monkeypatch.setattr("livechat.services.inbox.snapshot", slowly)
    await operator_socket.send("inbox.fetch")
    types = [(await operator_socket.next())["type"] for _ in range(511)]

    assert types[:MAX_HELD] == [str(n) for n in range(MAX_HELD)]
    assert sorted(types) == sorted([*map(str, range(510)), "inbox.snapshot"])


@pytest.mark.parametrize("number", [1, 60])
def test_a_snapshot_costs_the_same_queries_whatever_its_length(berlin, anna, number):
    for _ in range(number):
        factories.opened(factories.visitor(berlin))
    actor = factories.actor(anna)

    with CaptureQueriesContext(connection) as queries:
        inbox.snapshot(actor)

    assert len(queries) <= 13


def test_operators_of_other_channels_cost_a_snapshot_nothing(berlin, anna, ben):
    actor = factories.actor(anna)
    made: list[object] = []

    def note(sender, **_kwargs):
        if sender in (Operator, User, Membership):
            made.append(sender)

    counts = []
    for number in range(2):
        paris = factories.channel(f"Paris {number}")
        for n in range(5):
            factories.operator(f"p{number}{n}", paris)
        made.clear()
        post_init.connect(note)
        try:
            inbox.snapshot(actor)
        finally:
            post_init.disconnect(note)
        counts.append(len(made))

    assert counts[0] == counts[1]


def test_an_operator_sees_their_channels_and_their_own_conversations(berlin, anna, vera):
    paris = factories.channel("Paris")
    mine = factories.conversation(vera)
    factories.conversation(factories.visitor(paris))
    berlin.memberships.all().delete()

    [frame] = inbox.snapshot(factories.actor(anna))

    assert [row.id for row in frame.conversations] == [mine.public_id]


def test_a_manager_sees_everything(berlin, vera):
    paris = factories.channel("Paris")
    ids = {factories.opened(who).conversation for who in (vera, factories.visitor(paris))}

    [frame] = inbox.snapshot(factories.actor(factories.manager()))

    assert {row.id for row in frame.conversations} == ids


def test_the_digest_is_that_of_the_snapshot(berlin, anna, vera):
    factories.opened(vera)
    factories.opened(factories.visitor(berlin))
    closed = factories.opened(factories.visitor(berlin))
    conversations.close(factories.actor(factories.manager()), closed.conversation)
    actor = factories.actor(anna)

    assert inbox.snapshot(actor)[0].digest == inbox.digest_of(actor)


def test_messages_among_colleagues_do_not_change_the_digest_of_an_onlooker(berlin, anna, vera):
    factories.opened(vera)
    ben = factories.operator("ben", berlin, online=False)
    actor = factories.actor(ben)
    before = inbox.digest_of(actor)

    Conversation.objects.update(seq=50)

    assert inbox.digest_of(actor) == before
    assert inbox.digest_of(factories.actor(anna)) != before


def test_an_operator_without_channels_sees_nothing(berlin, vera):
    factories.opened(vera)
    analyst = factories.actor(factories.user("yusuf", group=rights.ANALYSTS))

    assert not inbox.visible(analyst, Conversation.objects.all()).exists()
    assert inbox.readable_among(analyst, [Conversation.objects.get().public_id]) == {}
