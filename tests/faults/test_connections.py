"""The network between clients and servers: cut anywhere, slow, or gone for all at once."""

import asyncio
import os
import random
from collections import Counter

import pytest

from tests.faults import scenario
from tests.faults.people import Visitor
from tests.machine.timeouts import until

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("FAULT_SECONDS") or 10)
MOST_BYTES = 30_000
"""A connection is cut after 0 to this many bytes: in the handshake, in a frame, between two."""
CLIENTS = 1_000


async def test_connections_that_break_at_any_byte_lose_nothing(system, seed, print_line):
    chance = random.Random(seed)

    async def faults():
        for number, link in enumerate(system.links_to_servers):
            link.cut_at_random(random.Random(f"{seed}.{number}"), MOST_BYTES)
            link.delay(0.05 * number)
        end = asyncio.get_running_loop().time() + SECONDS
        cut = 0
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(chance.uniform(1.0, 3.0))
            cut += chance.choice(system.links_to_servers).cut(0.3, chance)
        made = sum(link.connections for link in system.links_to_servers)
        for link in system.links_to_servers:
            link.heal()
        return Counter({"connections": made, "cut by hand": cut})

    outcome = await scenario.chat(system, faults, seed, visitors=100)

    print_line(outcome)
    assert outcome.violations == []
    assert outcome.counts["connections"] > 150  # by 106 clients
    assert outcome.counts["acked"] > 5 * SECONDS


async def test_a_thousand_clients_cut_off_at_once_recover_completely(system, seed, print_line):
    counts: Counter[str] = Counter()
    clients = [
        Visitor(system.addresses, seed + number, channel=system.channel, counts=counts)
        for number in range(CLIENTS)
    ]
    writers = clients[:50]
    lives = [asyncio.create_task(client.live()) for client in clients]
    now = asyncio.get_running_loop().time
    try:
        await until(lambda: all(client.outbox.connected for client in clients))
        for client in writers:
            client.post()
        await until(lambda: all(entry.acks for client in writers for entry in client.written))
        made = sum(link.connections for link in system.links_to_servers)

        cut = sum(link.cut() for link in system.links_to_servers)
        for client in writers:
            client.post()
        started = now()
        await until(lambda: counts["closed 1006"] + counts["closed 0"] >= CLIENTS)
        await until(lambda: all(client.outbox.connected for client in clients))
        took = now() - started

        made = sum(link.connections for link in system.links_to_servers) - made
        print_line(
            f"{cut} cut, all back after {took:.1f} s: {made / took:.0f} handshakes/s; {counts}"
        )
        await until(lambda: all(entry.acks for client in writers for entry in client.written))
        await until(lambda: all(shows_all(client) for client in writers))
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
    assert cut == CLIENTS
    assert not any(client.gave_up for client in clients)
    assert system.ready() == {200}
    stored = {entry.text for entry in system.rows()[1] if entry.client_id}
    assert stored == {entry.text for client in writers for entry in client.written}


def shows_all(client):
    """Return whether a visitor's page shows every text they wrote."""
    shown = {entry.text for entry in client.timelines[client.shown].shown()}
    return all(entry.text in shown for entry in client.written)
