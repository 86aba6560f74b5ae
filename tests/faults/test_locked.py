"""A conversation whose row is locked by another transaction: only this conversation waits."""

import asyncio

import psycopg
import pytest

from tests.faults.people import Visitor
from tests.machine.timeouts import until

pytestmark = pytest.mark.faults

HELD_SECONDS = 5.0
ROUNDS = 12
LOCK_LIMIT_SECONDS = 2.0
"""How long a batch waits for a lock."""
LOCK = "SELECT id FROM livechat_conversation WHERE public_id = %s FOR UPDATE"


async def test_a_conversation_that_is_locked_holds_up_itself_alone(system):
    here = system.addresses[:1]
    crowd = [Visitor(here, number, channel=system.channel) for number in range(20)]
    vera, *others = crowd
    lives = [asyncio.create_task(client.live()) for client in crowd]
    now = asyncio.get_running_loop().time
    try:
        await until(lambda: all(client.outbox.connected for client in crowd))
        for client in crowd:
            client.post()
        await until(lambda: all(entry.acks for client in crowd for entry in client.written))

        with psycopg.connect(system.postgres.url) as holder:
            holder.execute(LOCK, [vera.current()])
            held_since = now()
            vera.post()
            rounds = 0
            while rounds < ROUNDS or now() < held_since + HELD_SECONDS:
                for client in others:
                    client.post()
                await until(lambda: all(e.acks for client in others for e in client.written))
                rounds += 1
                await asyncio.sleep(0.2)
            took = now() - held_since
            assert not vera.written[-1].acks
        await until(lambda: vera.written[-1].acks)
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
    assert took < rounds * LOCK_LIMIT_SECONDS
    stored = [entry.text for entry in system.rows()[1] if entry.client_id]
    assert sorted(stored) == sorted(entry.text for client in crowd for entry in client.written)
