"""A visitor and an operator chat through real sockets."""

import json
import uuid

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.db.models import Count

from livechat.models import Conversation, Message, PageView, User
from livechat.wire import Close
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


async def test_what_the_visitor_writes_reaches_the_operator_and_back(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor, conversation = await sockets.chat(berlin, "Is this tea organic?")

    changed = await operator_socket.next("conversation.changed")
    first = await operator_socket.next("message.posted")
    client_id = await operator_socket.post(conversation, "It is.")
    ack = await operator_socket.next("ack")
    answer = await visitor.next("message.posted")
    while answer["message"]["author"] != "operator":
        answer = await visitor.next("message.posted")

    assert changed["conversation"]["operator"]["name"] == "Anna"
    assert first["message"]["text"] == "Is this tea organic?"
    assert ack["client_id"] == client_id
    assert answer["message"] == {
        "seq": 3,
        "id": answer["message"]["id"],
        "client_id": client_id,
        "author": "operator",
        "author_id": str(anna.public_id),
        "author_name": "Anna",
        "kind": "text",
        "text": "It is.",
        "line": None,
        "files": [],
        "at": ack["at"],
    }


async def test_nothing_is_stored_of_a_visitor_that_only_sends_hello(sockets, berlin):
    from livechat.models import Visitor

    visitor = await sockets.visitor(berlin, page={"url": "https://shop.example/"})
    welcome = await visitor.next("welcome")

    assert welcome["conversation"] is None
    assert welcome["token"]
    assert await Visitor.objects.acount() == 0


async def test_a_note_never_reaches_the_visitor_and_leaves_no_hole(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor, conversation = await sockets.chat(berlin)

    await operator_socket.post(conversation, "He is a regular.", internal=True)
    await operator_socket.next("ack")
    await operator_socket.post(conversation, "Hi!")
    await operator_socket.next("ack")
    await visitor.send("timeline.fetch", conversation=conversation, after_seq=0)
    page = await visitor.next("timeline.page")
    await visitor.drain()

    assert [entry["seq"] for entry in page["messages"]] == [1, 2, 3]
    assert "regular" not in json.dumps(visitor.received)
    assert "note" not in {entry["kind"] for entry in page["messages"]}


async def test_a_repeated_message_is_stored_once_and_acknowledged_again(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    client_id = uuid.uuid4()

    for _ in range(3):
        await visitor.post(conversation, "Anybody?", client_id=client_id)
    acks = [await visitor.next("ack") for _ in range(3)]

    assert len({(ack["seq"], ack["at"]) for ack in acks}) == 1
    assert await Message.objects.filter(client_id=client_id).acount() == 1


async def test_the_same_client_id_with_another_text_is_refused(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    client_id = await visitor.post(conversation, "One")
    await visitor.next("ack")

    await visitor.post(conversation, "Two", client_id=client_id)
    rejected = await visitor.next("rejected")

    assert (rejected["code"], rejected["client_id"]) == ("id_conflict", client_id)
    assert await Message.objects.filter(text="Two").acount() == 0


async def test_a_second_tab_hears_a_conversation_that_the_first_one_opens(sockets, berlin, anna):
    first = await sockets.visitor(berlin)
    token = (await first.next("welcome"))["token"]
    second = await sockets.visitor(berlin, token=token)
    await second.next("welcome")

    await first.send("conversation.open", client_id=uuid.uuid4(), text="Two tabs")
    opened = await first.next("ack")
    changed = await second.next("conversation.changed")
    posted = await second.next("message.posted")
    await first.post(opened["conversation"], "More")
    more = await second.next("message.posted")
    while more["message"]["author"] == "system":
        more = await second.next("message.posted")

    assert changed["conversation"]["id"] == opened["conversation"]
    assert posted["message"]["text"] == "Two tabs"
    assert more["message"]["text"] == "More"


async def test_coming_back_brings_exactly_what_was_missed(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor = await sockets.visitor(berlin)
    token = (await visitor.next("welcome"))["token"]
    await visitor.send("conversation.open", client_id=uuid.uuid4(), text="Hello")
    conversation = (await visitor.next("ack"))["conversation"]
    await visitor.disconnect()

    for text in ("One", "Two"):
        await operator_socket.post(conversation, text)
        await operator_socket.next("ack")
    again = await sockets.visitor(berlin, token=token, conversation=conversation, after_seq=2)
    welcome = await again.next("welcome")

    assert [entry["text"] for entry in welcome["messages"]] == ["One", "Two"]
    assert [entry["seq"] for entry in welcome["messages"]] == [3, 4]
    assert welcome["more"] is False
    assert welcome["conversation"]["head"] == 4


async def test_opening_again_with_the_same_id_returns_the_same_conversation(sockets, berlin, anna):
    visitor = await sockets.visitor(berlin)
    opening = uuid.uuid4()

    answers = []
    for _ in range(2):
        await visitor.send("conversation.open", client_id=opening, text="Hello")
        answers.append(await visitor.next("ack"))

    assert answers[0] == answers[1]
    assert await Message.objects.filter(kind="text").acount() == 1


async def test_reading_is_shown_to_the_other_side_in_its_own_numbering(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor, conversation = await sockets.chat(berlin)
    await operator_socket.post(conversation, "A note first", internal=True)
    await operator_socket.next("ack")
    await operator_socket.post(conversation, "Hi")
    await operator_socket.next("ack")

    await visitor.send("messages.see", conversation=conversation, up_to=3)
    for_operator = await operator_socket.next("messages.seen")
    await operator_socket.send("messages.see", conversation=conversation, up_to=4)
    for_visitor = await visitor.next("messages.seen")
    while for_visitor["by"] != "staff":
        for_visitor = await visitor.next("messages.seen")

    assert (for_operator["by"], for_operator["up_to"]) == ("visitor", 4)
    assert (for_visitor["by"], for_visitor["up_to"]) == ("staff", 3)


async def test_typing_is_shown_and_never_stored(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor, conversation = await sockets.chat(berlin)

    await visitor.send("typing.set", conversation=conversation, active=True)
    seen_by_staff = await operator_socket.next("typing.changed")
    await operator_socket.send("typing.set", conversation=conversation, active=True)
    seen_by_visitor = await visitor.next("typing.changed")

    assert seen_by_staff["who"] is None
    assert seen_by_visitor["name"] == "Anna"


async def test_no_visitor_sees_the_user_name_of_an_operator_without_a_name(sockets, berlin):
    zoe = await sync_to_async(factories.operator)("zoe_signs_in", berlin, chat_name="")
    await User.objects.filter(pk=zoe.user_id).aupdate(first_name="", last_name="")
    operator_socket = await sockets.staff(zoe)

    visitor, conversation = await sockets.chat(berlin)
    await operator_socket.send("typing.set", conversation=conversation, active=True)
    await visitor.next("typing.changed")
    await operator_socket.post(conversation, "Hello")
    seen = await visitor.next("message.posted")
    again = await sockets.visitor(berlin, token=visitor.received[0]["token"])
    welcome = await again.next("welcome")
    await operator_socket.send("timeline.fetch", conversation=conversation, after_seq=0)
    page = await operator_socket.next("timeline.page")

    assert (seen["message"]["author"], seen["message"]["author_name"]) == ("operator", "")
    assert [person["name"] for person in welcome["channel"]["team"]] == [""]
    assert "zoe_signs_in" not in repr(visitor.received + again.received)
    posted = [
        frame["message"] for frame in operator_socket.received if frame["type"] == "message.posted"
    ]
    for messages in (posted, page["messages"]):  # colleagues see it
        assert messages[-1]["author_name"] == "zoe_signs_in"


async def test_a_waiting_conversation_goes_to_the_first_operator_that_takes_it(sockets, berlin):
    absent = {"online": False}
    anna = await sync_to_async(factories.operator)("anna", berlin, **absent)
    ben = await sync_to_async(factories.operator)("ben", berlin, **absent)
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()
    operator_sockets = [await sockets.staff(anna), await sockets.staff(ben)]

    for operator_socket in operator_sockets:
        await operator_socket.send(
            "conversation.take", conversation=conversation, client_id=uuid.uuid4()
        )
    answers = [
        await operator_socket.next("ack", "rejected") for operator_socket in operator_sockets
    ]
    changed = await visitor.next("conversation.changed")

    assert sorted(answer["type"] for answer in answers) == ["ack", "rejected"]
    [rejected] = [answer for answer in answers if answer["type"] == "rejected"]
    assert rejected["code"] == "already_taken"
    assert changed["conversation"]["state"] == "assigned"


async def test_everybody_of_the_channel_reads_along_while_a_visitor_waits(sockets, berlin):
    anna = await sync_to_async(factories.operator)("anna", berlin, online=False)
    # She is online but does not accept new conversations.
    anna.accepting = False
    await anna.asave()
    operator_socket = await sockets.staff(anna)

    visitor, conversation = await sockets.chat(berlin, "Nobody there?")
    changed = await operator_socket.next("conversation.changed")
    await visitor.post(conversation, "Hello?")
    texts = [(await operator_socket.next("message.posted"))["message"]["text"] for _ in range(2)]

    assert changed["conversation"]["state"] == "queued"
    assert texts == ["Nobody there?", "Hello?"]


async def test_operators_see_why_a_chat_waits_and_nobody_sees_the_address(sockets, berlin, anna):
    berlin.max_chats_per_address = 1
    await berlin.asave()
    staff = await sockets.staff(anna)
    _first, assigned = await sockets.chat(berlin, client="2001:db8:1:2::7")
    visitor, waiting = await sockets.chat(berlin, client="2001:db8:1:2::8")

    again = await sockets.staff(anna, fetch=False)
    await again.send("inbox.fetch")
    snapshot = await again.next("inbox.snapshot")
    await staff.send("conversation.take", conversation=waiting, client_id=uuid.uuid4())
    await staff.next("ack")
    frames = [*staff.received, *await staff.drain()]

    held = {chat["id"]: (chat["state"], chat["held"]) for chat in snapshot["conversations"]}
    assert held == {assigned: ("assigned", False), waiting: ("queued", True)}
    changed = [one["conversation"] for one in frames if one["type"] == "conversation.changed"]
    seen = [chat["held"] for chat in changed if chat["id"] == waiting]
    assert (seen[0], seen[-1]) == (True, False)
    hashes = Conversation.objects.values_list("address_hash", flat=True)
    stored = [str(one) async for one in hashes]
    sent = json.dumps([frames, again.received, visitor.received, await visitor.drain()])
    assert "held" not in json.dumps(visitor.received)
    assert not [secret for secret in ("2001:db8", *stored) if secret in sent]


async def test_all_tabs_of_an_operator_are_in_step(sockets, berlin, anna):
    one, two = await sockets.staff(anna), await sockets.staff(anna)
    _visitor, conversation = await sockets.chat(berlin)

    client_id = await one.post(conversation, "From the first tab")
    seen = await two.next("message.posted")
    while seen["message"]["client_id"] != client_id:
        seen = await two.next("message.posted")

    assert seen["message"]["text"] == "From the first tab"


async def test_two_operators_in_one_conversation_hear_each_other(sockets, berlin, anna, ben):
    operator_socket, other = await sockets.staff(anna), await sockets.staff(ben)
    visitor, conversation = await sockets.chat(berlin)
    first, second = operator_socket, other
    changed = await operator_socket.next("conversation.changed")
    if changed["conversation"]["operator"]["name"] == "Ben":
        first, second = other, operator_socket

    await second.send("conversation.join", conversation=conversation, client_id=uuid.uuid4())
    await second.next("ack")
    client_id = await first.post(conversation, "Colleague, please?", internal=True)
    note = await second.next("message.posted")
    while note["message"]["client_id"] != client_id:
        note = await second.next("message.posted")
    await second.post(conversation, "Here I am")
    answer = await visitor.next("message.posted")
    while answer["message"]["text"] != "Here I am":
        answer = await visitor.next("message.posted")

    assert note["message"]["kind"] == "note"
    assert answer["message"]["author"] == "operator"


async def test_closing_ends_it_for_both_and_writing_after_it_is_refused(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor, conversation = await sockets.chat(berlin)

    await visitor.send("conversation.close", conversation=conversation, client_id=uuid.uuid4())
    await visitor.next("ack")
    changed = await operator_socket.next("conversation.changed")
    while changed["conversation"]["state"] != "closed":
        changed = await operator_socket.next("conversation.changed")
    await visitor.post(conversation, "One more thing")
    for_visitor = await visitor.next("rejected")
    await operator_socket.post(conversation, "Bye")
    for_operator = await operator_socket.next("rejected")

    assert for_visitor["code"] == for_operator["code"] == "closed"
    assert await Message.objects.filter(text__in=["One more thing", "Bye"]).acount() == 0


async def test_messages_and_the_close_after_them_keep_their_order(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)

    for text in ("One", "Two", "Three"):
        await visitor.post(conversation, text)
    await visitor.send("conversation.close", conversation=conversation, client_id=uuid.uuid4())
    for _ in range(4):
        await visitor.next("ack")

    rows = Message.objects.order_by("seq").values_list("text", "event")
    assert [text or event for text, event in [row async for row in rows]][-4:] == [
        "One",
        "Two",
        "Three",
        "closed_by_visitor",
    ]


async def test_joining_a_channel_brings_its_conversations(sockets, berlin):
    ben = await sync_to_async(factories.operator)("ben", online=False)
    _visitor, conversation = await sockets.chat(berlin)
    operator_socket = await sockets.staff(ben)

    await operator_socket.send("channel.join", channel=berlin.public_id, client_id=uuid.uuid4())
    await operator_socket.next("ack")
    await operator_socket.send("inbox.fetch")
    snapshot = await operator_socket.next("inbox.snapshot")

    assert [row["id"] for row in snapshot["conversations"]] == [conversation]
    assert snapshot["channels"][0]["joined"] is True


def rename(before: str, after: str) -> None:
    with connection.schema_editor() as editor:
        editor.alter_db_table(Conversation, before, after)


async def test_a_failed_hello_is_rejected_and_the_client_may_return(sockets, berlin):
    table = Conversation._meta.db_table
    await sync_to_async(rename)(table, "elsewhere")
    try:
        visitor = await sockets.visitor(berlin)
        code = await visitor.closed()
    finally:
        await sync_to_async(rename)("elsewhere", table)

    assert [(frame["type"], frame["code"]) for frame in visitor.received] == [
        ("rejected", "unavailable")
    ]
    assert code == Close.DRAINING
    again = await sockets.visitor(berlin)
    assert (await again.next())["type"] == "welcome"


async def test_a_visitor_without_a_token_comes_back_with_the_key_of_the_page(sockets, berlin, anna):
    origin = "https://shop.example"
    visitor, conversation = await sockets.chat(berlin, "Is this tea organic?")
    await visitor.send("page_key.make", conversation=conversation, origin=origin)
    made = await visitor.next("page_key.made")
    await visitor.disconnect()

    page = {"url": f"{origin}/checkout"}
    again = await sockets.visitor(berlin, page_key=made["key"], origin=origin, page=page)
    welcome = await again.next("welcome")
    await again.post(conversation, "It is me.")

    assert made["conversation"] == conversation
    assert welcome["conversation"]["id"] == conversation
    assert (await again.next("ack"))["conversation"] == conversation
    assert [view.url async for view in PageView.objects.all()] == [page["url"]]


async def test_a_key_that_is_not_valid_makes_a_new_visitor(sockets, berlin):
    socket = await sockets.visitor(berlin, page_key="made up", origin="https://shop.example")

    welcome = await socket.next("welcome")

    assert welcome["conversation"] is None
    assert welcome["token"]


@pytest.mark.services
async def test_a_hundred_who_write_to_one_channel_at_once_are_all_answered(sockets, berlin):
    """Five operators have four places each; nobody is refused, and nobody gets a fifth chat."""
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 4
    await berlin.asave()
    for n in range(5):
        await sync_to_async(factories.operator)(f"agent{n}", berlin)
    visitors = [await sockets.visitor(berlin, client=f"192.0.2.{n}") for n in range(100)]
    for visitor in visitors:
        await visitor.next("welcome")

    for visitor in visitors:
        await visitor.send("conversation.open", client_id=uuid.uuid4(), text="Hello")
    answers = [await visitor.next("ack", "rejected") for visitor in visitors]

    assert {answer["type"] for answer in answers} == {"ack"}
    by_operator = Conversation.objects.order_by().values("operator").annotate(Count("pk"))
    assert sorted([row["pk__count"] async for row in by_operator]) == [4, 4, 4, 4, 4, 80]
