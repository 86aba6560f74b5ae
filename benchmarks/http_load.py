"""An HTTP load: requests over persistent connections, each sent after the last response."""

import asyncio
import os
import time
from dataclasses import dataclass
from typing import cast

from benchmarks.servers import Server


@dataclass(frozen=True)
class RequestResult:
    """The result of one round; `…_busy` are shares of one core."""

    rate: float
    """Responses per second."""
    cost: float
    """Microseconds of the server's CPU time per response."""
    server_busy: float
    load_busy: float


class HttpClient(asyncio.Protocol):
    """One connection that repeats a request after each response. `answers` counts responses."""

    def __init__(self, question: bytes) -> None:
        self.answers = 0
        self.asking = True
        self._question = question
        self._rest = b""
        self._length = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._question)

    def data_received(self, data: bytes) -> None:
        self._rest += data
        if not self._length:
            head, end, _body = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 200 " not in head[:16]:
                raise RuntimeError(head.decode("latin-1"))
            # All responses to one request have the same length.
            size = int(head.lower().partition(b"content-length:")[2].split(b"\r", 1)[0])
            self._length = len(head) + 4 + size
        if len(self._rest) < self._length:
            return
        self._rest = b""
        self._length = 0
        self.answers += 1
        if self.asking:
            self._transport.write(self._question)

    def close(self) -> None:
        self.asking = False
        self._transport.close()


async def ask(
    server: Server, path: str, headers: dict[str, str], *, connections: int, seconds: float
) -> RequestResult:
    """Request `path` on `connections` connections for `seconds`, after a warm-up of half that.

    Raises RuntimeError for a response other than 200, and if there is none at all.
    """
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    question = "\r\n".join([*lines, "", ""]).encode()
    loop = asyncio.get_running_loop()
    askers = [
        (await loop.create_connection(lambda: HttpClient(question), "127.0.0.1", server.port))[1]
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds / 2)
    before = _now(server, askers)
    await asyncio.sleep(seconds)
    answers, passed, busy, own = (b - a for a, b in zip(before, _now(server, askers), strict=True))
    for asker in askers:
        asker.close()
    if not answers:
        raise RuntimeError("no answer at all")
    return RequestResult(answers / passed, 1e6 * busy / answers, busy / passed, own / passed)


def _now(server: Server, askers: list[HttpClient]) -> tuple[float, float, float, float]:
    times = os.times()
    return (
        sum(asker.answers for asker in askers),
        time.monotonic(),
        server.cpu_seconds(),
        times.user + times.system,
    )
