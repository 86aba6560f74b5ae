"""``python -m benchmarks.fan_out``: how long a post takes to a whole group in another process.

Both ends are real buses on Redis. The other process has a group of 1 or 1,000 members. When all
have received the post, it publishes a reply. Prints as JSON: members -> seconds of each round trip.
The time that a socket needs for a frame is not included.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence

import django
import uvloop

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from livechat.bus import Bus, Post  # noqa: E402

TIMEOUT_SECONDS = 10
WARM_UP = 20
FRAME = json.dumps({"type": "message.posted", "text": "Let me have a look – one moment, please."})


class Member:
    """A member of a group; the last one to receive a post replies for all."""

    heard = 0

    def __init__(self, bus: Bus, members: int) -> None:
        self._bus = bus
        self._members = members

    def deliver(self, frame: str) -> None:
        Member.heard += 1
        if Member.heard % self._members == 0:
            self._bus.publish([Post(("answers",), frame)])


class RequestingSubscriber:
    """Receives the replies."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()

    def deliver(self, frame: str) -> None:
        self.answered.set()


async def members(count: int) -> None:
    """Run the other process: `count` members, until standard input ends."""
    bus = Bus()
    await bus.attach()
    for _ in range(count):
        bus.registry.join(Member(bus, count), f"group.{count}")
    await asyncio.to_thread(sys.stdin.read)
    await bus.detach()


async def ask(counts: Sequence[int], posts: int) -> dict[int, list[float]]:
    """Return the round-trip seconds of each post, per size of group; the groups take turns."""
    bus, asker = Bus(), RequestingSubscriber()
    await bus.attach()
    bus.registry.join(asker, "answers")
    others = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.fan_out", "members", str(count)),
            stdin=asyncio.subprocess.PIPE,
        )
        for count in counts
    ]
    took: dict[int, list[float]] = {count: [] for count in counts}
    try:
        for count in counts:
            await _first(bus, asker, count)
        for number in range(WARM_UP + posts):
            for count in counts:
                seconds = await _once(bus, asker, count, TIMEOUT_SECONDS)
                if number >= WARM_UP:
                    took[count].append(seconds)
    finally:
        for other in others:
            other.terminate()
            await other.wait()
        await bus.detach()
    return took


async def _first(bus: Bus, asker: RequestingSubscriber, count: int) -> None:
    """Publish until the other process replies. Raises RuntimeError after 30 s."""
    deadline = time.monotonic() + 3 * TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        try:
            await _once(bus, asker, count, 0.5)
        except TimeoutError:
            continue
        return
    raise RuntimeError(f"nobody answers for {count}")


async def _once(bus: Bus, asker: RequestingSubscriber, count: int, timeout: float) -> float:
    asker.answered.clear()
    began = time.perf_counter()
    bus.publish([Post((f"group.{count}",), FRAME)])
    await asyncio.wait_for(asker.answered.wait(), timeout)
    return time.perf_counter() - began


if __name__ == "__main__":
    if sys.argv[1] == "members":
        uvloop.run(members(int(sys.argv[2])))
    else:
        json.dump(uvloop.run(ask([int(n) for n in sys.argv[2:]], int(sys.argv[1]))), sys.stdout)
