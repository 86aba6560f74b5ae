"""Rate limits of a person, an address, a channel and the process.

Excess is rejected with a time to wait, and counted; the others go on.
"""

import asyncio
import time
import uuid
from dataclasses import fields, replace
from typing import Any

import pytest

from livechat.consumers import load_monitor
from livechat.consumers.base import BaseConsumer
from livechat.consumers.handshake import decline, explain
from livechat.consumers.load_monitor import LoadMonitor, resident_bytes
from livechat.consumers.send_buffer import SendBuffer
from livechat.domain.limits import limits as domain_limits
from livechat.domain.overload import Level
from livechat.domain.token_bucket import Rate
from livechat.limiter import Limiter, Refusal, limiter
from tests.asgi import Exchange

NOW = 1_000.0


def connect_times(
    one_limiter: Limiter, source: str, times: int, *, is_staff: bool = False
) -> list[str]:
    """Connect `times` times; return the names of the limits that rejected a connection."""
    answers = [one_limiter.enter(source, NOW, is_staff=is_staff) for _ in range(times)]
    return [answer.name for answer in answers if answer]


@pytest.fixture
def no_refills(monkeypatch):
    """Refill no token bucket during the test, however slow the machine is."""

    def without_refills(person_or_group):
        changes = {
            field.name: replace(getattr(person_or_group, field.name), per_second=1e-3)
            for field in fields(person_or_group)
            if isinstance(getattr(person_or_group, field.name), Rate)
        }
        acts = {act: replace(rate, per_second=1e-3) for act, rate in person_or_group.acts.items()}
        return replace(person_or_group, acts=acts, **changes)

    def limits(**figures):
        found = domain_limits(**figures)
        return replace(
            found,
            **{field.name: without_refills(getattr(found, field.name)) for field in fields(found)},
        )

    monkeypatch.setattr("livechat.limiter.limits", limits)


async def posted(socket, conversation, times: int, text: str = "Hello") -> list[str]:
    """Post `times` times; return the codes of the rejections."""
    for _ in range(times):
        await socket.post(conversation, text)
    answers = [await socket.next("ack", "rejected") for _ in range(times)]
    return [answer["code"] for answer in answers if answer["type"] == "rejected"]


# --- connections


def test_an_address_has_so_many_sockets_and_others_have_theirs(settings):
    settings.PEOPLE_PER_ADDRESS = 10
    one_limiter = Limiter()

    assert connect_times(one_limiter, "192.0.2.1", 41) == ["address.sockets"]
    assert connect_times(one_limiter, "192.0.2.2", 1) == []
    one_limiter.leave("192.0.2.1")
    assert one_limiter.check("192.0.2.1", NOW + 60, is_staff=False) is None
    assert one_limiter.refused == {"address.sockets": 1}


def test_an_address_that_reconnects_endlessly_is_refused_for_a_while(settings):
    settings.PEOPLE_PER_ADDRESS = 10
    one_limiter = Limiter()
    for _ in range(40):
        assert one_limiter.enter("192.0.2.1", NOW, is_staff=False) is None
        one_limiter.leave("192.0.2.1")

    refusal = one_limiter.enter("192.0.2.1", NOW, is_staff=False)

    assert refusal is not None
    assert (refusal.name, refusal.status, refusal.code) == ("address.arrivals", 429, "rate_limited")
    assert 0.5 <= refusal.retry_after <= 1.5
    assert one_limiter.enter("192.0.2.1", NOW + 1, is_staff=False) is None


def test_the_last_places_of_a_process_are_for_staff(settings):
    settings.MAX_SOCKETS = 20
    one_limiter = Limiter()
    for number in range(18):
        assert connect_times(one_limiter, f"192.0.2.{number}", 1) == []

    assert connect_times(one_limiter, "192.0.2.99", 1) == ["process.sockets"]
    assert connect_times(one_limiter, "192.0.2.99", 3, is_staff=True) == ["process.sockets"]


@pytest.mark.parametrize(
    ("level", "visitor", "staff"),
    [
        (Level.PRESENCE, None, None),
        (Level.NEWCOMERS, 503, None),
        (Level.MESSAGES, 503, 503),
    ],
)
def test_a_busy_process_refuses_newcomers_first_and_operators_last(level, visitor, staff):
    one_limiter = Limiter()
    one_limiter.level = level

    found = [one_limiter.check("192.0.2.1", NOW, is_staff=is_staff) for is_staff in (False, True)]

    assert [refusal and refusal.status for refusal in found] == [visitor, staff]


def test_a_thousand_refused_clients_get_different_times_to_return():
    one_limiter = Limiter()
    one_limiter.level = Level.NEWCOMERS
    found = [one_limiter.check("192.0.2.1", NOW, is_staff=False) for _ in range(1_000)]

    waits = sorted(refusal.retry_after for refusal in found if refusal)

    assert 5 <= waits[0] < 6
    assert 14 < waits[-1] <= 15
    assert len(set(waits)) > 500


def test_a_full_address_of_ones_own_network_is_asked_for_its_proxies(settings, caplog):
    settings.PEOPLE_PER_ADDRESS = 10
    connect_times(Limiter(), "10.0.0.1", 45)

    [line] = [record.getMessage() for record in caplog.records]

    assert "limits.address_full" in line
    assert "proxy" in line
    assert "10.0.0.1" not in line


async def declined(scope: dict, refusal: Refusal | None = None) -> list[dict]:
    """Return what the client of a refused socket is sent."""
    sent: list[dict] = []

    async def send(message: dict) -> None:
        sent.append(message)

    await decline(scope, send, refusal)
    return sent


DENIABLE = {"type": "websocket", "extensions": {"websocket.http.response": {}}}


async def test_a_refused_socket_gets_an_http_response_where_the_server_can_send_one():
    start, body = await declined(DENIABLE, Refusal("address.sockets", 7.2))

    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == 429
    assert (b"retry-after", b"8") in start["headers"]
    assert body["type"] == "websocket.http.response.body"


async def test_a_refused_socket_is_closed_where_the_server_cannot_or_without_a_reason():
    too_many = await declined({"type": "websocket"}, Refusal("address.sockets", 7.2))
    forbidden = await declined(DENIABLE)

    assert too_many == forbidden == [{"type": "websocket.close"}]


@pytest.mark.parametrize(
    ("path", "level", "draining", "status"),
    [
        ("/ws/visitor/berlin/", Level.CALM, False, 204),
        ("/ws/visitor/berlin/", Level.NEWCOMERS, False, 503),
        ("/ws/visitor/berlin/", Level.CALM, True, 503),
        ("/ws/staff/", Level.NEWCOMERS, False, 204),
        ("/ws/staff/", Level.MESSAGES, False, 503),
    ],
)
async def test_a_page_can_ask_why_its_socket_is_refused(path, level, draining, status):
    limiter.level = level

    async def application(scope, _receive, send):
        await explain(scope, send, is_draining=draining)

    answer = await Exchange(application, path=path).run()

    assert answer.status == status
    assert ("retry-after" in answer.headers) == (status != 204)
    assert limiter.refused == {}


async def test_a_place_is_given_back_however_a_socket_ends(sockets, berlin):
    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")
    assert await sockets.connect("/ws/visitor/nowhere/") is None
    assert await sockets.connect("/ws/staff/") is None
    open_now = limiter.sockets

    await visitor.disconnect()

    assert (open_now, limiter.sockets) == (1, 0)


# --- commands of one person


async def test_many_tabs_of_a_visitor_write_no_more_than_one(no_refills, sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    token = visitor.received[0]["token"]
    tabs = [visitor] + [await sockets.visitor(berlin, token=token) for _ in range(4)]
    for tab in tabs[1:]:
        await tab.next("welcome")

    codes = [code for tab in tabs for code in await posted(tab, conversation, 10)]

    # A burst of 25, including the text of the opening.
    assert codes == ["rate_limited"] * 26
    assert limiter.refused == {"visitor.messages": 26}


async def test_a_visitor_who_floods_takes_nothing_from_others_at_the_same_address(
    sockets, berlin, anna
):
    walt, his = await sockets.chat(berlin)
    vera, hers = await sockets.chat(berlin)
    await posted(walt, his, 40)

    assert await posted(vera, hers, 5) == []


async def test_all_visitors_of_an_address_together_have_a_limit(
    no_refills, sockets, berlin, anna, settings
):
    settings.PEOPLE_PER_ADDRESS = 10  # a burst of twenty messages
    chats = [await sockets.chat(berlin) for _ in range(3)]

    codes = [
        code for visitor, conversation in chats for code in await posted(visitor, conversation, 9)
    ]

    assert codes == ["rate_limited"] * 10
    assert limiter.refused == {"address.messages": 10}


async def test_thousands_of_new_visitors_from_one_address_are_slowed(
    no_refills, sockets, berlin, settings
):
    settings.PEOPLE_PER_ADDRESS = 10  # a burst of twenty new visitors
    kept = [await sockets.visitor(berlin) for _ in range(20)]
    token = (await kept[0].next("welcome"))["token"]

    late = await sockets.visitor(berlin)
    rejected = await late.next("rejected")
    known = await sockets.visitor(berlin, token=token)

    assert (rejected["code"], rejected["command"]) == ("rate_limited", "hello")
    assert rejected["retry_after"] > 0
    assert await late.closed() == 4429
    assert (await known.next("welcome"))["type"] == "welcome"


async def test_opening_and_closing_again_and_again_is_slowed(no_refills, sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    answers = []
    for _ in range(15):
        await visitor.send("conversation.close", client_id=uuid.uuid4(), conversation=conversation)
        await visitor.next("ack")
        await visitor.send("conversation.open", client_id=uuid.uuid4(), text="Again")
        answers.append(await visitor.next("ack", "rejected"))
        conversation = answers[-1].get("conversation", conversation)

    refused = [answer for answer in answers if answer["type"] == "rejected"]
    assert len(refused) == 6  # a burst of ten, including the first one
    assert all(answer["retry_after"] > 1 for answer in refused)


@pytest.mark.parametrize("command", ["timeline.fetch", "file.open", "transcript.open"])
async def test_looking_up_without_end_is_slowed(
    no_refills, sockets, berlin, anna, command, settings
):
    settings.FRAMES_PER_SECOND = 500
    visitor, conversation = await sockets.chat(berlin)
    fields = {
        "timeline.fetch": {"conversation": conversation, "after_seq": 0},
        "file.open": {"file": str(uuid.uuid4())},
        "transcript.open": {"conversation": conversation, "format": "text"},
    }[command]
    for _ in range(90):
        await visitor.send(command, **fields)

    answers = [await visitor.next(*ANSWERS) for _ in range(90)]

    slowed = [answer for answer in answers if answer.get("code") == "rate_limited"]
    assert len(slowed) == 30
    assert {answer["command"] for answer in slowed} == {command}
    assert all(answer["retry_after"] > 0 for answer in slowed)


ANSWERS = ("timeline.page", "file.opened", "transcript.opened", "rejected")


async def test_typing_and_pages_without_end_vanish_without_a_word(
    no_refills, sockets, berlin, anna, settings
):
    settings.FRAMES_PER_SECOND = 500
    visitor, conversation = await sockets.chat(berlin)
    await visitor.drain()

    for number in range(60):
        await visitor.send("typing.set", conversation=conversation, active=True)
        await visitor.send("page.view", page={"url": f"https://shop.example/{number}"})

    await visitor.send("timeline.fetch", conversation=conversation, after_seq=0)
    answer = await visitor.next()

    assert answer["type"] == "timeline.page"
    assert limiter.refused == {"visitor.typing": 40, "visitor.pages": 30}


async def test_a_tab_too_many_takes_the_place_of_the_oldest(sockets, berlin, monkeypatch):
    first = await sockets.visitor(berlin)
    token = (await first.next("welcome"))["token"]
    [socket] = BaseConsumer.live
    for _ in range(socket.limits.tabs):
        last = await sockets.visitor(berlin, token=token)
        await last.next("welcome")

    assert await first.closed() == 4409
    [tabs] = BaseConsumer._tabs.values()
    assert len(tabs) == socket.limits.tabs


# --- load shedding


async def test_what_a_busy_process_leaves_undone_in_which_order(sockets, berlin, anna):
    """Typing, marks, attributes, openings, messages are dropped or rejected, in this order."""
    operator_socket = await sockets.staff(anna)
    visitor, conversation = await sockets.chat(berlin)
    other = await sockets.visitor(berlin)
    await other.next("welcome")
    received = {}
    for level in Level:
        limiter.level = level
        await visitor.send("typing.set", conversation=conversation, active=True)
        await visitor.send("messages.see", conversation=conversation, up_to=1)
        await visitor.send("attributes.set", attributes={"level": int(level)})
        await other.send("conversation.open", client_id=uuid.uuid4(), text="Me too")
        await visitor.post(conversation, "Still here")
        answers = [*await drain_after_commands(visitor), *await drain_after_commands(other)]
        refused = [answer for answer in answers if answer["type"] == "rejected"]
        assert {answer["code"] for answer in refused} <= {"unavailable"}
        assert all(5 <= answer["retry_after"] <= 15 for answer in refused)
        heard = any(event["type"] == "typing.changed" for event in await operator_socket.drain())
        received[level.name] = (heard, {answer["command"] for answer in refused})

    marks, attributes = {"messages.see"}, {"attributes.set"}
    newcomers, messages = {"conversation.open"}, {"message.post"}
    assert received == {
        "CALM": (True, set()),
        "TYPING": (False, set()),
        "MARKS": (False, marks),
        "PRESENCE": (False, marks | attributes),
        "NEWCOMERS": (False, marks | attributes | newcomers),
        "MESSAGES": (False, marks | attributes | newcomers | messages),
    }


async def drain_after_commands(socket) -> list[dict[str, Any]]:
    """Return all frames so far, after the server has handled every command."""
    await socket.send("hello", version=1, tab="again")  # always rejected, at any load
    frames: list[dict[str, Any]] = []
    while (frame := await socket.next()).get("code") != "hello_again":
        frames.append(frame)
    return [*frames, *await socket.drain()]


async def test_a_socket_that_a_busy_process_refuses_is_not_closed_for_it(sockets, berlin, anna):
    visitor, conversation = await sockets.chat(berlin)
    limiter.level = Level.MESSAGES
    codes = []
    for _ in range(4):
        codes += await posted(visitor, conversation, 20)
        time.sleep(0.5)  # stay within a socket's limit of frames
    limiter.level = Level.CALM

    assert codes.count("unavailable") >= 60
    assert await posted(visitor, conversation, 1) == []


async def test_operators_may_end_chats_to_the_last(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    _visitor, conversation = await sockets.chat(berlin)
    limiter.level = Level.MESSAGES

    await operator_socket.send(
        "conversation.close", client_id=uuid.uuid4(), conversation=conversation
    )

    assert (await operator_socket.next("ack", "rejected"))["type"] == "ack"


# --- memory


async def test_slow_readers_together_have_a_bound(monkeypatch):
    monkeypatch.setattr("livechat.consumers.send_buffer.MAX_BYTES_OF_ALL", 300_000)
    before = SendBuffer.bytes_of_all
    readers = []
    for _ in range(20):

        async def never(message: dict) -> None:
            await Stuck()

        outbox = SendBuffer(never)
        readers.append(outbox)
        for _frame in range(50):
            outbox.put("x" * 2_000)
    kept = SendBuffer.bytes_of_all - before
    for outbox in readers:
        outbox.close(4408)
    monkeypatch.setattr("livechat.consumers.send_buffer.CLOSE_WITHIN", 0.01)
    for outbox in readers:
        await outbox.finish()

    assert kept <= 300_000 + 20 * 18_000
    assert any(outbox.closing == 4413 for outbox in readers)
    assert SendBuffer.bytes_of_all == before


@pytest.mark.parametrize(("text", "size"), [("word", 4_000), ("слово", 10_000), ("🙂", 4_000)])
async def test_a_slow_reader_costs_bytes_in_any_language(text, size):
    before = SendBuffer.bytes_of_all
    read = asyncio.Event()

    async def send(message: dict) -> None:
        await read.wait()

    outbox = SendBuffer(send)
    outbox.put("being sent")
    outbox.put(text * 1_000)
    waiting = outbox.waiting_bytes, SendBuffer.bytes_of_all - before
    read.set()
    await outbox.sent()

    assert waiting == (size, size)
    assert (outbox.waiting_bytes, SendBuffer.bytes_of_all) == (0, before)


class Stuck:
    """A send that never finishes, as with a stalled reader."""

    def __await__(self):
        yield from asyncio.get_running_loop().create_future()


async def test_the_monitor_sees_what_waits_and_calms_down(monkeypatch):
    class Busy:
        waiting = 9_000

        def oldest(self, now: float) -> float:
            return 0.0

    busy = Busy()
    monkeypatch.setattr(load_monitor, "writer", busy)
    monkeypatch.setattr(load_monitor, "TICK_SECONDS", 0.005)
    monkeypatch.setattr("livechat.domain.overload.HOLD_SECONDS", 0.02)

    watching = asyncio.create_task(LoadMonitor().run())
    await asyncio.sleep(0.1)
    highest = limiter.level
    busy.waiting = 0
    for _ in range(100):
        await asyncio.sleep(0.02)
        if limiter.level == Level.CALM:
            break
    watching.cancel()

    assert (highest, limiter.level) == (Level.MESSAGES, Level.CALM)
    assert 10_000_000 < resident_bytes() < 4_000_000_000
