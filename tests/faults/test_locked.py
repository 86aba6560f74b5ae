"""A conversation that somebody holds locked: it alone waits."""

import asyncio

import psycopg
import pytest

from tests.faults.people import Visitor

pytestmark = [pytest.mark.faults, pytest.mark.timeout(180)]

HELD_SECONDS = 10.0
LOCK = "SELECT id FROM livechat_conversation WHERE public_id = %s FOR UPDATE"


async def test_a_conversation_that_is_locked_holds_up_itself_alone(place):
    here = place.addresses[:1]
    crowd = [Visitor(here, number, channel=place.channel) for number in range(20)]
    vera, *others = crowd
    lives = [asyncio.create_task(client.live()) for client in crowd]
    now = asyncio.get_running_loop().time
    try:
        await so(lambda: all(client.outbox.connected for client in crowd))
        for client in crowd:
            client.post()
        await so(lambda: all(entry.acks for client in crowd for entry in client.written))

        with psycopg.connect(place.postgres.url) as holder:
            holder.execute(LOCK, [vera.current()])
            released_at = now() + HELD_SECONDS
            vera.post()
            rounds = 0
            while now() < released_at:
                for client in others:
                    client.post()
                await so(lambda: all(e.acks for client in others for e in client.written))
                rounds += 1
                await asyncio.sleep(0.2)
            assert not vera.written[-1].acks
        await so(lambda: vera.written[-1].acks)
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
    # With a batch that waits for the lock's time limit of two seconds there would be five.
    assert rounds > 10
    stored = [entry.text for entry in place.rows()[1] if entry.client_id]
    assert sorted(stored) == sorted(entry.text for client in crowd for entry in client.written)


async def so(truth, seconds=30.0):
    """Return when it is so."""
    async with asyncio.timeout(seconds):
        while not truth():
            await asyncio.sleep(0.02)
