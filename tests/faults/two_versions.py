"""Run the previous version's code on a database migrated by this one.

Usage: ``python -m tests.faults.two_versions <folder of the older code>``. A release replaces
process by process, so for a while both versions run: on PostgreSQL and Redis, if the machine has
them, at the same time; on SQLite, which belongs to one process, in turns. People chat meanwhile,
and the checker must find no violation.
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults import scenario, world
from tests.faults.scenario import Faults, Outcome
from tests.faults.world import World
from tests.machine import programs
from tests.machine.app import ROOT, App

SECONDS = 2.0


async def in_turns(older: Path, var: Path, seed: int) -> Outcome:
    """Serve one SQLite database with the newer code, the older, and the newer again."""
    App(var, code=older).manage("migrate", "--verbosity", "0")
    with world.embedded(var) as place:
        [app] = place.apps

        async def exchange() -> Counter[str]:
            for code in (older, ROOT):
                await asyncio.sleep(SECONDS)
                await asyncio.to_thread(app.stop)
                app.code = code
                await asyncio.to_thread(app.start)
            await asyncio.sleep(SECONDS)
            return Counter(["server of another version"] * 2)

        return await chat(place, exchange, seed)


async def at_once(older: Path, var: Path, seed: int) -> Outcome:
    """Serve one PostgreSQL and one Redis with one server of each version."""

    async def nothing() -> Counter[str]:
        await asyncio.sleep(2 * SECONDS)
        return Counter()

    with world.versions(var, [older, ROOT]) as place:
        return await chat(place, nothing, seed)


async def chat(place: World, faults: Faults, seed: int) -> Outcome:
    """Let people chat with pages that are older still, so that both servers understand them."""
    return await scenario.chat(place, faults, seed, visitors=20, old=1.0, pause=0.7)


async def main(older: Path) -> int:
    """Run all ways that the machine allows; return the exit code."""
    seed = random.SystemRandom().randrange(10**6)
    ways = {"SQLite, in turns": in_turns}
    if not programs.missing(["postgres", "redis"]):
        ways["PostgreSQL and Redis, at once"] = at_once
    code = 0
    for name, way in ways.items():
        with tempfile.TemporaryDirectory() as var:
            outcome = await way(older, Path(var), seed)
        is_right = not outcome.violations and outcome.counts["acked"] > 50
        sys.stdout.write(f"{name} (seed {seed}): {outcome}\n")
        sys.stdout.writelines(f"  {violation}\n" for violation in outcome.violations)
        code = code if is_right else 1
    return code


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]))))
