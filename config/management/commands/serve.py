"""``manage.py serve``: the server, for trying and for production."""

import contextlib
import socket
from typing import Any

import uvicorn
from django.core.management.base import BaseCommand, CommandParser

from config import runtime

MAX_FRAME = 262_144
"""Frames beyond are cut off by the server; ours of 64 KiB is answered by the consumer."""


class Server(uvicorn.Server):
    """uvicorn that sends its sockets elsewhere before it stops listening to them."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await runtime.drain()
        await super().shutdown(sockets)


class Command(BaseCommand):
    help = "Serve pages, sockets and static files in one process."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        config = uvicorn.Config(
            "config.asgi:application",
            host=options["host"],
            port=options["port"],
            loop="uvloop",
            http="h11",
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
        self.stdout.write(f"Listening on http://{options['host']}:{options['port']}")
        with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is the ordinary end
            Server(config).run()
