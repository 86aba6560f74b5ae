"""Servers behind the documentation's nginx restart one after the other, without a visible effect.

`make rehearse` runs the complete version.
"""

import asyncio
import os
import time
from collections import Counter
from dataclasses import replace

import pytest

from tests.faults import scenario, world
from tests.machine import nginx, programs
from tests.machine.nginx import NAME

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(programs.nginx() is None, reason="needs nginx"),
]

SECONDS = float(os.environ.get("FAULT_SECONDS") or 12)
BEHIND = {
    **world.FAST,
    "HTTPS": "1",
    "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
    "TRUSTED_PROXIES": "127.0.0.1/32",
}


async def test_restarted_servers_have_no_visible_effect(tmp_path, seed, print_line):
    with (
        world.services(tmp_path, servers=2, environ=BEHIND) as system,
        nginx.running([app.port for app in system.apps]) as proxy,
    ):
        through = replace(system, proxy=f"wss://{NAME}", connecting=proxy.connecting())
        outcome = await scenario.chat(
            through, lambda: restart(system), seed, visitors=40, idle=20, pause=2.0
        )
        statuses = proxy.statuses()

    print_line(outcome)
    print_line(f"acked within {outcome.wait(0.99):.3f} s (99 %); nginx answered {dict(statuses)}")
    closed = {name for name in outcome.counts if name.startswith("closed ")}
    assert outcome.violations == []
    assert closed <= {"closed 1000", "closed 4503"}, outcome
    assert outcome.counts["moved"], "nobody was asked to move"
    # nginx logs 499 for a visitor who left before the response; some visitors are cut off here.
    assert set(statuses) - {499} == {101}
    assert statuses[499] <= 4


async def restart(system: world.World) -> Counter[str]:
    counts: Counter[str] = Counter()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        for app in system.apps:
            assert await asyncio.to_thread(app.stop) == 0, app.log.read_text()
            await asyncio.to_thread(app.start)
            counts["server restarted"] += 1
            await asyncio.sleep(1.0)
    return counts
