"""``manage.py serve``: the server, for trying and for production."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import runtime
from config.demo import data, neighbour
from config.http import Http

MAX_FRAME = 262_144
"""Frames beyond are cut off by the server; ours of 64 KiB is answered by the consumer."""


class Server(uvicorn.Server):
    """uvicorn that sends its sockets elsewhere before it stops listening to them.

    With a `companion`, that server starts and stops with it, in the same event loop.
    """

    def __init__(self, config: uvicorn.Config, companion: "Companion | None" = None) -> None:
        super().__init__(config)
        self._companion = companion
        self._beside: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._companion is not None:
            self._beside = asyncio.create_task(self._companion.run_beside(), name="companion")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if self._companion is not None:
            self._companion.should_exit = True
        await runtime.drain()
        await super().shutdown(sockets)
        if self._beside is not None:
            await self._beside


class Companion(uvicorn.Server):
    """A server for the demo's second site. Signals and the application's start are the first
    one's; without its port it stays away."""

    def __init__(self, config: uvicorn.Config, tell: Callable[[str], object]) -> None:
        super().__init__(config)
        self._tell = tell

    async def run_beside(self) -> None:
        """Serve until `should_exit`, or return at once when the port is not free."""
        host, port = self.config.host, self.config.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family)
        except (OSError, OverflowError):
            self._tell(f"Port {port} is not free: the demo goes without its second site")
            return
        with listening:
            neighbour.running_at = f"http://localhost:{port}/"
            self._tell(f"The demo's second site is on {neighbour.running_at}")
            await self.serve(sockets=[listening])
            neighbour.running_at = ""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Command(BaseCommand):
    help = "Serve pages, sockets and static files in one process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument(
            "--neighbour-port",
            type=int,
            help="where the demo's second site is served; 0 for nowhere (default: the next port)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        config = uvicorn.Config(
            "config.asgi:application",
            host=options["host"],
            port=options["port"],
            loop="uvloop",
            http=Http,
            ws="websockets-sansio",
            ws_max_size=MAX_FRAME,
            ws_per_message_deflate=False,
            ws_ping_interval=30,  # finds dead connections; our own heartbeat asks the page
            ws_ping_timeout=30,
            lifespan="on",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            backlog=2048,
            timeout_graceful_shutdown=10,
        )
        companion = self._companion(options["host"], options["port"], options["neighbour_port"])
        self.stdout.write(f"Listening on http://{options['host']}:{options['port']}")
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the ordinary end
            Server(config, companion).run()

    def _companion(self, host: str, port: int, beside: int | None) -> Companion | None:
        """Return the server of the demo's second site; None where it is not wanted."""
        if not settings.DEMO:
            if beside:
                raise CommandError("The second site belongs to the demo: set DEMO=1.")
            return None
        if beside == 0:
            return None
        config = uvicorn.Config(
            neighbour.Neighbour(chat=f"http://127.0.0.1:{port}", key=data.CHANNEL_KEY),
            host=host,
            port=port + 1 if beside is None else beside,
            http="h11",
            ws="none",
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=2,
        )
        return Companion(config, self.stdout.write)
