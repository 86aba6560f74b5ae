"""Three times the server's load: no acknowledged text is lost, and afterwards all is as before.

Meanwhile, rejections are clean and memory is bounded.
"""

import asyncio
import json
import os
import re
import time
from collections import Counter

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from tests.faults import scenario, world
from tests.faults.slow_server import A_SECOND
from tests.faults.test_memory import MIB, memory
from tests.machine.timeouts import TIMEOUT_SECONDS, promised

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("FAULT_SECONDS") or 6)
VISITORS = 110
"""Enough that the server needs over five seconds to write one text of each.

This is one text of each visitor, and one of an operator in each conversation.
"""
PAUSE = VISITORS / A_SECOND / 1.5
"""Seconds between texts of a visitor, and of their operator: together three times the capacity."""
RECOVERY_SECONDS = promised(30)
CLEAN = {"unavailable", "rate_limited"} | {"closed", "forbidden", "already_taken"}
"""A client gets the last three when it is too late for a conversation, at any load."""


async def newcomer(app) -> str:
    """Connect like a new browser; return the first frame's type, or the rejection's status."""
    try:
        async with connect(
            f"{app.socket_url}/ws/visitor/berlin/",
            origin=Origin(app.url),
            proxy=None,
            open_timeout=TIMEOUT_SECONDS,
        ) as socket:
            await socket.send(json.dumps({"type": "hello", "version": 1, "tab": "new"}))
            return str(json.loads(await socket.recv())["type"])
    except InvalidStatus as refused:
        wait = refused.response.headers.get("Retry-After", "for ever")
        return f"{refused.response.status_code}{'' if wait.isdigit() else f', {wait}'}"


async def test_three_times_too_much_is_refused_cleanly_and_got_over(tmp_path, seed, print_line):
    environ = world.FAST | {"PEOPLE_PER_ADDRESS": "100000"}
    entry = ("-m", "tests.faults.slow_server")
    with world.embedded(tmp_path, entry=entry, environ=environ) as system:
        app = system.apps[0]
        received: Counter[str] = Counter()
        sizes = [memory(system)]

        async def overload() -> Counter[str]:
            began = time.monotonic()
            while (took := time.monotonic() - began) < SECONDS or not received["503"]:
                assert took < SECONDS + TIMEOUT_SECONDS, "newcomers were never refused"
                received[await newcomer(app)] += 1
                sizes.append(memory(system))
                await asyncio.sleep(0.3)
            return Counter()

        outcome = await scenario.chat(
            system,
            overload,
            seed,
            visitors=VISITORS,
            pause=PAUSE,
            gone=0.0,
        )
        over = time.monotonic()
        while (last := await newcomer(app)) != "welcome" or not is_calm(app):
            assert time.monotonic() - over < RECOVERY_SECONDS, last
            await asyncio.sleep(0.5)
        sizes.append(memory(system))

    levels = re.findall(r'"load": "(\w+)"', app.log.read_text())
    print_line(outcome)
    print_line(
        f"newcomers {dict(received)}, levels {Counter(levels)}, grown {max(sizes) - sizes[0]:,}"
    )
    assert outcome.violations == []
    assert outcome.counts["rejected unavailable"] > 0, "it was not too much"
    refusals = {name.partition(" ")[2] for name in outcome.counts if name.startswith("rejected ")}
    assert refusals <= CLEAN
    assert set(received) <= {"welcome", "503"}
    assert "messages" in levels
    assert max(sizes) - sizes[0] < 150 * MIB
    assert "Traceback" not in app.log.read_text()


def is_calm(app) -> bool:
    levels = re.findall(r'"load": "(\w+)"', app.log.read_text())
    return not levels or bool(levels[-1] == "calm")
