"""A load balancer in front of several servers, as in production.

It asks each server whether it is ready, and gives new connections to ready servers in turn.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count

from tests.machine.app import App
from tests.machine.ports import free_port

ASK_EVERY_SECONDS = 0.2


class Proxy:
    """Forwards bytes. `refused` counts connections for which no server was ready."""

    def __init__(self, apps: Sequence[App]) -> None:
        self.port = free_port()
        self.socket_url = f"ws://127.0.0.1:{self.port}"
        self.refused = 0
        self._apps = apps
        self._ready = list(apps)
        self._turn = count()
        self._passing: set[asyncio.Task[None]] = set()

    async def ask(self) -> None:
        """Ask all servers repeatedly whether they are ready; never returns."""
        while True:
            statuses = await asyncio.gather(
                *(asyncio.to_thread(app.status, "/readyz") for app in self._apps)
            )
            self._ready = [
                app for app, status in zip(self._apps, statuses, strict=True) if status == 200
            ]
            await asyncio.sleep(ASK_EVERY_SECONDS)

    async def serve(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        """Serve one connection until it ends."""
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        # Only `end` cancels. asyncio's streams would log the exception.
        with suppress(asyncio.CancelledError):
            await self._pass_on(client, back)
        self._passing.discard(task)
        back.transport.abort()

    async def _pass_on(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        ready, turn = self._ready, next(self._turn)
        for number in range(len(ready)):
            app = ready[(turn + number) % len(ready)]
            with suppress(OSError):
                server, forth = await asyncio.open_connection("127.0.0.1", app.port)
                break
        else:
            self.refused += 1
            return
        try:
            await asyncio.gather(_copy(client, forth), _copy(server, back))
        finally:
            forth.transport.abort()

    async def end(self) -> None:
        for task in self._passing:
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)


@asynccontextmanager
async def running(apps: Sequence[App]) -> AsyncIterator[Proxy]:
    """Yield a proxy in front of `apps`."""
    proxy = Proxy(apps)
    asking = asyncio.create_task(proxy.ask())
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", proxy.port):
        try:
            yield proxy
        finally:
            asking.cancel()
            await proxy.end()


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Forward all bytes and the end of the stream; on an error, cut the other side off too."""
    with suppress(OSError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
        target.write_eof()
        return
    target.transport.abort()
