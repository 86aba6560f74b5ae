"""Jobs in real processes: a worker dies, a beat dies, an operator's browser dies."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from tests.faults import world
from tests.faults.people import Operator, Visitor
from tests.faults.world import World
from tests.machine.celery import Celery
from tests.machine.timeouts import TIMEOUT_SECONDS, until, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.xdist_group("jobs_survive"),
]

JOBS = {"hand-over-lost"}
"""The jobs that run every few seconds."""


@pytest.fixture(scope="module")
def system(tmp_path_factory) -> Iterator[World]:
    with world.services(tmp_path_factory.mktemp("world"), servers=1) as system:
        yield system


@pytest.fixture
def celery(system, tmp_path) -> Iterator[Callable[..., Celery]]:
    started: list[Celery] = []
    # The previous test killed its beat: delete the lease instead of waiting for it.
    ask(system, "DELETE FROM livechat_lease WHERE name = 'beat'")

    def start(*words: str) -> Celery:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        child = Celery(system.apps[0], folder, *words)
        child.start()
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
    for child in started:
        # Celery logs a lost broker with a traceback.
        lines = child.log.read_text().splitlines()
        found = [one for one in lines if "Traceback" in one and '"event": "celery.' not in one]
        assert found == []


def ask(system: World, query: str, *values: Any) -> list[tuple[Any, ...]]:
    assert system.postgres is not None
    with psycopg.connect(system.postgres.url, autocommit=True) as connection:
        cursor = connection.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def since_now(system: World) -> Callable[[], bool]:
    """Return a check whether every frequent job has started and finished since now."""
    [(now,)] = ask(system, "SELECT clock_timestamp()")
    query = "SELECT name FROM livechat_job WHERE started_at > %s AND finished_at >= started_at"
    return lambda: {name for (name,) in ask(system, query, now)} >= JOBS


def test_a_worker_that_is_killed_is_followed_by_another(system, celery):
    celery("beat")
    worker = celery("worker", "--concurrency=1")
    wait_until(since_now(system), "the first run")

    worker.kill()
    second = celery("worker", "--concurrency=1")

    wait_until(since_now(system), "a run after the kill")
    assert second.stop() == 0


def test_of_two_beats_one_beats_and_the_other_takes_over(system, celery):
    celery("worker", "--concurrency=1")
    beats = [celery("beat"), celery("beat")]
    wait_until(since_now(system), "the first run")
    [(holder,)] = ask(system, "SELECT holder FROM livechat_lease WHERE name = 'beat'")
    [held] = [beat for beat in beats if f" {beat.pid} " in holder]

    held.kill()

    other = wait_until(
        lambda: ask(
            system,
            "SELECT holder FROM livechat_lease WHERE name = 'beat' AND holder <> %s"
            " AND until > clock_timestamp()",
            holder,
        ),
        "the other beat",
    )
    assert other
    wait_until(since_now(system), "a run after the kill")


def test_a_redis_that_dies_or_forgets_everything_stops_the_jobs_for_a_moment(system, celery):
    beat, worker = celery("beat"), celery("worker", "--concurrency=1")
    wait_until(since_now(system), "the first run")

    assert system.redis is not None
    system.redis.flushall()
    wait_until(since_now(system), "a run after FLUSHALL")
    system.redis.kill()
    time.sleep(2)
    system.redis.start()

    wait_until(since_now(system), "a run after the kill")
    assert beat.runs
    assert worker.runs


async def test_the_chat_of_an_operator_whose_browser_died_goes_to_a_colleague(system, celery):
    celery("beat")
    celery("worker", "--concurrency=1")
    guest = Visitor(system.addresses, 1, channel=system.channel)
    operator_clients = [
        Operator(system.addresses, 2 + n, session=key) for n, key in enumerate(system.sessions)
    ]
    lives = {client: asyncio.create_task(client.live()) for client in (guest, *operator_clients)}

    async def in_charge() -> int:
        """Return the number of the assigned operator, in the order of `operator_clients`."""
        while not (rows := await asyncio.to_thread(ask, system, IN_CHARGE)):
            await asyncio.sleep(0.2)
        [(number,)] = rows
        return int(number)

    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await until(lambda: all(client.outbox.connected for client in lives))
            guest.post()
            first = await in_charge()
            lives[operator_clients[first]].cancel()
            await asyncio.sleep(0.5)
            while not await asyncio.to_thread(ask, system, SERVERS_LISTENED):
                await asyncio.sleep(0.2)  # the first server creates it after some seconds
            await asyncio.to_thread(ask, system, TWO_MINUTES_PASS, first)
            while (second := await in_charge()) == first:
                await asyncio.sleep(0.2)
            guest.post()
            await until(lambda: all(entry.acks for entry in guest.written))
    finally:
        for life in lives.values():
            life.cancel()
        await asyncio.gather(*lives.values(), return_exceptions=True)
    lines = await asyncio.to_thread(ask, system, LINES)
    assert lines == [("assigned", first), ("lost", first), ("assigned", second)]
    assert await asyncio.to_thread(ask, system, PRESENT) == [(second,)]


NUMBERED = """
    WITH o AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM livechat_operator)
"""
IN_CHARGE = f"""{NUMBERED}
    SELECT number FROM livechat_conversation c JOIN o ON o.id = c.operator_id
"""  # noqa: S608
SERVERS_LISTENED = """
    UPDATE livechat_lease SET since = since - interval '5 minutes' WHERE name = 'servers'
    RETURNING name
"""
TWO_MINUTES_PASS = """
    UPDATE livechat_operator SET seen_at = seen_at - interval '2 minutes' WHERE id =
    (SELECT id FROM livechat_operator ORDER BY id OFFSET %s LIMIT 1)
"""
PARTICIPANTS = "livechat_participant p JOIN o ON o.id = p.operator_id"
LINES = f"""{NUMBERED}
    SELECT m.event, number FROM livechat_message m, {PARTICIPANTS}
    WHERE p.id = m.subject_id AND m.kind = 'system' ORDER BY m.seq
"""  # noqa: S608
PRESENT = f"{NUMBERED} SELECT number FROM {PARTICIPANTS} WHERE p.left_at IS NULL"  # noqa: S608
