"""The load: many conversations at once; each message is tracked until its ack and delivery."""

import asyncio
import gc
import random
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from benchmarks.compared_servers import HEARTBEAT, Design, Place, Side
from benchmarks.servers import Server

CONNECTING = 50
"""The number of conversations that connect concurrently."""


@dataclass
class LoadResult:
    """The results of a span of time; latencies are in seconds."""

    seconds: float = 0.0
    messages: int = 0
    lost: int = 0
    """Messages given up after `timeout`; each is replaced by a new one."""
    server_cpu: float = 0.0
    """CPU seconds of the server; `load_cpu` are those of the load generator."""
    load_cpu: float = 0.0
    acks: list[float] = field(default_factory=list)
    deliveries: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    @property
    def cost(self) -> float:
        """Microseconds of the server's CPU time per message."""
        return 1e6 * self.server_cpu / max(1, self.messages)


class Load:
    """Both sides of some conversations, connected to one server."""

    def __init__(self, design: Design, server: Server, sides: Sequence[Side]) -> None:
        self.sides = sides
        self._server = server
        self._parse = design.parse
        self._awaited = design.awaited
        self._own_copy_is_ack = design.own_copy_is_ack
        self._heard = LoadResult()
        self._again = False
        self._number = 0
        self._run = f"{random.getrandbits(48):012x}".encode()
        for side in sides:
            self._listen(side)

    async def chat(
        self, seconds: float, *, window: int, timeout: float, warm_up: float
    ) -> LoadResult:
        """Keep `window` messages of each side under way; return the results of `seconds`.

        The warm-up before is not counted. A message without ack and delivery is given up after
        `timeout` seconds.
        """
        self._again = True
        for side in self.sides:
            for _ in range(window):
                self._send_message(side, time.perf_counter())
        await self._wait(warm_up, timeout)
        heard = await self._measure(self._wait(seconds, timeout))
        self._again = False
        return heard

    async def talk(self, seconds: float, *, rate: float) -> LoadResult:
        """Send `rate` messages per second without waiting for responses; return the results.

        Latencies count from when a message was due, so a stall shows in all messages it delays.
        """
        return await self._measure(self._pace(seconds, rate))

    async def quiet(self, timeout: float) -> None:
        """Wait until no message is under way; after `timeout` seconds forget the rest."""
        deadline = time.perf_counter() + timeout
        while time.perf_counter() < deadline and any(side.sent for side in self.sides):
            await asyncio.sleep(0.05)
        for side in self.sides:
            side.sent.clear()

    async def _measure(self, span: Awaitable[None]) -> LoadResult:
        heard = self._heard = LoadResult()
        clocks = (time.perf_counter, self._server.cpu_seconds, time.process_time)
        started = [clock() for clock in clocks]
        await span
        heard.seconds, heard.server_cpu, heard.load_cpu = (
            clock() - start for clock, start in zip(clocks, started, strict=True)
        )
        self._heard = LoadResult()
        return heard

    async def _wait(self, seconds: float, timeout: float) -> None:
        end = time.perf_counter() + seconds
        while (now := time.perf_counter()) < end:
            await asyncio.sleep(min(1.0, end - now))
            self._give_up(time.perf_counter() - timeout)

    async def _pace(self, seconds: float, rate: float) -> None:
        started = time.perf_counter()
        sent = 0
        while (now := time.perf_counter() - started) < seconds:
            while sent < now * rate:
                self._send_message(random.choice(self.sides), started + sent / rate)  # noqa: S311
                sent += 1
            await asyncio.sleep(0.001)

    def _send_message(self, side: Side, due: float) -> None:
        self._number += 1
        number = self._number
        client_id = b"%b-%b-4000-8000-%012x" % (self._run[:8], self._run[8:], number)
        side.sent[client_id] = [due, self._awaited]
        side.speak(client_id, number)

    def _listen(self, side: Side) -> None:
        parse, own, peer, copies = self._parse, side.sent, side.peer, self._own_copy_is_ack

        def hear(frame: bytes) -> None:
            kind, client_id = parse(frame)
            if kind == "message":
                if copies and client_id in own:
                    self._acked(side, client_id)
                else:
                    self._delivered(peer, client_id)
            elif kind == "ack":
                self._acked(side, client_id)
            elif kind == "heartbeat":
                side.socket.send(HEARTBEAT)

        side.socket.hears = hear

    def _acked(self, side: Side, client_id: bytes) -> None:
        if state := side.sent.get(client_id):
            self._heard.acks.append(time.perf_counter() - state[0])
            self._on_frame(side, client_id, state)

    def _delivered(self, side: Side, client_id: bytes) -> None:
        # Also called for the copy of a sender's own message, which is not in `side.sent`.
        if state := side.sent.get(client_id):
            self._heard.deliveries.append(time.perf_counter() - state[0])
            self._on_frame(side, client_id, state)

    def _on_frame(self, side: Side, client_id: bytes, state: list[float]) -> None:
        state[1] -= 1
        if not state[1]:
            del side.sent[client_id]
            self._heard.messages += 1
            if self._again:
                self._send_message(side, time.perf_counter())

    def _give_up(self, before: float) -> None:
        for side in self.sides:
            if side.socket.closed:
                raise ConnectionError(f"the server closed a socket with {side.socket.code}")
            for client_id in [key for key, state in side.sent.items() if state[0] < before]:
                del side.sent[client_id]
                self._heard.lost += 1
                self._send_message(side, time.perf_counter())


@asynccontextmanager
async def load(design: Design, server: Server, places: Sequence[Place]) -> AsyncIterator[Load]:
    """Yield a load with both sides of all `places` connected; close their sockets afterwards."""
    sides: list[Side] = []
    for start in range(0, len(places), CONNECTING):
        pairs = await asyncio.gather(
            *(design.enter(server.port, place) for place in places[start : start + CONNECTING])
        )
        sides += [side for pair in pairs for side in pair]
    gc.collect()
    gc.freeze()
    try:
        yield Load(design, server, sides)
    finally:
        for side in sides:
            side.socket.close()
        await asyncio.sleep(0.5)
        gc.unfreeze()
