"""A forbidden or invalid command gets a response, stores nothing, and never ends in a traceback."""

import json
import uuid
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core import signing

from livechat import auth, wire
from livechat.models import Conversation, Message
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)

U = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


@pytest.fixture(autouse=True)
def no_tracebacks(caplog):
    yield
    assert [record for record in caplog.get_records("call") if record.exc_info] == []


async def count() -> tuple[int, int]:
    return await Conversation.objects.acount(), await Message.objects.acount()


BAD_FRAMES = {
    "empty": "",
    "not JSON": "hello",
    "an array": "[]",
    "a string": '"hello"',
    "a number": "1",
    "null": "null",
    "deeper than any stack": "[" * 30_000,
    "NaN": '{"type":"messages.see","conversation":"%s","up_to":NaN}' % U,
    "a number of 5,000 digits": '{"type":"messages.see","conversation":"%s","up_to":1%s}'
    % (U, "0" * 5_000),
    "a negative number": '{"type":"messages.see","conversation":"%s","up_to":-1}' % U,
    "a float for a number": '{"type":"messages.see","conversation":"%s","up_to":1.5}' % U,
    "NUL": '{"type":"message.post","conversation":"%s","client_id":"%s","text":"a\\u0000b"}'
    % (U, U),
    "half a surrogate pair": '{"type":"message.post","conversation":"%s","client_id":"%s",'
    '"text":"\\ud800"}' % (U, U),
    "no UUID": '{"type":"message.post","conversation":"1","client_id":"2","text":"x"}',
    "an unknown field": '{"type":"typing.set","conversation":"%s","active":true,"x":1}' % U,
    "a missing field": '{"type":"message.post","text":"x"}',
    "no type": '{"text":"x"}',
    "both ends of a page as text": '{"type":"timeline.fetch","conversation":"%s",'
    '"after_seq":"0"}' % U,
}


@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
async def test_a_frame_that_is_no_command_is_rejected_and_the_socket_lives(
    sockets, berlin, anna, frame
):
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()
    before = await count()

    await visitor.send_raw(frame)
    rejected = await visitor.next("rejected")
    await visitor.post(conversation, "Still here")
    ack = await visitor.next("ack")

    assert rejected["code"] == "bad_frame"
    assert ack["seq"]
    assert await count() == (before[0], before[1] + 1)


async def test_an_unknown_type_is_named_as_such(sockets, berlin):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send_raw('{"type":"rm -rf"}')

    assert (await visitor.next("rejected"))["code"] == "unknown_type"


async def test_a_binary_frame_is_rejected(sockets, berlin):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send_raw(None, b'{"type":"heartbeat"}')

    assert (await visitor.next("rejected"))["code"] == "bad_frame"


@pytest.mark.parametrize("character", ["x", "é"])
async def test_a_frame_over_64_kib_is_too_large(sockets, berlin, character):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send_raw(
        json.dumps({"type": character * 40_000}, ensure_ascii=False) + " " * 30_000
    )

    assert (await visitor.next("rejected"))["code"] == "too_large"


async def test_five_bad_frames_are_forgiven_and_the_sixth_closes_4400(sockets, berlin):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    for _ in range(6):
        await visitor.send_raw("nonsense")

    assert await visitor.closed() == 4400


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("   \n\t ", "empty"),
        ("\u200b\u200d\ufeff", "empty"),
        ("\u3164\u2800", "empty"),
        ("x" * 8_001, "too_long"),
        ("\U0001f600" * 8_001, "too_long"),
    ],
    ids=["nothing", "blanks", "zero-width", "fillers", "too long", "too many bytes"],
)
async def test_an_unreadable_text_is_rejected(sockets, berlin, anna, text, code):
    visitor, conversation = await sockets.chat(berlin)
    before = await count()

    client_id = await visitor.post(conversation, text)
    rejected = await visitor.next("rejected")

    assert (rejected["code"], rejected["client_id"]) == (code, client_id)
    assert await count() == before


async def test_writing_about_nul_is_not_writing_one(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)

    await visitor.post(conversation, "In JSON it is \\u0000")

    assert (await visitor.next("ack"))["seq"]


# --- authentication


async def test_an_unknown_channel_is_refused_before_the_socket_opens(sockets, db):
    assert await sockets.connect("/ws/visitor/nosuchkey/") is None


async def test_an_archived_channel_is_refused(sockets, berlin):
    berlin.is_active = False
    await berlin.asave()

    assert await sockets.connect(f"/ws/visitor/{berlin.key}/") is None


async def test_an_unknown_address_is_refused(sockets, db):
    assert await sockets.connect("/ws/anything/else/") is None


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "null",
        "http://evil.example",
        "http://testserver.evil.example",
        "http://eviltestserver",
        "http://testserver:8080",
        "https://testserver:80",
        "ftp://testserver",
        "http://testserver@evil.example",
        "",
        "http://",
    ],
)
async def test_a_socket_from_another_origin_is_refused(sockets, berlin, origin):
    assert await sockets.connect(f"/ws/visitor/{berlin.key}/", origin=origin) is None


async def test_a_host_that_is_not_ours_is_refused(sockets, berlin):
    refused = await sockets.connect(
        f"/ws/visitor/{berlin.key}/", origin="http://evil.example", host="evil.example"
    )

    assert refused is None


def _tokens(berlin, other):
    visitor = uuid.uuid4()
    good = auth.visitor_token(visitor, berlin.key)
    return {
        "garbage": "garbage",
        "empty signature": good.rpartition(":")[0] + ":",
        "another visitor": uuid.uuid4().hex + good[32:],
        "another channel": auth.visitor_token(visitor, other.key),
        "another purpose": signing.TimestampSigner(salt="other").sign(
            f"{visitor.hex}.{berlin.key}"
        ),
        "another key": signing.TimestampSigner(key="x", salt="livechat.visitor").sign(
            f"{visitor.hex}.{berlin.key}"
        ),
    }


@pytest.mark.parametrize(
    "kind",
    [
        "garbage",
        "empty signature",
        "another visitor",
        "another channel",
        "another purpose",
        "another key",
    ],
)
async def test_a_foreign_token_closes_4401(sockets, berlin, kind):
    other = await sync_to_async(factories.channel)("Paris")
    visitor = await sockets.visitor(berlin, token=_tokens(berlin, other)[kind])

    rejected = await visitor.next("rejected")

    assert rejected["code"] == "token_invalid"
    assert await visitor.closed() == 4401


async def test_an_expired_token_closes_4401(sockets, berlin, settings):
    token = auth.visitor_token(uuid.uuid4(), berlin.key)
    settings.VISITOR_TOKEN_MAX_AGE = -1

    visitor = await sockets.visitor(berlin, token=token)

    assert await visitor.closed() == 4401


async def test_a_command_before_hello_is_rejected(sockets, berlin):
    visitor = await sockets.connect(f"/ws/visitor/{berlin.key}/")
    await visitor.send("conversation.open", client_id=uuid.uuid4(), text="Hello")

    assert (await visitor.next("rejected"))["code"] == "hello_first"
    assert await count() == (0, 0)


async def test_a_second_hello_is_rejected(sockets, berlin):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send("hello", version=1, tab="x")

    assert (await visitor.next("rejected"))["code"] == "hello_again"


async def test_an_outdated_client_has_to_reload(sockets, berlin):
    visitor = await sockets.visitor(berlin, version=wire.VERSION - 2)

    assert (await visitor.next("rejected"))["code"] == "version"
    assert await visitor.closed() == 4400


@pytest.mark.parametrize("more", [{}, {"since_then": ["invented"]}, {"tab": {"new": "form"}}])
async def test_a_client_of_a_later_release_is_sent_on_to_a_server_of_its_own(sockets, berlin, more):
    visitor = await sockets.visitor(berlin, version=wire.VERSION + 1, **more)

    assert await visitor.closed() == 4426
    assert visitor.received == []


async def test_the_same_tab_again_replaces_its_older_socket(sockets, berlin):
    first = await sockets.visitor(berlin, tab="one")
    token = (await first.next("welcome"))["token"]

    second = await sockets.visitor(berlin, tab="one", token=token)
    await second.next("welcome")

    assert await first.closed() == 4409


async def test_a_staff_socket_needs_a_session(sockets, db):
    assert await sockets.connect("/ws/staff/") is None
    assert await sockets.connect("/ws/staff/", cookie="sessionid=forged") is None


async def test_staff_without_the_right_have_no_inbox(sockets, db):
    from tests.sockets import session_cookie

    analyst = await sync_to_async(factories.user)("yusuf", group="Live chat analyst")
    cookie = await sync_to_async(session_cookie)(analyst)

    assert await sockets.connect("/ws/staff/", cookie=cookie) is None


# --- authorization


VISITOR_COMMANDS: dict[str, dict[str, Any]] = {
    "message.post": {"client_id": U, "text": "x"},
    "conversation.close": {"client_id": U},
    "messages.see": {"up_to": 1},
    "typing.set": {"active": True},
    "timeline.fetch": {"after_seq": 0},
}


@pytest.mark.parametrize("type_", VISITOR_COMMANDS)
@pytest.mark.parametrize("whose", ["another visitor's", "of another channel", "nobody's"])
async def test_a_conversation_that_is_not_yours_does_not_exist(sockets, berlin, anna, type_, whose):
    paris = await sync_to_async(factories.channel)("Paris")
    _other, foreign = await sockets.chat(paris if "channel" in whose else berlin, "Secret")
    conversation = str(uuid.uuid4()) if whose == "nobody's" else foreign
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")
    before = await count()

    await visitor.send(type_, conversation=conversation, **VISITOR_COMMANDS[type_])
    rejected = await visitor.next()

    assert (rejected["type"], rejected["code"]) == ("rejected", "not_found")
    assert await count() == before
    assert "Secret" not in json.dumps(visitor.received)


async def test_hello_with_another_visitors_conversation_brings_nothing_of_it(sockets, berlin, anna):
    _other, foreign = await sockets.chat(berlin, "Secret")

    visitor = await sockets.visitor(berlin, conversation=foreign, after_seq=0)
    welcome = await visitor.next("welcome")

    assert welcome["conversation"] is None
    assert "Secret" not in json.dumps(welcome)


STAFF_COMMANDS: dict[str, dict[str, Any]] = {
    "conversation.take": {"client_id": U},
    "conversation.join": {"client_id": U},
    "conversation.leave": {"client_id": U},
    "conversation.watch": {},
    "message.post": {"client_id": U, "text": "x"},
    "conversation.close": {"client_id": U},
    "messages.see": {"up_to": 1},
    "timeline.fetch": {"after_seq": 0},
    "typing.set": {"active": True},
}


@pytest.mark.parametrize("type_", STAFF_COMMANDS)
async def test_a_conversation_of_a_channel_that_is_not_yours_does_not_exist(
    sockets, berlin, anna, type_
):
    paris = await sync_to_async(factories.channel)("Paris")
    pierre = await sync_to_async(factories.operator)("pierre", paris)
    _visitor, conversation = await sockets.chat(berlin, "Secret")
    operator_socket = await sockets.staff(pierre)
    before = await count()

    await operator_socket.send(type_, conversation=conversation, **STAFF_COMMANDS[type_])
    rejected = await operator_socket.next()

    assert (rejected["type"], rejected["code"]) == ("rejected", "not_found")
    assert await count() == before
    assert "Secret" not in json.dumps(operator_socket.received)


@pytest.mark.parametrize(
    "type_",
    ["conversation.take", "conversation.join", "conversation.watch", "inbox.fetch", "presence.set"],
)
async def test_a_visitor_has_no_staff_commands(sockets, berlin, anna, type_):
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()

    await visitor.send(type_, conversation=conversation, client_id=U)

    assert (await visitor.next("rejected"))["code"] == "unknown_type"


async def test_a_visitor_cannot_make_a_note(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()

    await visitor.post(conversation, "x", internal=True)

    assert (await visitor.next("rejected"))["code"] == "bad_frame"


async def test_writing_without_taking_part_is_forbidden(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    ben = await sync_to_async(factories.operator)("ben", berlin)
    operator_socket = await sockets.staff(ben)

    await operator_socket.post(conversation, "Not my chat")
    rejected = await operator_socket.next("rejected")

    assert rejected["code"] == "forbidden"


async def test_an_operator_who_was_disabled_can_write_no_more(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    _visitor, conversation = await sockets.chat(berlin)
    anna.user.is_active = False
    await sync_to_async(anna.user.save)()

    await operator_socket.post(conversation, "Revenge")
    rejected = await operator_socket.next("rejected")

    assert rejected["code"] in ("forbidden", "not_found")
    assert await Message.objects.filter(text="Revenge").acount() == 0


# --- rate limits


async def test_a_flood_of_messages_is_refused_with_the_time_to_wait(
    sockets, berlin, anna, settings
):
    settings.MESSAGES_PER_SECOND = 0.1
    visitor, conversation = await sockets.chat(berlin)

    for number in range(8):
        await visitor.post(conversation, f"Message {number}")
    answers = [await visitor.next("ack", "rejected") for _ in range(8)]

    refused = [answer for answer in answers if answer["type"] == "rejected"]
    assert {answer["code"] for answer in refused} == {"rate_limited"}
    assert all(answer["retry_after"] > 0 for answer in refused)
    assert 1 <= len(refused) <= 4


async def test_a_flood_of_frames_closes_4429(sockets, berlin, settings):
    settings.FRAMES_PER_SECOND = 1
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    for _ in range(120):
        await visitor.send("heartbeat")

    assert await visitor.closed() == 4429


async def test_a_client_that_says_nothing_is_closed_4408(sockets, berlin, monkeypatch):
    monkeypatch.setattr("livechat.consumers.base.HELLO_WITHIN", 0.1)
    visitor = await sockets.connect(f"/ws/visitor/{berlin.key}/")

    assert await visitor.closed() == 4408


async def test_two_tabs_that_open_at_once_are_in_one_conversation(sockets, berlin, anna):
    first = await sockets.visitor(berlin)
    token = (await first.next("welcome"))["token"]
    second = await sockets.visitor(berlin, token=token)
    await second.next("welcome")

    for tab in (first, second):
        await tab.send("conversation.open", client_id=uuid.uuid4(), text="At once")
    acks = [await tab.next("ack") for tab in (first, second)]

    assert acks[0]["conversation"] == acks[1]["conversation"]
    assert await Conversation.objects.acount() == 1
    assert await Message.objects.filter(text="At once").acount() == 2


async def test_a_page_with_credentials_and_query_is_stored_without_them(sockets, berlin, anna):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")

    await visitor.send(
        "conversation.open",
        client_id=uuid.uuid4(),
        text="Hello",
        page={
            "url": "https://user:secret@shop.example/tea?order=17#paid",
            "title": "Tea\u0007\n shop",
            "referrer": "javascript:alert(1)",
        },
    )
    await visitor.next("ack")

    row = await Conversation.objects.aget()
    assert (row.page_url, row.page_title, row.referrer) == (
        "https://shop.example/tea",
        "Tea shop",
        "",
    )
