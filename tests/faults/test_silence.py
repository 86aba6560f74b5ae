"""PostgreSQL and Redis that do not die but fall silent, or have no room left."""

import asyncio
import os
import time
from collections import Counter
from contextlib import ExitStack, suppress

import psycopg
import pytest

from tests.faults import scenario
from tests.faults.people import Operator, Visitor

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]

SILENT_SECONDS = 60.0 if os.environ.get("FAULT_SECONDS") else 12.0
FULL_SECONDS = 7.0
"""Longer than the most frequent job takes to come again."""


async def test_a_redis_that_is_silent_or_full_takes_nothing_down(place, seed, tell):
    beat, worker = place.celery("beat"), place.celery("worker", "--concurrency=1")
    await asyncio.to_thread(place.jobs_run, 40)

    async def faults():
        place.redis.limit_memory(1)
        assert await grows(place, FULL_SECONDS)
        assert await asyncio.to_thread(place.ready) == {200}
        place.redis.limit_memory(0)
        place.to_redis.black_hole()
        assert await grows(place, SILENT_SECONDS)
        assert await asyncio.to_thread(place.ready) == {200}
        place.to_redis.heal()
        return Counter({"Redis full": 1, "Redis silent": 1})

    outcome = await scenario.chat(place, faults, seed, visitors=30)

    tell(outcome)
    assert outcome.violations == []
    await heard_at_once_by_the_other_server(place)
    await asyncio.to_thread(place.jobs_run, 60)
    assert beat.runs
    assert worker.runs


async def test_a_dashboard_is_told_that_its_server_does_not_hear_the_others(place):
    anna = Operator(place.addresses[:1], 1, session=place.sessions[0])
    life = asyncio.create_task(anna.live())

    async def is_told(hears_all):
        async with asyncio.timeout(60):
            while anna.hears_all is not hears_all:
                await asyncio.sleep(0.1)

    try:
        await is_told(True)
        place.to_redis.black_hole()
        await is_told(False)
        place.to_redis.heal()
        await is_told(True)
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)


async def test_a_postgresql_that_is_silent_or_full_of_others_is_told_of_truthfully(
    place, seed, tell
):
    async def faults():
        await asyncio.sleep(2.0)
        place.to_postgres.black_hole()
        await asyncio.sleep(1.0)  # what had passed is committed
        before = place.said()
        await asyncio.sleep(SILENT_SECONDS)
        assert place.said() == before
        assert 200 not in await asyncio.to_thread(place.ready)
        place.to_postgres.heal()
        await asyncio.to_thread(place.until, lambda: place.ready() == {200}, 30, "ready")
        await asyncio.to_thread(place.until, lambda: place.said() > before, 30, "a message")

        with ExitStack() as others:
            await asyncio.to_thread(take_all_connections, place, others)
            assert 200 not in await asyncio.to_thread(place.ready)
            await asyncio.sleep(4.0)
        return Counter({"PostgreSQL silent": 1, "PostgreSQL full of others": 1})

    outcome = await scenario.chat(place, faults, seed, visitors=30)

    tell(outcome)
    assert outcome.violations == []


async def grows(place, seconds):
    """Let so much time pass; say whether messages were written all along."""
    for _ in range(4):
        before = place.said()
        await asyncio.sleep(seconds / 4)
        if place.said() == before:
            return False
    return True


def take_all_connections(place, others):
    """Put everybody out of PostgreSQL and take his place, until for a second there is none."""
    now = taken_at = time.monotonic()
    deadline = now + 30.0
    ours = []
    while now < deadline and now - taken_at < 1.0:
        now = time.monotonic()
        try:
            ours.append(others.enter_context(psycopg.connect(place.postgres.url, autocommit=True)))
            taken_at = now
        except psycopg.OperationalError:
            with suppress(psycopg.Error):
                pids = [connection.info.backend_pid for connection in ours]
                put_out = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend' AND NOT pid = ANY(%s)"
                )
                ours[0].execute(put_out, [pids])


async def heard_at_once_by_the_other_server(place):
    """What is said on one server arrives on the other, before any heartbeat could tell."""
    here, there = place.addresses
    vera = Visitor([here], 1, channel=place.channel)
    other_tab = Visitor([there], 2, channel=place.channel)
    lives = [asyncio.create_task(vera.live())]
    try:
        async with asyncio.timeout(30):
            while not vera.outbox.connected:
                await asyncio.sleep(0.05)
            vera.post()
            while not vera.shown:
                await asyncio.sleep(0.05)
            other_tab.token = vera.token
            lives.append(asyncio.create_task(other_tab.live()))
            while other_tab.shown != vera.shown:
                await asyncio.sleep(0.05)
        async with asyncio.timeout(5.0):
            text = vera.post().text
            while text not in [entry.text for entry in other_tab.timelines[vera.shown].shown()]:
                await asyncio.sleep(0.05)
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
