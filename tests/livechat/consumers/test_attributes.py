"""Attributes of a visitor that a website sends."""

import uuid

import pytest

from livechat.domain.attributes import merge
from livechat.errors import Invalid
from livechat.models import Conversation, Visitor
from livechat.services import visitors
from tests import factories


def test_later_attributes_are_added_and_null_removes_one():
    assert merge({"plan": "pro", "seats": 3}, {"seats": 4, "vip": True, "plan": None}) == {
        "seats": 4,
        "vip": True,
    }


def test_names_and_texts_are_one_short_line():
    merged = merge({}, {" cart\ntotal ": "12\u0000 €\n" + "x" * 300})

    assert list(merged) == ["cart total"]
    assert len(str(merged["cart total"])) == 200


@pytest.mark.parametrize("attributes", [{"": 1}, {" \n": 1}])
def test_a_name_that_is_nothing_is_refused(attributes):
    with pytest.raises(Invalid) as caught:
        merge({}, attributes)

    assert caught.value.code == "bad_attribute"


def test_more_than_twenty_are_refused():
    known = {f"name {number}": number for number in range(20)}

    with pytest.raises(Invalid) as caught:
        merge(known, {"one more": 1})

    assert caught.value.code == "too_many_attributes"


def test_nothing_is_stored_of_a_visitor_who_never_wrote(vera):
    visitors.set_attributes(vera, {"plan": "pro"})

    assert not Visitor.objects.exists()


def test_they_come_with_the_first_message_and_are_shown_when_they_change(
    vera, anna, published, django_capture_on_commit_callbacks
):
    factories.opened(vera, attributes={"plan": "pro"})
    before = Conversation.objects.get().revision

    with django_capture_on_commit_callbacks(execute=True):
        visitors.set_attributes(vera, {"plan": "team"})
        visitors.set_attributes(vera, {"plan": "team"})

    assert Visitor.objects.get().attributes == {"plan": "team"}
    assert Conversation.objects.get().revision == before + 1
    assert [post.frame for post in published if '"plan":"team"' in post.frame] != []
    assert all("plan" not in post.frame for post in published if "visitor." in post.groups[0])


def test_too_much_of_it_never_stops_a_visitor_from_writing(vera):
    attributes = {f"name {number}": number for number in range(20)}
    factories.opened(vera, attributes=attributes)

    factories.opened(vera, attributes={"one more": 1})

    assert Visitor.objects.get().attributes == attributes


@pytest.mark.django_db(transaction=True)
async def test_over_the_socket_they_reach_the_operator(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send("attributes.set", attributes={"plan": "pro", "vip": True})
    await visitor.send("conversation.open", client_id=str(uuid.uuid4()), text="Hello")
    opened = await operator_socket.next("conversation.changed")
    await visitor.send("attributes.set", attributes={"vip": None, "cart": 12.5})
    changed = await operator_socket.next("conversation.changed")

    assert opened["conversation"]["visitor"]["attributes"] == {"plan": "pro", "vip": True}
    assert changed["conversation"]["visitor"]["attributes"] == {"plan": "pro", "cart": 12.5}


@pytest.mark.parametrize(
    "attributes",
    [
        {"list": [1, 2]},
        {"deep": {"er": 1}},
        {"": 1},
        {"x" * 41: 1},
        {"long": "x" * 201},
        {"huge": 2**60},
        {f"name {number}": 1 for number in range(21)},
        [],
        "plan",
    ],
)
@pytest.mark.django_db(transaction=True)
async def test_what_is_no_plain_value_is_refused(sockets, berlin, attributes):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send("attributes.set", attributes=attributes)

    assert (await visitor.next("rejected"))["code"] == "bad_frame"


@pytest.mark.django_db(transaction=True)
async def test_a_visitor_who_sends_attributes_too_often_is_rejected_and_no_operator_is_flooded(
    sockets, berlin, anna
):
    operator_socket = await sockets.staff(anna)
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")
    await visitor.send("conversation.open", client_id=str(uuid.uuid4()), text="x" * 8_000)
    await operator_socket.next("conversation.changed")

    for number in range(30):
        await visitor.send("attributes.set", attributes={"number": number})

    refused = await visitor.next("rejected")
    assert (refused["code"], refused["command"]) == ("rate_limited", "attributes.set")
    assert refused["retry_after"] > 0
    for event in await operator_socket.drain():
        if event["type"] == "conversation.changed":
            assert len(event["conversation"]["last"]["text"]) <= 200
