"""Parts of the benchmark about capacity: several processes, one core, arrivals, CPU costs."""

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack
from typing import TYPE_CHECKING, Any, TypeVar

import uvloop

from benchmarks import compared_servers
from benchmarks.compared_servers import Place, Product, Side
from benchmarks.figures import Aim, Figure, figure, percentile, ratio
from benchmarks.load import LoadResult, load
from benchmarks.servers import Server, run
from benchmarks.sockets import Socket, connect

if TYPE_CHECKING:
    from benchmarks.__main__ import Bench

T = TypeVar("T")
R = TypeVar("R")

WAITING_SOCKETS = 1_000
POSTS = 200
ARRIVALS = 1_000
OPENINGS = 300
"""The number of newcomers who open a conversation."""
AT_A_TIME = 50
"""Handshakes or openings in progress at a time. With 1,000 the server would refuse some."""
PLAIN = ("-m", "benchmarks.default_gc", "serve", "--port", "{port}")
COUNTING = ("-m", "benchmarks.costs", "serve", "--port", "{port}")


class Relayed(Product):
    """The product in two processes, where every message crosses between them.

    Visitors are on the server of port `enter(port)`, operators on the one of port `other`.
    """

    def __init__(self, other: int) -> None:
        self.other = other

    async def enter(self, port: int, place: Place) -> tuple[Side, Side]:
        return await self.between(port, self.other, place)


class Servers(list[Server]):
    """Several processes, measured as one server."""

    @property
    def port(self) -> int:
        return self[0].port

    def cpu_seconds(self) -> float:
        return sum(server.cpu_seconds() for server in self)


def workers(bench: "Bench") -> None:
    """Compare one process with two, where each message is stored by one and sent by the other."""
    rounds: dict[str, list[LoadResult]] = {"one process": [], "two, every message crosses": []}
    for _ in range(bench.rounds):
        for number, (_name, heard) in enumerate(rounds.items(), 1):
            heard.append(uvloop.run(_chat(bench, number)))
    rates = {name: figure(h.rate for h in heard) for name, heard in rounds.items()}
    costs = {name: figure(h.cost for h in heard) for name, heard in rounds.items()}
    bench.show(
        f"Server processes, {bench.conversations} conversations, all processes on one core",
        ("", "messages/s", "µs of server CPU each", "messages/s a core holds", "lost"),
        [
            (
                name,
                rates[name],
                costs[name],
                figure(1e6 / cost for cost in costs[name].rounds),
                sum(h.lost for h in heard),
            )
            for name, heard in rounds.items()
        ],
    )
    one, two = costs.values()
    bench.aim(Aim("times the CPU when every message crosses", ratio(two, one), 2, at_most=True))


async def _chat(bench: "Bench", processes: int) -> LoadResult:
    with ExitStack() as stack:
        servers = Servers(
            stack.enter_context(bench.world.serving(compared_servers.Product.name))
            for _ in range(processes)
        )
        design = Relayed(servers[-1].port)
        async with load(design, servers, bench.places) as talk:  # type: ignore[arg-type]
            return await talk.chat(
                bench.seconds, window=bench.window, timeout=60, warm_up=bench.seconds / 2
            )


def fan_out(bench: "Bench") -> None:
    """Measure how long a post to a group takes, with 1 and 1,000 members in another process."""
    printed = run(
        ["-m", "benchmarks.fan_out", str(POSTS), "1", str(WAITING_SOCKETS)],
        bench.world.product,
        pinned=False,
    )
    took = {int(count): seconds for count, seconds in json.loads(printed).items()}
    chunks = {count: _chunked(seconds, bench.rounds) for count, seconds in took.items()}
    medians = {
        count: figure(1e3 * percentile(some, 0.5) for some in parts)
        for count, parts in chunks.items()
    }
    bench.show(
        "A post to a group in another process, and its reply",
        ("", "ms, p50", "ms, p99"),
        [
            (f"{count:,} members", medians[count], figure([1e3 * percentile(took[count], 0.99)]))
            for count in took
        ],
    )
    bench.aim(
        Aim(
            "1,000 members ÷ 1 member", ratio(medians[WAITING_SOCKETS], medians[1]), 3, at_most=True
        )
    )


def _chunked(values: list[float], parts: int) -> list[list[float]]:
    size = len(values) // parts
    return [values[n * size : (n + 1) * size] for n in range(parts)]


def arrivals(bench: "Bench") -> None:
    """Measure how many visitors a process accepts per second when many arrive at once."""
    places = bench.world.seed(ARRIVALS)
    rounds = [uvloop.run(_arrive(bench, places)) for _ in range(bench.rounds)]
    rates = {name: figure(one[name] for one in rounds) for name in rounds[0]}
    bench.show(
        f"Arrivals at one process, {AT_A_TIME} at a time",
        ("", "per second"),
        list(rates.items()),
    )
    # One Daphne reached this rate on a similar machine.
    bench.aim(Aim("handshakes per second", rates["handshakes"], 400))


def routing(bench: "Bench") -> None:
    """Measure decisions and openings per second, one after the other, in channels of two sizes."""
    words = ["-m", "benchmarks.routing", str(bench.rounds), str(bench.seconds / 2)]
    rates = {
        name: figure(rounds) for name, rounds in json.loads(run(words, bench.world.product)).items()
    }
    bench.show(
        "Conversations that get an operator, one at a time",
        ("", "per second"),
        list(rates.items()),
    )
    few, many = (rate for name, rate in rates.items() if name.startswith("decisions"))
    # With 40 times the operators and the conversations.
    bench.aim(Aim("times the decision of a small channel", ratio(few, many), 10, at_most=True))


async def _arrive(bench: "Bench", places: list[Place]) -> dict[str, float]:
    """Return arrivals per second, by kind of arrival."""

    async def handshake(place: Place) -> Socket:
        return await connect(server.port, f"/ws/visitor/{place['key']}/")

    async def reconnect_visitors(place: Place) -> Socket:
        return await compared_servers.visitor_socket(
            server.port, place["key"], place["token"], place["conversation"]
        )

    async def connect_new_visitors(place: Place) -> Socket:
        return await compared_servers.visitor_socket(server.port, place["key"], None)

    with bench.world.serving(compared_servers.Product.name) as server:
        rates: dict[str, float] = {}
        for name, enter in (
            ("handshakes", handshake),
            ("visitors who resume a conversation", reconnect_visitors),
            ("newcomers", connect_new_visitors),
        ):
            rates[name], sockets = await _rate(enter, places)
            if enter is not connect_new_visitors:
                for socket in sockets:
                    socket.close()
        rates["conversations opened by newcomers"], _none = await _rate(_open, sockets[:OPENINGS])
        for socket in sockets:
            socket.close()
    return rates


async def _rate(do: Callable[[T], Awaitable[R]], items: Sequence[T]) -> tuple[float, list[R]]:
    """Run `do` for each of `items`, AT_A_TIME concurrently; return rate per second and results."""
    free = asyncio.Semaphore(AT_A_TIME)

    async def one(who: T) -> R:
        async with free:
            return await do(who)

    began = time.perf_counter()
    done = await asyncio.gather(*map(one, items))
    return len(items) / (time.perf_counter() - began), done


async def _open(socket: Socket) -> None:
    acked = asyncio.Event()

    def hear(frame: bytes) -> None:
        if frame.startswith(b'{"type":"ack"'):
            acked.set()
        elif frame.startswith(b'{"type":"rejected"'):
            raise RuntimeError(frame.decode())

    socket.hears = hear
    socket.send(
        b'{"type":"conversation.open","text":"Hello","client_id":"%b"}' % str(uuid.uuid4()).encode()
    )
    await asyncio.wait_for(acked.wait(), 60)


def collector(bench: "Bench") -> None:
    """Compare the spread of latencies under load: the product's garbage collection and Python's."""
    kinds: dict[str, Any] = {"frozen, 50,000/20/100": None, "Python's own": PLAIN}
    rounds: dict[str, list[LoadResult]] = {kind: [] for kind in kinds}
    rate = 0.4 * bench.maximum if bench.maximum else 1_000.0
    for _ in range(bench.rounds):
        for kind, words in kinds.items():
            rounds[kind].append(uvloop.run(_steady(bench, words, rate)))
    spreads = {
        kind: figure(percentile(h.acks, 0.99) / percentile(h.acks, 0.5) for h in heard)
        for kind, heard in rounds.items()
    }
    bench.show(
        f"Acknowledgements at {rate:,.0f} messages/s, by the garbage collector's setting",
        ("", "p99 ÷ p50", "p50 ms", "p99 ms", "longest ms"),
        [
            (
                kind,
                spreads[kind],
                *(figure(1e3 * percentile(h.acks, share) for h in heard) for share in (0.5, 0.99)),
                figure(1e3 * max(h.acks) for h in heard),
            )
            for kind, heard in rounds.items()
        ],
    )
    ours, plain = spreads.values()
    bench.aim(Aim("times the spread with Python's own", ratio(ours, plain), 1, at_most=True))


async def _steady(bench: "Bench", words: Any, rate: float) -> LoadResult:
    with bench.world.serving(compared_servers.Product.name, words) as server:
        async with load(compared_servers.Product(), server, bench.places) as talk:
            await talk.talk(bench.seconds / 2, rate=rate)
            return await talk.talk(bench.seconds, rate=rate)


def costs(bench: "Bench") -> None:
    """Measure the server's CPU time per message, by part."""
    file = bench.world.folder / "costs.json"
    spent: list[dict[str, float]] = []
    wholes = []
    for _ in range(bench.rounds):
        heard, seconds = uvloop.run(_counted(bench, file))
        spent.append({name: 1e6 * took / heard.messages for name, took in seconds.items()})
        wholes.append(heard.cost)
    names = sorted({name for one in spent for name in one}, key=lambda name: -spent[0].get(name, 0))
    parts = {name: figure(one.get(name, 0.0) for one in spent) for name in names}
    whole = figure(wholes)
    known = [sum(part.rounds[n] for part in parts.values()) for n in range(bench.rounds)]
    rest = figure(w - k for w, k in zip(whole.rounds, known, strict=True))
    bench.show(
        "What a message costs, µs of the server's processor",
        ("", "µs", "share"),
        [
            *((name, part, _share(part, whole)) for name, part in parts.items()),
            ("event loop, kernel, threads, counting", rest, _share(rest, whole)),
            ("total", whole, ""),
        ],
    )


async def _counted(bench: "Bench", file: Any) -> tuple[LoadResult, dict[str, float]]:
    async with AsyncExitStack() as stack:
        with bench.world.serving(
            compared_servers.Product.name, COUNTING, {"COSTS_FILE": str(file)}
        ) as server:
            talk = await stack.enter_async_context(
                load(compared_servers.Product(), server, bench.places)
            )
            heard = await talk.chat(2 * bench.seconds, window=bench.window, timeout=60, warm_up=0)
            await talk.quiet(10)
            await stack.aclose()
    return heard, json.loads(file.read_text())


def _share(part: Figure, whole: Figure) -> str:
    return f"{100 * part.median / whole.median:.0f} %"
