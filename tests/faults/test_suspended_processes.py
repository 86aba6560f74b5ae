"""Processes that are suspended for minutes and then continue as if nothing had happened."""

import asyncio
import signal

import pytest

from tests.faults.people import Operator, Visitor
from tests.machine.timeouts import wait_until

pytestmark = pytest.mark.faults

NUMBERED = (
    "WITH o AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM livechat_operator)"
)
IN_CHARGE = f"""{NUMBERED}
    SELECT number FROM livechat_conversation c JOIN o ON o.id = c.operator_id
"""  # noqa: S608
LINES = f"""{NUMBERED}
    SELECT m.event, number FROM livechat_message m, livechat_participant p
    JOIN o ON o.id = p.operator_id
    WHERE p.id = m.subject_id AND m.kind = 'system' ORDER BY m.seq
"""  # noqa: S608
TIME_PASSES = """
    UPDATE livechat_operator SET seen_at = seen_at - interval '3 minutes' WHERE id =
    (SELECT id FROM livechat_operator ORDER BY id OFFSET %s LIMIT 1)
"""
SERVERS_LISTEN = """
    UPDATE livechat_lease SET since = since - interval '5 minutes' WHERE name = 'servers'
"""
LEASE_RUNS_OUT = """
    UPDATE livechat_lease SET until = until - interval '1 minute' WHERE name = 'beat'
"""
HOLDER = "SELECT holder FROM livechat_lease WHERE name = 'beat' AND until > clock_timestamp()"


async def test_a_server_that_was_frozen_undoes_nothing_when_it_goes_on(system):
    frozen, _other = system.apps
    system.celery("beat")
    system.celery("worker", "--concurrency=1")
    here, there = system.addresses
    anna = Operator([here], 1, session=system.sessions[0])
    ben = Operator([there], 2, session=system.sessions[1])
    vera = Visitor([there], 3, channel=system.channel)
    lives = [asyncio.create_task(anna.live())]
    ask = system.ask
    try:
        await so(lambda: anna.outbox.connected)
        lives.append(asyncio.create_task(vera.live()))
        await so(lambda: vera.outbox.connected)
        vera.post()
        await so(lambda: anna.own())
        lives.append(asyncio.create_task(ben.live()))
        await so(lambda: ben.outbox.connected)
        assert ask(IN_CHARGE) == [(0,)]
        await so(lambda: ask("SELECT 1 FROM livechat_lease WHERE name = 'servers'"))

        frozen.send(signal.SIGSTOP)
        try:
            [chat] = anna.own()
            late = anna.write(chat)  # it waits in the frozen server's socket
            ask(SERVERS_LISTEN)
            ask(TIME_PASSES, 0)
            await so(lambda: ask(IN_CHARGE) == [(1,)])
            vera.post()
            await so(lambda: all(entry.acks for entry in vera.written))
        finally:
            frozen.send(signal.SIGCONT)

        await so(lambda: late.refusal or late.acks)
        await asyncio.sleep(11.0)  # every heartbeat check and hand-over job has run by then
        vera.post()
        await so(lambda: all(entry.acks for entry in vera.written))
        await so(lambda: not anna.own() and ben.own())
    finally:
        for life in lives:
            life.cancel()
        await asyncio.gather(*lives, return_exceptions=True)
    assert late.refusal == "forbidden"
    assert not late.acks
    assert ask(LINES) == [("assigned", 0), ("lost", 0), ("assigned", 1)]
    assert ask(IN_CHARGE) == [(1,)]
    entries = sorted(system.rows()[1], key=lambda entry: entry.seq)
    texts = [entry.text for entry in entries if entry.client_id]
    assert texts == [entry.text for entry in vera.written]


async def test_a_beat_and_a_worker_that_were_frozen_are_followed_and_come_back_in_peace(system):
    beats = [system.celery("beat"), system.celery("beat")]
    workers = [system.celery("worker", "--concurrency=1") for _ in range(2)]
    await asyncio.to_thread(system.jobs_run)
    [(holder,)] = system.ask(HOLDER)
    [held] = [beat for beat in beats if f" {beat.pid} " in holder]
    halted = [held, workers[0]]

    for process in halted:
        process.freeze()
    try:
        system.ask(
            "UPDATE livechat_lease SET until = until - interval '1 minute' WHERE name = 'beat'"
        )
        [(second,)] = await so(lambda: system.ask(HOLDER))
        assert second != holder
        await asyncio.to_thread(system.jobs_run)
    finally:
        for process in halted:
            process.thaw()
    await asyncio.sleep(6.0)  # it checks its lease every five seconds
    await asyncio.to_thread(system.jobs_run)

    assert system.ask(HOLDER) == [(second,)]
    assert all(process.runs for process in (*beats, *workers))


async def so(truth):
    """Return the result of `truth` as soon as it is true, without blocking the event loop."""
    return await asyncio.to_thread(wait_until, truth)
