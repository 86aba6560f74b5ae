"""The server: uvicorn that sends its sockets elsewhere before it stops."""

import asyncio
import faulthandler
import signal
import socket
import time
from types import FrameType

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from config.server import lifecycle
from config.server.http_protocol import Http
from config.server.websocket_protocol import WebSocket

MAX_FRAME = 262_144
"""Frames beyond are cut off by the server; ours of 64 KiB is answered by the consumer."""

REQUEST_SECONDS = 20
"""Seconds after the signal until which requests under way are waited for."""
EXIT_SECONDS = 22
"""Seconds after the signal until which the process has ended, whatever hangs in it."""
GOODBYE_SECONDS = 1.0
"""How long a client has to answer that its socket is closed."""


def configuration(host: str, port: int, workers: int) -> uvicorn.Config:
    """Return how uvicorn is to serve our application."""
    return uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=Http,
        ws=WebSocket,
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
    )


class Server(uvicorn.Server):
    """Drains before it stops, and has ended within `EXIT_SECONDS` of the signal."""

    gives_notice = True
    """Whether the port goes with this process, so that /readyz has to say so first."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop. The second signal ends the process at once; so does, with a word on
        what every thread was doing, the time."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        faulthandler.dump_traceback_later(EXIT_SECONDS, exit=True)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Say that we go, take nobody in any more, send the sockets elsewhere; then stop."""
        latest = time.monotonic() + REQUEST_SECONDS
        if self.gives_notice:
            await lifecycle.give_notice()
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        self._end_keep_alive()
        await lifecycle.drain()
        await self._say_goodbye()
        self.config.timeout_graceful_shutdown = max(1, int(latest - time.monotonic()))
        await super().shutdown(sockets)

    def _end_keep_alive(self) -> None:
        """Close the connections that wait for a further request, others after their answer: who
        asks on a new one is answered by a process that stays."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, Http) and connection.cycle is not None:
                connection.shutdown()

    async def _say_goodbye(self) -> None:
        """Let clients answer that their sockets are closed; who reads nothing is cut off."""
        until = time.monotonic() + GOODBYE_SECONDS
        while (open_still := self._sockets()) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        for connection in open_still:
            connection.transport.abort()

    def _sockets(self) -> list[WebSocketsSansIOProtocol]:
        connections = self.server_state.connections
        return [one for one in connections if isinstance(one, WebSocketsSansIOProtocol)]
