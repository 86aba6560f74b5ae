"""Machines with clocks wrong by an hour: the database's time is the only one that counts."""

import asyncio
from collections import Counter

import pytest

from tests.faults import breakable_system, scenario
from tests.faults.people import Visitor
from tests.machine import programs
from tests.machine.timeouts import until

pytestmark = pytest.mark.faults


def clock(offset: str) -> dict[str, str]:
    """Return the environment of a process whose clock is off by `offset`.

    The monotonic clock, which measures durations, stays right.
    """
    library = programs.faketime()
    assert library is not None, f"faketime is missing: {programs.by_hand(['faketime'])}"
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": offset,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }


async def test_clocks_that_are_wrong_by_an_hour_move_nothing(tmp_path, seed, print_line):
    clocks = [{}, clock("+3600s"), clock("-3600s")]
    with breakable_system.services(tmp_path, servers=3, own=clocks) as system:
        system.celery("beat")
        system.celery("worker", "--concurrency=1", app=1)

        async def faults():
            # Every client reconnects several times, to servers with different clocks.
            for _ in range(4):
                await asyncio.sleep(2.0)
                for link in system.links_to_servers:
                    link.cut()
            await asyncio.to_thread(system.jobs_run)
            assert await availability(system) == [True, True, True]
            return Counter()

        outcome = await scenario.chat(system, faults, seed, visitors=30)

        print_line(outcome)
        assert outcome.violations == []
        assert outcome.counts["closed 4401"] == 0
        assert system.ask(WRONG_MOMENTS) == []
        assert system.ask("SELECT event FROM livechat_message WHERE event = 'lost'") == []
        assert system.ready() == {200}
        assert not system.complaints()


class Newcomer(Visitor):
    """A visitor who only reads whether operators are available."""

    available: bool | None = None

    def hear(self, event):
        if event["type"] == "welcome":
            self.available = event["channel"]["available"]
        super().hear(event)


async def availability(system):
    """Return the availability that each server reports to a new visitor."""
    newcomers = [Newcomer([address], 1, channel=system.channel) for address in system.addresses]
    lives = [asyncio.create_task(newcomer.live()) for newcomer in newcomers]
    await until(lambda: all(newcomer.available is not None for newcomer in newcomers))
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)
    return [newcomer.available for newcomer in newcomers]


WRONG_MOMENTS = """
    SELECT name, moment FROM (
        SELECT 'said', created_at FROM livechat_message
        UNION ALL SELECT 'opened', opened_at FROM livechat_conversation
        UNION ALL SELECT 'answered', answered_at FROM livechat_conversation
        UNION ALL SELECT 'closed', closed_at FROM livechat_conversation
        UNION ALL SELECT 'joined', joined_at FROM livechat_participant
        UNION ALL SELECT 'left', left_at FROM livechat_participant
        UNION ALL SELECT 'visited', seen_at FROM livechat_visitor
        UNION ALL SELECT 'seen', seen_at FROM livechat_operator
        UNION ALL SELECT 'active', active_at FROM livechat_operator
        UNION ALL SELECT 'assigned', last_assigned_at FROM livechat_operator
        UNION ALL SELECT 'job', started_at FROM livechat_job
    ) AS stamps (name, moment)
    WHERE moment NOT BETWEEN clock_timestamp() - interval '10 minutes' AND clock_timestamp()
    UNION ALL
    SELECT 'negative', opened_at FROM livechat_conversation
    WHERE answered_at < opened_at OR closed_at < opened_at
"""
