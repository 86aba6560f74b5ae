"""The schedule of faults: each server of a world fails repeatedly and independently."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial

from tests.faults.world import World
from tests.machine.app import App
from tests.machine.postgres import Postgres
from tests.machine.redis import Redis

Fault = Callable[[random.Random], Awaitable[str]]


async def storm(world: World, seconds: float, seed: int, *, pause: float = 1.0) -> Counter[str]:
    """Cause faults for `seconds`; return their counts by name.

    All servers run again when it returns. `pause` scales the time between two faults of one server,
    which is a few seconds.
    """
    counts: Counter[str] = Counter()
    faults: list[tuple[Fault, float]] = [(partial(kill_server, app), 5.0) for app in world.apps]
    if world.redis is not None:
        faults += [(partial(flush_redis, world.redis), 4.0)]
        faults += [(partial(restart_redis, world.redis), 7.0)]
    if world.postgres is not None:
        faults += [(partial(stop_postgres, world.postgres), 7.0)]
    end = asyncio.get_running_loop().time() + seconds
    async with asyncio.TaskGroup() as group:
        for number, (fault, every) in enumerate(faults):
            chance = random.Random(f"{seed}.{number}")
            group.create_task(_again_and_again(fault, every * pause, end, chance, counts))
    return counts


async def kill_server(app: App, chance: random.Random) -> str:
    """Kill a server with SIGKILL and restart it on the same port."""
    await asyncio.to_thread(app.kill)
    await asyncio.sleep(chance.uniform(0.0, 1.0))
    await asyncio.to_thread(app.start)
    return "server kill -9"


async def flush_redis(redis: Redis, _chance: random.Random) -> str:
    try:
        await asyncio.to_thread(redis.flushall)
    except OSError:
        return "Redis was away"
    return "Redis FLUSHALL"


async def restart_redis(redis: Redis, chance: random.Random) -> str:
    await asyncio.to_thread(redis.kill)
    await asyncio.sleep(chance.uniform(0.1, 2.0))
    await asyncio.to_thread(redis.start)
    return "Redis killed and started"


async def stop_postgres(postgres: Postgres, chance: random.Random) -> str:
    await asyncio.to_thread(postgres.kill_immediate)
    await asyncio.sleep(chance.uniform(0.0, 1.5))
    await asyncio.to_thread(postgres.start)
    return "PostgreSQL immediate stop"


async def _again_and_again(
    fault: Fault, every: float, end: float, chance: random.Random, counts: Counter[str]
) -> None:
    now = asyncio.get_running_loop().time
    while True:
        wait = every * chance.uniform(0.5, 1.5)
        if now() + wait > end:
            await asyncio.sleep(max(0.0, end - now()))
            return
        await asyncio.sleep(wait)
        counts[await fault(chance)] += 1
