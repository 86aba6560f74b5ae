"""Whether the visitor is still there: the events for operators who would write to them."""

import pytest
from asgiref.sync import sync_to_async

from livechat.consumers.base import IDLE_AFTER, BaseConsumer
from livechat.consumers.visitor import VisitorConsumer
from livechat.models import Channel
from livechat.policy import VisitorActor
from livechat.services import conversations
from livechat.wire import Close
from tests import factories
from tests.sockets import Socket, Sockets, beat_all

pytestmark = pytest.mark.django_db(transaction=True)

PRESENCE = "visitor.presence"


async def presence_events(operator_socket: Socket) -> list[tuple[str, bool]]:
    """Return (conversation, present) of the presence events since the last call."""
    frames = [frame for frame in await operator_socket.drain() if frame["type"] == PRESENCE]
    return [(frame["conversation"], frame["present"]) for frame in frames]


async def again(visitor: Socket, channel: Channel, sockets: Sockets) -> Socket:
    """Return another tab of a visitor after its `welcome`."""
    welcome = next(frame for frame in visitor.received if frame["type"] == "welcome")
    tab = await sockets.visitor(channel, token=welcome["token"])
    await tab.next("welcome")
    return tab


def seen() -> VisitorConsumer:
    """Return the consumer of the only visitor's socket."""
    (found,) = [socket for socket in BaseConsumer.live if isinstance(socket, VisitorConsumer)]
    return found


async def test_a_participant_is_informed_that_the_visitor_is_there_and_has_left(
    sockets, berlin, anna
):
    operator_socket = await sockets.staff(anna)

    visitor, chat = await sockets.chat(berlin)
    came = await presence_events(operator_socket)
    await visitor.disconnect()

    assert came == [(chat, True)]
    assert await presence_events(operator_socket) == [(chat, False)]


async def test_a_visitor_who_returns_has_another_socket_id(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)
    visitor, chat = await sockets.chat(berlin)
    first = await operator_socket.next(PRESENCE)

    await again(visitor, berlin, sockets)
    second = await operator_socket.next(PRESENCE)

    assert (second["conversation"], second["present"]) == (chat, True)
    assert second["socket"] != first["socket"]


async def test_every_heartbeat_repeats_it(sockets, berlin, anna):
    _visitor, chat = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    await operator_socket.drain()

    await beat_all()

    assert await presence_events(operator_socket) == [(chat, True)]


async def test_a_visitor_that_does_not_answer_a_heartbeat_is_not_announced_with_the_next(
    sockets, berlin, anna
):
    visitor, chat = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    await beat_all()
    await operator_socket.drain()

    await beat_all()
    silent = await presence_events(operator_socket)
    await visitor.send("heartbeat")
    await visitor.send("hello", version=1, tab="again")
    await visitor.next("rejected")  # so the heartbeat before it has been read
    await beat_all()

    assert silent == []
    assert await presence_events(operator_socket) == [(chat, True)]


async def test_a_visitor_that_was_silent_for_long_is_not_announced_as_leaving_now(
    sockets, berlin, anna
):
    visitor, chat = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    await operator_socket.drain()

    seen().received_at -= IDLE_AFTER + 1
    await beat_all()

    assert await visitor.closed() == Close.IDLE
    assert (chat, False) not in await presence_events(operator_socket)


async def test_operators_who_may_take_a_waiting_conversation_are_informed_of_its_visitor(
    sockets, berlin
):
    carl = await sync_to_async(factories.operator)("carl", berlin, accepting=False)
    operator_socket = await sockets.staff(carl)

    visitor, chat = await sockets.chat(berlin)
    await visitor.disconnect()

    assert await presence_events(operator_socket) == [(chat, True), (chat, False)]


async def test_a_colleague_is_informed_of_another_operators_chat_only_while_watching(
    sockets, berlin, anna
):
    visitor, chat = await sockets.chat(berlin)
    ben = await sync_to_async(factories.operator)("ben", berlin)
    operator_socket, watching = await sockets.staff(ben), await sockets.staff(ben)
    await watching.send("conversation.watch", conversation=chat)
    await watching.send("timeline.fetch", conversation=chat, after_seq=0)
    await watching.next("timeline.page")  # so the watch command has been handled
    await watching.drain()
    await operator_socket.drain()

    await visitor.disconnect()

    assert await presence_events(operator_socket) == []
    assert await presence_events(watching) == [(chat, False)]


async def test_another_channel_hears_nothing(sockets, berlin, anna):
    paris = await sync_to_async(factories.channel)("Paris")
    carl = await sync_to_async(factories.operator)("carl", paris)
    operator_socket = await sockets.staff(carl)

    visitor, _chat = await sockets.chat(berlin)
    await beat_all()
    await visitor.disconnect()

    assert await presence_events(operator_socket) == []


async def test_visitors_never_get_presence_events(sockets, berlin, anna):
    visitor, _chat = await sockets.chat(berlin)
    tab = await again(visitor, berlin, sockets)
    await beat_all()
    await visitor.disconnect()
    await tab.drain()

    assert all(frame["type"] != PRESENCE for frame in visitor.received + tab.received)


async def test_the_presence_of_a_visitor_who_never_wrote_is_not_announced(sockets, berlin, anna):
    operator_socket = await sockets.staff(anna)

    visitor = await sockets.visitor(berlin)
    await visitor.next("welcome")
    await beat_all()
    await visitor.disconnect()

    assert await presence_events(operator_socket) == []


async def test_after_the_end_the_visitors_presence_is_not_announced(sockets, berlin, anna):
    visitor, chat = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    actor = VisitorActor(seen().actor.visitor, berlin.pk)
    await sync_to_async(conversations.close)(actor, chat)
    await beat_all()
    await operator_socket.drain()

    await beat_all()
    await visitor.disconnect()

    assert await presence_events(operator_socket) == []


async def test_a_stopping_server_does_not_announce_that_visitors_leave(
    sockets, berlin, anna, monkeypatch
):
    visitor, _chat = await sockets.chat(berlin)
    operator_socket = await sockets.staff(anna)
    await operator_socket.drain()
    monkeypatch.setattr(BaseConsumer, "draining", True)

    await visitor.disconnect()

    assert await presence_events(operator_socket) == []
