"""A rolling release under load: every service is restarted, one after the other."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import psycopg

from tests.faults import scenario
from tests.faults.foundation import OPERATORS
from tests.faults.scenario import Outcome
from tests.faults.world import World
from tests.machine.nginx import NAME
from tests.rehearsal.production_system import ProductionSystem

ROUNDS = 2
PAUSE_SECONDS = 2.0
QUIET = {"closed 1000", "closed 4503"}
"""How sockets may end: 1000 after a client moved when asked, 4503 when the server stops."""
JOBS = {"hand-over-lost"}
"""The jobs that run every few seconds."""
ACKED_WITHIN = 3.0
"""Promised maximum in seconds for 99 of 100 messages."""


@dataclass
class Restarts:
    """How long each stop took, and which services failed."""

    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass
class Result:
    outcome: Outcome
    restarts: Restarts
    statuses: Counter[int]
    jobs: set[str]

    def faults(self) -> list[str]:
        """Return the broken promises, in words."""
        counts = self.outcome.counts
        closed = {name for name in counts if name.startswith("closed ")}
        wait = self.outcome.wait(0.99)
        failed = {status: n for status, n in self.statuses.items() if status >= 500}
        return [
            *self.outcome.violations,
            *self.restarts.failures,
            *(f"sockets {name}: {counts[name]}" for name in sorted(closed - QUIET)),
            *(f"nginx answered {status}: {n} times" for status, n in failed.items()),
            *(f"{job} has not run since" for job in sorted(JOBS - self.jobs)),
            *([] if counts["moved"] else ["nobody was asked to move"]),
            *([f"acked within {wait:.1f} s"] if wait > ACKED_WITHIN else []),
        ]


def rehearse(system: ProductionSystem, seed: int) -> Result:
    """Let people chat through nginx while everything is restarted; return the result."""
    people = system.shell(f"from tests.faults.seed import seed; seed({OPERATORS})")
    world = World(
        apps=[],
        **people,
        postgres=system.postgres,
        redis=system.redis,
        proxy=f"wss://{NAME}",
        connecting=system.proxy.connecting(),
    )
    before = system.proxy.statuses()
    restarts = Restarts()
    outcome = asyncio.run(
        scenario.chat(
            world, lambda: restart(system, restarts), seed, visitors=70, idle=30, pause=2.8
        )
    )
    return Result(
        outcome,
        restarts,
        system.proxy.statuses() - before,
        asyncio.run(jobs_since_now(system)),
    )


async def restart(system: ProductionSystem, restarts: Restarts) -> Counter[str]:
    """Stop and start every service in turn, as `systemctl restart` would, `ROUNDS` times."""
    counts: Counter[str] = Counter()
    for _ in range(ROUNDS):
        for service in system.services:
            await asyncio.sleep(PAUSE_SECONDS)
            code, seconds = await asyncio.to_thread(service.stop)
            restarts.seconds.append(seconds)
            if code != 0:
                restarts.failures.append(f"{service.name} ended with {code}")
            await asyncio.to_thread(service.start)
            counts["restarted"] += 1
    await asyncio.sleep(PAUSE_SECONDS)
    return counts


async def jobs_since_now(system: ProductionSystem, settle_seconds: float = 45.0) -> set[str]:
    """Return those of `JOBS` that start and finish within the next `settle_seconds` seconds."""
    query = "SELECT name FROM livechat_job WHERE started_at > %s AND finished_at >= started_at"
    deadline = asyncio.get_running_loop().time() + settle_seconds
    async with await psycopg.AsyncConnection.connect(
        system.postgres.url, autocommit=True
    ) as connection:
        cursor = await connection.execute("SELECT clock_timestamp()")
        now = await cursor.fetchone()
        assert now is not None
        while True:
            rows = await (await connection.execute(query, now)).fetchall()
            found = {name for (name,) in rows}
            if found >= JOBS or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(0.5)
