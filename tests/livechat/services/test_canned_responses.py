"""Canned responses: which ones an operator gets, in which order, and what their use records."""

import uuid
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import Group
from django.utils import timezone

from livechat import wire
from livechat.domain import rights
from livechat.errors import NotFound
from livechat.models import CannedResponse
from livechat.models.canned_response import MAX_SUBSTITUTION
from livechat.services import canned_responses
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def response(owner, shortcut, text="Some text", *groups, **fields):
    made = CannedResponse.objects.create(
        owner=owner.user, shortcut=shortcut, substitution=text, **fields
    )
    made.groups.add(*groups)
    return made


def operators_group():
    return Group.objects.get(name=rights.OPERATORS)


def shortcuts(operator):
    frames = canned_responses.listed(factories.actor(operator))
    return [found.shortcut for frame in frames for found in frame.responses]


def test_an_operator_gets_own_responses_and_those_shared_with_their_groups(anna, ben):
    tea = Group.objects.create(name="Tea")
    anna.user.groups.add(tea)
    response(anna, "own")
    response(ben, "shared", "Some text", operators_group(), tea)
    response(ben, "private")
    response(ben, "coffee", "Some text", Group.objects.create(name="Coffee"))

    assert shortcuts(anna) == ["own", "shared"]
    assert shortcuts(ben) == ["coffee", "private", "shared"]


def test_a_shared_one_is_gone_with_the_group(anna, ben):
    response(ben, "shared", "Some text", operators_group())

    anna.user.groups.remove(operators_group())

    frames = canned_responses.listed(factories.actor(anna.user))
    assert [frame.responses for frame in frames] == [[]]


def test_those_used_last_come_first_then_the_others_by_shortcut(anna):
    now = timezone.now()
    response(anna, "b-never")
    response(anna, "a-never")
    response(anna, "long-ago", last_used_at=now - timedelta(days=9))
    response(anna, "just-now", last_used_at=now)

    assert shortcuts(anna) == ["just-now", "long-ago", "a-never", "b-never"]


def test_using_one_moves_it_to_the_top(anna):
    response(anna, "a")
    last = response(anna, "b")

    canned_responses.use(factories.actor(anna), last.pk)
    canned_responses.use(factories.actor(anna), last.pk)

    assert shortcuts(anna) == ["b", "a"]


def test_a_colleagues_private_one_cannot_be_used(anna, ben):
    private = response(ben, "private")

    for pk in (private.pk, private.pk + 1_000, 2**53 - 1):
        with pytest.raises(NotFound):
            canned_responses.use(factories.actor(anna), pk)

    private.refresh_from_db()
    assert private.last_used_at is None


def test_nothing_is_one_empty_frame(anna):
    assert canned_responses.listed(factories.actor(anna)) == [wire.CannedListed(responses=[])]


@pytest.mark.parametrize("letter", ["a", '"', "\n", "茶", "\N{TEACUP WITHOUT HANDLE}", "\x01"])
def test_no_frame_is_too_large_whatever_is_written_in_it(anna, letter):
    CannedResponse.objects.bulk_create(
        CannedResponse(
            owner=anna.user, shortcut=f"n{number:03}", substitution=letter * MAX_SUBSTITUTION
        )
        for number in range(220)
    )

    frames = canned_responses.listed(factories.actor(anna))

    sizes = [len(wire.encode(frame).encode()) for frame in frames]
    assert max(sizes) < wire.MAX_FRAME_BYTES
    assert [frame.part for frame in frames] == list(range(1, len(frames) + 1))
    assert {frame.parts for frame in frames} == {len(frames)}
    assert len(frames) <= canned_responses.MAX_FRAMES
    names = [found.shortcut for frame in frames for found in frame.responses]
    assert names == [f"n{number:03}" for number in range(len(names))]
    assert len(names) <= canned_responses.MAX_RESPONSES


def test_two_hundred_of_usual_length_are_all_there(anna):
    CannedResponse.objects.bulk_create(
        CannedResponse(owner=anna.user, shortcut=f"n{number:03}", substitution="Hello! " * 80)
        for number in range(220)
    )

    assert len(shortcuts(anna)) == canned_responses.MAX_RESPONSES


def test_listing_asks_the_database_once(anna, ben, django_assert_num_queries):
    response(anna, "own")
    response(ben, "shared", "Some text", operators_group())
    actor = factories.actor(anna)

    with django_assert_num_queries(1):
        canned_responses.listed(actor)


async def test_the_dashboard_gets_all_fields_and_no_responses_of_others(sockets, anna, ben):
    own = await sync_to_async(response)(anna, "hello", "Hello! How can we help?")
    secret = await sync_to_async(response)(ben, "secret", "Do not tell")
    operator_socket = await sockets.staff(anna)

    await operator_socket.send("canned.fetch")
    listed = await operator_socket.next("canned.listed")

    assert listed == {
        "type": "canned.listed",
        "responses": [
            {"id": own.pk, "shortcut": "hello", "substitution": "Hello! How can we help?"}
        ],
        "part": 1,
        "parts": 1,
    }
    await operator_socket.send("canned.use", response=secret.pk)
    rejected = await operator_socket.next("rejected")
    assert (rejected["code"], rejected["command"]) == ("not_found", "canned.use")
    await operator_socket.send("canned.use", response=own.pk)
    await operator_socket.send("canned.fetch")
    await operator_socket.next("canned.listed")
    await own.arefresh_from_db()
    await secret.arefresh_from_db()
    assert own.last_used_at is not None
    assert secret.last_used_at is None
    assert "Do not tell" not in str(operator_socket.received)


async def test_a_group_that_the_operator_joins_counts_at_the_next_fetch(sockets, anna, ben):
    tea = await Group.objects.acreate(name="Tea")
    await sync_to_async(response)(ben, "shared", "Some text", tea)
    operator_socket = await sockets.staff(anna)
    await operator_socket.send("canned.fetch")
    before = await operator_socket.next("canned.listed")

    await sync_to_async(anna.user.groups.add)(tea)
    await operator_socket.send("canned.fetch")
    after = await operator_socket.next("canned.listed")

    assert [found["shortcut"] for found in before["responses"]] == []
    assert [found["shortcut"] for found in after["responses"]] == ["shared"]


@pytest.mark.parametrize("value", [0, -1, 2**53, 2**70, "1", None, 1.5])
async def test_an_id_that_is_none_is_a_bad_frame(sockets, anna, value):
    operator_socket = await sockets.staff(anna)

    await operator_socket.send_raw(f'{{"type": "canned.use", "response": {_json(value)}}}')

    assert (await operator_socket.next("rejected"))["code"] == "bad_frame"


async def test_a_visitor_has_no_such_commands(sockets, berlin, anna):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send("canned.fetch")
    fetched = await visitor.next("rejected")
    await visitor.send("canned.use", response=1, client_id=uuid.uuid4())
    used = await visitor.next("rejected")

    assert (fetched["code"], used["code"]) == ("unknown_type", "unknown_type")


def _json(value):
    return {None: "null"}.get(value, f'"{value}"' if isinstance(value, str) else str(value))
