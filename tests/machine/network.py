"""A network that fails on purpose: TCP links on loopback, each in front of one server."""

import asyncio
import contextlib
import random
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from tests.machine.ports import free_port
from tests.machine.timeouts import TIMEOUT_SECONDS

CHUNK = 65_536
ABORT = (OSError, ConnectionError)


class Link:
    """Forwards connections from `port` to a server's port, until a test breaks it.

    Runs in a thread of its own. Its methods may be called from any thread and return when they have
    taken effect. `heal` ends every fault.
    """

    def __init__(self, server: int) -> None:
        self.port = free_port()
        self.connections = 0
        """Number of connections since the start."""
        self._server = server
        self._mode: Literal["pass", "swallow", "refuse"] = "pass"
        self._delay = 0.0
        self._offset: Callable[[], int] | None = None
        self._open: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._listening: asyncio.Server | None = None
        self._thread = threading.Thread(target=self._loop.run_forever, name="link", daemon=True)

    def start(self) -> None:
        self._thread.start()
        self._do(self._listen())

    def stop(self) -> None:
        """Reset all connections and end the thread."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(TIMEOUT_SECONDS)
        self._loop.close()

    def cut(self, share: float = 1.0, chance: random.Random | None = None) -> int:
        """Reset this share of the connections now; return their number."""
        count: int = self._do(self._cut(share, chance or random.Random()))
        return count

    def cut_at_random(self, chance: random.Random, most: int) -> None:
        """Reset every new connection after 0 to `most` bytes, counted over both directions."""
        self._offset = lambda: chance.randrange(most + 1)

    def black_hole(self) -> None:
        """Accept everything and forward nothing, on old and new connections and in both directions.

        A connection that has lost a byte stays silent even after `heal`, as behind a firewall that
        has dropped its state.
        """
        self._mode = "swallow"

    def refuse(self) -> None:
        """Reset every connection, present and future."""
        self._mode = "refuse"
        self.cut()

    def delay(self, seconds: float) -> None:
        """Forward every chunk of bytes after a delay of `seconds`."""
        self._delay = seconds

    def heal(self) -> None:
        self._mode, self._delay, self._offset = "pass", 0.0, None

    def takes(self, count: int) -> bool:
        """Return whether `count` bytes that have arrived are forwarded."""
        return self._mode == "pass"

    def _do(self, what: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(TIMEOUT_SECONDS)

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(
            self._accept, "127.0.0.1", self.port, backlog=2048
        )

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A plain callback, not a coroutine, so that this class owns the tasks and can end them.
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if self._mode == "refuse":
            writer.transport.abort()
            return
        offset = None if self._offset is None else self._offset()
        connection = _Connection(self, reader, writer, offset)
        self._open.add(connection)
        try:
            await connection.live(self._server)
        finally:
            self._open.discard(connection)
            connection.abort()

    async def pause(self) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)

    async def _cut(self, share: float, chance: random.Random) -> int:
        victims = [connection for connection in self._open if chance.random() < share]
        for connection in victims:
            connection.abort()
        return len(victims)

    async def _end(self) -> None:
        assert self._listening is not None
        self._listening.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._listening.wait_closed()
        await asyncio.sleep(0)  # callbacks close what was aborted


class _Connection:
    """One connection: two streams, and how many more bytes it may carry."""

    def __init__(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        left: int | None,
    ) -> None:
        self._link = link
        self._client = (reader, writer)
        self._writers = [writer]
        self._left = left
        self._is_silent = False

    async def live(self, server: int) -> None:
        if not self._link.takes(0):
            self._is_silent = True
            await self._swallow(self._client[0])
            return
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", server)
        except OSError:
            return
        self._writers.append(writer)
        with contextlib.suppress(*ABORT):
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pump(self._client[0], writer))
                both.create_task(self._pump(reader, self._client[1]))

    def abort(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(*ABORT):
            while data := await reader.read(CHUNK):
                await self._link.pause()
                if self._is_silent or not self._link.takes(len(data)):
                    self._is_silent = True
                    continue
                if self._left is not None:
                    data, self._left = data[: self._left], self._left - len(data)
                writer.write(data)
                await writer.drain()
                if self._left is not None and self._left <= 0:
                    break
        if self._is_silent:
            return  # the other end must not notice
        if self._left is not None and self._left <= 0:
            self.abort()
        with contextlib.suppress(*ABORT):
            writer.close()

    async def _swallow(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(*ABORT):
            while await reader.read(CHUNK):
                pass


@contextmanager
def link(server: int) -> Iterator[Link]:
    """Yield a link to the server on this port."""
    made = Link(server)
    made.start()
    try:
        yield made
    finally:
        made.stop()
