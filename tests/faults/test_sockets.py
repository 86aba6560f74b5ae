"""What single sockets do to a real server and it to them, on PostgreSQL and Redis."""

import asyncio
import json
import re
import time
import uuid
from collections import Counter
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.faults import world
from tests.faults.people import AT_ONCE_SECONDS, Operator, Visitor, says
from tests.machine.timeouts import TIMEOUT_SECONDS, promised, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("sockets")]

IDLE_SECONDS = 65


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Provide two servers, with the default limits."""
    var = tmp_path_factory.mktemp("sockets")
    with world.services(var, servers=2, environ={}) as running:
        yield running


@asynccontextmanager
async def living(*clients):
    """Keep clients connected inside the block."""
    lives = [asyncio.create_task(client.live()) for client in clients]
    try:
        await until(lambda: all(client.outbox.connected for client in clients))
        yield
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)


@asynccontextmanager
async def raw(app, path, **options):
    """Yield a visitor's socket after its `welcome`; it does not respond by itself."""
    async with connect(
        f"{app.socket_url}{path}",
        origin=app.url,
        compression=None,
        ping_interval=None,
        close_timeout=1,
        proxy=None,
        **options,
    ) as connection:
        await connection.send(json.dumps({"type": "hello", "version": 1, "tab": "raw"}))
        assert json.loads(await connection.recv())["type"] == "welcome"
        yield connection


async def closing(connection):
    """Read to the end; return the close code."""
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while True:
                await connection.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


async def test_idle_sockets_stay_open_and_get_events_and_a_silent_one_is_closed(system):
    """For over a minute no message is sent.

    Clients that respond to heartbeats stay connected, and messages through Redis still arrive: the
    time-outs of its client (redis-py 8) must not end the subscription.
    """
    counts: Counter[str] = Counter()
    here, there = system.addresses
    visitors = [
        Visitor([(here, there)[number % 2]], number, channel=system.channel, counts=counts)
        for number in range(19)
    ]
    anna = Operator([there], 1, session=system.sessions[0], counts=counts)
    async with living(anna, *visitors), raw(system.apps[0], "/ws/visitor/berlin/") as silent:
        started = time.monotonic()
        visitors[0].post()
        await until(lambda: visitors[0].current())
        await until(lambda: anna.own())

        code = await closing(silent)
        waited = time.monotonic() - started
        await asyncio.sleep(max(0.0, IDLE_SECONDS - waited))
        posted = visitors[0].post()
        await until(lambda: says(anna, posted.text), AT_ONCE_SECONDS)

    assert code == 4408
    assert IDLE_SECONDS - 2 < waited < IDLE_SECONDS + promised(5)
    assert not [name for name in counts if name.startswith("closed")]
    for app in system.apps:
        assert "bus.lost" not in app.log.read_text()


async def test_a_slow_reader_is_cut_while_others_go_on(system):
    long = "x" * 7_900
    walt = Visitor([system.addresses[0]], 2, channel=system.channel)
    async with living(walt), raw(system.apps[0], "/ws/visitor/berlin/", max_queue=1) as slow:
        command = {"type": "conversation.open", "client_id": str(uuid.uuid4()), "text": long}
        await slow.send(json.dumps(command))
        conversation = await conversation_of(slow)
        for _ in range(5):
            await slow.send(
                json.dumps(
                    {
                        "type": "message.post",
                        "conversation": conversation,
                        "client_id": str(uuid.uuid4()),
                        "text": long,
                    }
                )
            )
        fetch = {"type": "timeline.fetch", "conversation": conversation, "after_seq": 0}

        # 48 KB each time, never read: first the kernel's buffers fill, then the server's.
        longest = 0.0
        for turn in range(120):
            await slow.send(json.dumps(fetch))
            if turn % 20 == 0:
                started = time.monotonic()
                posted = walt.post()
                await until(partial(says, walt, posted.text))
                longest = max(longest, time.monotonic() - started)
            await asyncio.sleep(0.04)
        code = await closing(slow)

    assert was_closed_with(4413, code, system.apps[0])
    assert longest < promised(2.0)


async def test_a_socket_that_floods_is_closed_while_others_continue(system):
    walt = Visitor([system.addresses[0]], 3, channel=system.channel)
    async with living(walt), raw(system.apps[0], "/ws/visitor/berlin/") as flooding:
        view = json.dumps({"type": "page.view", "page": {"url": "https://shop.example/"}})

        async def flood():
            with suppress(ConnectionClosed):
                for _ in range(2_000):
                    await flooding.send(view)

        flooded = asyncio.create_task(flood())
        code = await closing(flooding)
        await flooded
        posted = walt.post()
        await until(lambda: says(walt, posted.text))

    assert was_closed_with(4429, code, system.apps[0])


def was_closed_with(expected, code, app):
    """Return whether the server closed the socket with `expected`.

    A client that keeps writing to a closed connection may lose its close code; then the log shows
    it.
    """
    pattern = rf'"code": {expected}.*socket\.closed|socket\.closed.*"code": {expected}'
    return code == expected or (code == 1006 and re.search(pattern, app.log.read_text()))


async def conversation_of(connection):
    """Return the conversation that the next ack names."""
    while True:
        event = json.loads(await connection.recv())
        if event["type"] == "ack":
            return event["conversation"]
