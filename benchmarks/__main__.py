"""``make bench``, or some of it: ``python -m benchmarks delivery init writer``."""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

import uvloop

from benchmarks import compared_servers, growth
from benchmarks.compared_servers import Design, Place
from benchmarks.figures import Aim, Figure, figure, percentile, ratio, table
from benchmarks.http_load import RequestResult, ask
from benchmarks.load import LoadResult, load
from benchmarks.results_page import RESULTS
from benchmarks.servers import OTHER_CORE, SERVER_CORE, Server, run
from benchmarks.sockets import Socket, connect
from benchmarks.world import World, world

ECHO, NAIVE, PRODUCT = compared_servers.Echo(), compared_servers.Naive(), compared_servers.Product()
SLOWER = 3
"""The naive design is measured this many times longer, because it delivers few messages."""
IDLE_RATE = 20
IDLE_SOCKETS = 2_000
IDLE_OPERATORS = 200
WARM_SOCKETS = 200
ASKERS = 32
SITE = "https://shop.example"
COLLECT = ("manage.py", "collectstatic", "--no-input", "--verbosity", "0", "--ignore=flags")
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"


class Bench:
    """The parts of the benchmark and their shared servers; `results` is written to the file."""

    def __init__(self, world: World, options: argparse.Namespace) -> None:
        self.world = world
        self.rounds: int = options.rounds
        self.seconds: float = options.seconds
        self.window: int = options.window
        self.conversations: int = options.conversations
        self.places = world.seed(self.conversations)
        self.aims: list[Aim] = []
        self.results: dict[str, Any] = {}
        self.maximum = 0.0

    def delivery(self) -> None:
        """Compare durable messages per second with the naive design and the bare echo."""
        heard: dict[Design, list[LoadResult]] = {ECHO: [], NAIVE: [], PRODUCT: []}
        for _ in range(self.rounds):
            for design, rounds in heard.items():
                rounds.append(uvloop.run(self._chat(design)))
        rates = {design: figure(h.rate for h in rounds) for design, rounds in heard.items()}
        costs = {design: figure(h.cost for h in rounds) for design, rounds in heard.items()}
        self.maximum = rates[PRODUCT].median
        self.show(
            f"Delivered messages, {self.conversations} conversations",
            ("", "messages/s", "µs of server CPU each", "server busy", "generator busy", "lost"),
            [
                (
                    design.name,
                    rates[design],
                    costs[design],
                    _percent(h.server_cpu / h.seconds for h in rounds),
                    _percent(h.load_cpu / h.seconds for h in rounds),
                    sum(h.lost for h in rounds),
                )
                for design, rounds in heard.items()
            ],
        )
        self.aim(Aim("times the naive design", ratio(rates[PRODUCT], rates[NAIVE]), 60))
        self.aim(Aim("of the bare echo", ratio(rates[PRODUCT], rates[ECHO]), 0.2))
        # Unlike the rate, this ratio stays valid if the machine is busy with other work.
        self.aim(Aim("of the bare echo, by CPU", ratio(costs[ECHO], costs[PRODUCT]), 0.2))

    async def _chat(self, design: Design) -> LoadResult:
        factor = SLOWER if design is NAIVE else 1
        with self.world.serving(design.name) as server:
            async with load(design, server, self.places) as talk:
                return await talk.chat(
                    factor * self.seconds,
                    window=self.window,
                    timeout=60,
                    warm_up=factor * self.seconds / 2,
                )

    def loader(self) -> None:
        """Compare the script that a website embeds with a plain async view."""
        with TemporaryDirectory(prefix="livechat-bench-") as name:
            more = {"VAR_DIR": name}  # a folder of its own: no other part serves static files
            run([*COLLECT], self.world.product | more)
            rates, costs = self._requests("The widget's script", "loader.js", more)
        view, ours = rates
        self.aim(Aim("times a view, script", ratio(rates[ours], rates[view]), 10))
        per_core = figure(1e6 / cost for cost in costs[ours].rounds)
        self.aim(Aim("scripts per second, one core", per_core, 5_000))

    def init(self) -> None:
        """Compare `init`, the widget's first request on each page, with a plain async view."""
        query = urlencode({"url": f"{SITE}/teas/oolong?page=2", "lang": "de-AT"})
        rates, _costs = self._requests("The widget's first request", f"init?{query}", {})
        view, ours = rates
        self.aim(Aim("times a plain asynchronous view", ratio(rates[ours], rates[view]), 30))

    def _requests(
        self, title: str, path: str, more: Mapping[str, str]
    ) -> tuple[dict[str, Figure], dict[str, Figure]]:
        """Show a table of a request to the view and to the product; `path` is of the widget.

        Return the responses per second, and the microseconds of the server's CPU for each.
        """
        kinds = ("asynchronous view", PRODUCT.name)
        asked: dict[str, list[RequestResult]] = {kind: [] for kind in kinds}
        for _ in range(self.rounds):
            for kind, rounds in asked.items():
                rounds.append(uvloop.run(self._ask(kind, path, more)))
        rates = {kind: figure(one.rate for one in rounds) for kind, rounds in asked.items()}
        costs = {kind: figure(one.cost for one in rounds) for kind, rounds in asked.items()}
        self.show(
            f"{title}, {ASKERS} connections",
            ("", "responses/s", "µs of server CPU each", "server busy", "generator busy"),
            [
                (
                    kind,
                    rates[kind],
                    costs[kind],
                    _percent(one.server_busy for one in rounds),
                    _percent(one.load_busy for one in rounds),
                )
                for kind, rounds in asked.items()
            ],
        )
        return rates, costs

    async def _ask(self, kind: str, path: str, more: Mapping[str, str]) -> RequestResult:
        headers = {
            "Host": "127.0.0.1",
            "Origin": SITE,
            "Accept": "*/*",
            "Accept-Encoding": "gzip, deflate, br, zstd",
            "User-Agent": BROWSER,
        }
        path = f"/widget/{self.places[0]['key']}/{path}"
        with self.world.serving(kind, more=more) as server:
            return await ask(server, path, headers, connections=ASKERS, seconds=self.seconds)

    def writer(self) -> None:
        """Compare the writer alone with one ORM transaction per message."""
        words = ["-m", "benchmarks.writer", str(self.rounds), str(self.seconds), "128", "1"]
        rates = {
            name: {int(n): figure(rounds) for n, rounds in by_senders.items()}
            for name, by_senders in json.loads(run(words, self.world.product)).items()
        }
        self.show(
            "The writer alone, messages/s",
            ("", "128 senders wait", "1 sender waits"),
            [(name, by[128], by[1]) for name, by in rates.items()],
        )
        ours, orm = rates["writer"], rates["ORM per message"]
        self.aim(Aim("times the ORM at 128 senders", ratio(ours[128], orm[128]), 50))
        self.aim(Aim("times the ORM at one sender", ratio(ours[1], orm[1]), 1))

    def latency(self) -> None:
        """Measure the latency of ack and delivery, idle and under load."""
        uvloop.run(self._latency())

    async def _latency(self) -> None:
        with self.world.serving(PRODUCT.name) as server:
            async with load(PRODUCT, server, self.places) as talk:
                if not self.maximum:
                    heard = await talk.chat(
                        self.seconds, window=self.window, timeout=60, warm_up=self.seconds / 2
                    )
                    self.maximum = heard.rate
                await talk.quiet(10)
                rows = []
                for name, rate in (
                    ("idle", IDLE_RATE),
                    ("10 % of the maximum", 0.1 * self.maximum),
                    ("40 % of the maximum", 0.4 * self.maximum),
                ):
                    rounds = [await talk.talk(self.seconds, rate=rate) for _ in range(self.rounds)]
                    rows.append((name, f"{rate:,.0f}/s", *_milliseconds(rounds)))
        head = ("", "messages", "ack p50", "ack p99", "delivery p50", "delivery p99")
        self.show("Milliseconds until a message is acknowledged and delivered", head, rows)

    def memory(self) -> None:
        """Measure the resident memory per idle connection."""
        places = self.world.seed(WARM_SOCKETS + IDLE_SOCKETS)
        few = places[: WARM_SOCKETS + IDLE_OPERATORS]
        kinds = {
            "bare echo": (ECHO, places, _echo),
            "visitor without conversation": (PRODUCT, places, _newcomer),
            "visitor in a conversation": (PRODUCT, places, _visitor),
            "operator with an open inbox": (PRODUCT, few, _operator),
        }
        sizes = {
            name: figure([uvloop.run(self._idle(*kind)) / 1024]) for name, kind in kinds.items()
        }
        self.show(
            f"Resident memory, {IDLE_SOCKETS:,} idle connections",
            ("", "KiB each"),
            list(sizes.items()),
        )
        self.aim(Aim("KiB per idle visitor", sizes["visitor in a conversation"], 32, at_most=True))

    async def _idle(self, design: Design, places: list[Place], enter: Any) -> float:
        with self.world.serving(design.name) as server:
            # Warm up, so that one-time allocations are not measured.
            warm = await _enter(server, places[:WARM_SOCKETS], enter)
            for socket in warm:
                socket.close()
            await asyncio.sleep(3)
            before = server.resident()
            sockets = await _enter(server, places[WARM_SOCKETS:], enter)
            await asyncio.sleep(3)
            after = server.resident()
            for socket in sockets:
                socket.close()
            return (after - before) / len(sockets)

    def show(self, title: str, head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
        """Print a table, and add it to the results."""
        print(table(title, head, rows), flush=True)
        self.results[title] = [
            {
                name: cell.rounds if isinstance(cell, Figure) else cell
                for name, cell in zip(head, row, strict=True)
            }
            for row in rows
        ]

    def aim(self, aim: Aim) -> None:
        """Print whether an aim is met, and add it to the results."""
        print(f"  {aim}", flush=True)
        self.aims.append(aim)
        self.results.setdefault("aims", {})[aim.name] = {
            "rounds": aim.figure.rounds,
            "aim": aim.bound,
            "at most": aim.at_most,
            "met": aim.is_met,
        }


PARTS: dict[str, Callable[[Bench], None]] = {
    "delivery": Bench.delivery,
    "costs": growth.costs,
    "loader": Bench.loader,
    "init": Bench.init,
    "writer": Bench.writer,
    "latency": Bench.latency,
    "collector": growth.collector,
    "workers": growth.workers,
    "fan-out": growth.fan_out,
    "arrivals": growth.arrivals,
    "routing": growth.routing,
    "memory": Bench.memory,
}


async def _enter(server: Server, places: list[Place], enter: Any) -> list[Socket]:
    sockets: list[Socket] = []
    for start in range(0, len(places), 20):
        group = places[start : start + 20]
        sockets += await asyncio.gather(*(enter(server.port, place) for place in group))
    return sockets


async def _echo(port: int, place: Place) -> Socket:
    return await connect(port, "/")


async def _newcomer(port: int, place: Place) -> Socket:
    return await compared_servers.visitor_socket(port, place["key"], None)


async def _visitor(port: int, place: Place) -> Socket:
    return await compared_servers.visitor_socket(port, place["key"], place["token"])


async def _operator(port: int, place: Place) -> Socket:
    return await compared_servers.operator_socket(port, place["session"])


def _percent(shares: Any) -> str:
    return f"{100 * figure(shares).median:.0f} %"


def _milliseconds(rounds: list[LoadResult]) -> tuple[Figure, ...]:
    return tuple(
        figure(1000 * percentile(values, share) for values in each)
        for each in ([h.acks for h in rounds], [h.deliveries for h in rounds])
        for share in (0.5, 0.99)
    )


def main() -> int:
    """Run the parts that the command line names; print the results and write them to `RESULTS`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8, help="of each measurement")
    parser.add_argument("--conversations", type=int, default=500)
    parser.add_argument("--window", type=int, default=2, help="messages of one under way")
    options = parser.parse_args()
    parts = options.parts or PARTS
    if unknown := set(parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    # Exit through the context managers, which stop the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    gc.set_threshold(100_000, 50, 50)

    load_before = os.getloadavg()[0]
    print(f"Server on core {SERVER_CORE}, all else on {OTHER_CORE}; load {load_before:.1f} before")
    if load_before > 0.5:
        print("This machine is busy: rely on ratios only, and with care.")
    with world() as place:
        bench = Bench(place, options)
        for part in parts:
            PARTS[part](bench)
        bench.results["machine"] = place.machine
    bench.results |= {"at": datetime.now(UTC).isoformat(), "load before": load_before}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(bench.results, indent=1, default=str))
    print(f"\n{len([a for a in bench.aims if a.is_met])} of {len(bench.aims)} aims met; {RESULTS}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
