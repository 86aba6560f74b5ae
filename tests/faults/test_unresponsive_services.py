"""PostgreSQL and Redis that do not die but stop responding, or have no space left."""

import asyncio
import os
import time
from collections import Counter
from contextlib import ExitStack, suppress

import psycopg
import pytest

from tests.faults import scenario
from tests.faults.people import AT_ONCE_SECONDS, Operator, Visitor, says
from tests.machine.timeouts import until, wait_until

pytestmark = pytest.mark.faults

SILENT_SECONDS = 60.0 if os.environ.get("FAULT_SECONDS") else 12.0
FULL_SECONDS = 7.0
"""Longer than the interval of the most frequent job."""


async def test_a_redis_that_is_silent_or_full_takes_nothing_down(system, seed, print_line):
    beat, worker = system.celery("beat"), system.celery("worker", "--concurrency=1")
    await asyncio.to_thread(system.jobs_run)

    async def faults():
        system.redis.limit_memory(1)
        await grows(system, FULL_SECONDS)
        assert await asyncio.to_thread(system.ready) == {200}
        system.redis.limit_memory(0)
        system.to_redis.black_hole()
        await grows(system, SILENT_SECONDS)
        assert await asyncio.to_thread(system.ready) == {200}
        system.to_redis.heal()
        return Counter({"Redis full": 1, "Redis silent": 1})

    outcome = await scenario.chat(system, faults, seed, visitors=30)

    print_line(outcome)
    assert outcome.violations == []
    await heard_at_once_by_the_other_server(system)
    await asyncio.to_thread(system.jobs_run)
    assert beat.runs
    assert worker.runs


async def test_a_dashboard_is_informed_that_its_server_does_not_hear_the_others(system):
    anna = Operator(system.addresses[:1], 1, session=system.sessions[0])
    life = asyncio.create_task(anna.live())

    async def is_told(hears_all):
        await until(lambda: anna.hears_all is hears_all)

    try:
        await is_told(True)
        system.to_redis.black_hole()
        await is_told(False)
        system.to_redis.heal()
        await is_told(True)
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)


async def test_an_unresponsive_or_full_postgresql_is_reported_truthfully(system, seed, print_line):
    async def faults():
        await asyncio.sleep(2.0)
        system.to_postgres.black_hole()
        await asyncio.sleep(1.0)  # until statements already forwarded are committed
        before = system.entry_count()
        await asyncio.sleep(SILENT_SECONDS)
        assert system.entry_count() == before
        assert 200 not in await asyncio.to_thread(system.ready)
        system.to_postgres.heal()
        await asyncio.to_thread(wait_until, lambda: system.ready() == {200}, "ready")
        await asyncio.to_thread(wait_until, lambda: system.entry_count() > before, "a message")

        with ExitStack() as others:
            await asyncio.to_thread(take_all_connections, system, others)
            assert 200 not in await asyncio.to_thread(system.ready)
            await asyncio.sleep(4.0)
        return Counter({"PostgreSQL silent": 1, "PostgreSQL full of others": 1})

    outcome = await scenario.chat(system, faults, seed, visitors=30)

    print_line(outcome)
    assert outcome.violations == []


async def grows(system, seconds):
    """Let `seconds` pass, and check in each quarter that new messages are stored."""
    for _ in range(4):
        before = system.entry_count()
        await asyncio.sleep(seconds / 4)
        await asyncio.to_thread(
            wait_until, lambda before=before: system.entry_count() > before, "a message"
        )


def take_all_connections(system, others):
    """End other clients' connections and take their places, until none is free for a second."""
    now = taken_at = time.monotonic()
    deadline = now + 30.0
    ours = []
    while now < deadline and now - taken_at < 1.0:
        now = time.monotonic()
        try:
            ours.append(others.enter_context(psycopg.connect(system.postgres.url, autocommit=True)))
            taken_at = now
        except psycopg.OperationalError:
            with suppress(psycopg.Error):
                pids = [connection.info.backend_pid for connection in ours]
                put_out = (
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE backend_type = 'client backend' AND NOT pid = ANY(%s)"
                )
                ours[0].execute(put_out, [pids])


async def heard_at_once_by_the_other_server(system):
    """Check that a text reaches another server at once, not by the heartbeat of every 20 s."""
    here, there = system.addresses
    vera = Visitor([here], 1, channel=system.channel)
    other_tab = Visitor([there], 2, channel=system.channel)
    lives = [asyncio.create_task(vera.live())]
    try:
        await until(lambda: vera.outbox.connected)
        vera.post()
        await until(lambda: vera.shown)
        other_tab.token = vera.token
        lives.append(asyncio.create_task(other_tab.live()))
        await until(lambda: other_tab.shown == vera.shown)
        text = vera.post().text
        await until(lambda: says(other_tab, text), AT_ONCE_SECONDS)
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
