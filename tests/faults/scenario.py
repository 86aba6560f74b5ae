"""One fault test: people chat while servers fail; then everything settles and is compared."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.checker import History, violations
from tests.faults.client import Client
from tests.faults.people import Operator, Visitor
from tests.faults.world import World

Faults = Callable[[], Awaitable[Counter[str]]]

GONE = 0.1
"""Share of the visitors who close their browser for good during the test."""


@dataclass
class Outcome:
    """The result. `settled`: seconds after the last fault until the last check."""

    violations: list[str]
    settled: float
    counts: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def wait(self, share: float) -> float:
        """Return the seconds within which this share of the texts was acknowledged."""
        return sorted(self.waits)[int(share * (len(self.waits) - 1))]

    def __str__(self) -> str:
        counts = ", ".join(f"{name} {count}" for name, count in sorted(self.counts.items()))
        state = "nothing amiss" if not self.violations else f"{len(self.violations)} violations"
        return f"{state} after {self.settled:.1f} s; {counts}"


async def chat(
    world: World,
    faults: Faults,
    seed: int,
    *,
    visitors: int = 50,
    idle: int = 0,
    old: float = 0.0,
    gone: float = GONE,
    pause: float = 2.0,
    settle_seconds: float = 75.0,
    limit: float = float("inf"),
) -> Outcome:
    """Let `visitors` and the world's operators chat while `faults` lasts, then compare.

    Every person writes to each of their conversations every `pause` seconds, except for `idle`
    additional visitors, who only read. A share `old` of all clients runs pages of the previous
    release. A share `gone` of the writing visitors leaves for good during the test.

    After the last fault, people stop writing, and every promise must come true. The test gives up
    when nothing has changed for `settle_seconds` seconds: an inbox learns of a lost event from two
    heartbeats, after 40 seconds at most. A broken variant may change forever, so it also gives up
    after `limit` seconds.
    """
    counts: Counter[str] = Counter()
    chance = random.Random(seed)

    def someone() -> dict[str, Any]:
        return {
            "addresses": world.addresses,
            "connecting": world.connecting,
            "seed": chance.getrandbits(32),
            "counts": counts,
            "old": chance.random() < old,
        }

    operators = [Operator(**someone(), session=session) for session in world.sessions]
    guests = [Visitor(**someone(), channel=world.channel) for _ in range(visitors + idle)]
    leaving = guests[: int(visitors * gone)]
    people: list[Client] = [*operators, *guests]
    lives: dict[Client, asyncio.Task[None]] = {}
    hands: dict[Client, asyncio.Task[None]] = {}
    try:
        for operator in operators:
            lives[operator] = asyncio.create_task(operator.live())
            hands[operator] = asyncio.create_task(operator.work(pause))
        await asyncio.sleep(1.0)
        for guest in guests:
            lives[guest] = asyncio.create_task(guest.live())
        for guest in guests[:visitors]:
            hands[guest] = asyncio.create_task(guest.chat(pause))
        farewell = asyncio.create_task(_close(leaving, lives, hands, chance, pause))
        counts.update(await faults())
        await farewell
        await _end(hands.values())
        survivors = [client for client in people if client not in leaving]
        return await _settle(world, people, survivors, (settle_seconds, limit), counts)
    finally:
        await _end([*hands.values(), *lives.values()])


async def _close(
    leaving: list[Visitor],
    lives: dict[Client, asyncio.Task[None]],
    hands: dict[Client, asyncio.Task[None]],
    chance: random.Random,
    pause: float,
) -> None:
    for client in leaving:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause)
        await _end([hands[client], lives[client]])


async def _settle(
    world: World,
    people: list[Client],
    survivors: list[Client],
    limits: tuple[float, float],
    counts: Counter[str],
) -> Outcome:
    """Wait until there are no violations, or until a limit; return the last result.

    Until then, a text may be acknowledged whose row was not there yet when the rows were read.
    """
    settle_seconds, limit = limits
    now = asyncio.get_running_loop().time
    started = moved_at = now()
    state: object = None
    while True:
        for client in survivors:
            client.scroll_to_top()
        await asyncio.sleep(1.0)
        chats, entries = await asyncio.to_thread(world.rows)
        history = History(
            written=[item for client in people for item in client.history()],
            chats=chats,
            entries=entries,
            screens=[client.screen() for client in survivors],
        )
        before, state = state, _state(history)
        if state != before:
            moved_at = now()
        found = await asyncio.to_thread(violations, history)
        if not found or now() - moved_at > settle_seconds or now() - started > limit:
            counts["conversations"], counts["entries"] = len(chats), len(entries)
            counts["notes"] = sum(entry.kind == "note" for entry in entries)
            counts["acked in all"] = sum(bool(item.acks) for item in history.written)
            waits = [wait for client in people for wait in client.waits]
            if found:
                found = [*found, f"counted: {dict(counts)}"]
            return Outcome(found, now() - started, counts, waits)


def _state(history: History) -> tuple[int, ...]:
    """Return numbers that change while texts are sent, stored or shown."""
    return (
        len(history.entries),
        sum(chat.revision for chat in history.chats),
        sum(bool(item.acks or item.refusal) for item in history.written),
        sum(screen.unsent for screen in history.screens),
        sum(len(shown) for screen in history.screens for shown in screen.timelines.values()),
        sum(revision for screen in history.screens for revision, _ in screen.chats.values()),
    )


async def _end(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel tasks; raise the earlier exception of a task, which may be pytest's time limit."""
    ended = list(tasks)
    for task in ended:
        task.cancel()
    for result in await asyncio.gather(*ended, return_exceptions=True):
        if isinstance(result, BaseException) and not isinstance(result, asyncio.CancelledError):
            raise result
