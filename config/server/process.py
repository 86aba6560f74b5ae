"""The server process: uvicorn, which drains its sockets before it stops."""

import asyncio
import faulthandler
import signal
import socket
import time
from types import FrameType

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from config.server import lifecycle
from config.server.http_protocol import HttpProtocol
from config.server.websocket_protocol import WebSocket

MAX_FRAME = 262_144
"""Bytes. The server closes the socket on larger frames; the consumer rejects those above 64 KiB."""

REQUEST_SECONDS = 20
"""Requests in progress have this long to finish, from the signal."""
EXIT_SECONDS = 22
"""The process has ended by then, from the signal, even if something hangs."""
CLOSE_SECONDS = 1.0
"""How long a client has to answer a close frame."""
FIRST_REQUEST_SECONDS = 1.0
"""How long a connection that was accepted before the port closed may take to send its request."""


def configuration(host: str, port: int, workers: int) -> uvicorn.Config:
    """Return the configuration of uvicorn."""
    return uvicorn.Config(
        "config.asgi:application",
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http=HttpProtocol,
        ws=WebSocket,
        ws_max_size=MAX_FRAME,
        ws_per_message_deflate=False,
        ws_ping_interval=30,  # finds dead connections; the heartbeat checks the page
        ws_ping_timeout=30,
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        backlog=2048,
    )


class Server(uvicorn.Server):
    """Drains before it stops, and ends within `EXIT_SECONDS` of the signal."""

    announces_shutdown = True
    """Whether the port closes with this process, so that /readyz says 503 first."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop. A second signal ends the process at once. After `EXIT_SECONDS` the process
        ends with a traceback of every thread."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        faulthandler.dump_traceback_later(EXIT_SECONDS, exit=True)
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Announce the shutdown, stop accepting, drain the sockets; then stop."""
        latest = time.monotonic() + REQUEST_SECONDS
        HttpProtocol.is_stopping = True
        if self.announces_shutdown:
            await lifecycle.announce_shutdown()
        for listening in (*self.servers, *(sockets or ())):
            listening.close()
        self._end_keep_alive()
        await self._wait_for_first_requests()
        await lifecycle.drain()
        await self._wait_for_close_frames()
        self.config.timeout_graceful_shutdown = max(1, int(latest - time.monotonic()))
        await super().shutdown(sockets)

    def _end_keep_alive(self) -> None:
        """Close idle connections now. The others close after their response. A client that connects
        again reaches a process that stays."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, HttpProtocol) and connection.cycle is not None:
                connection.shutdown()

    async def _wait_for_first_requests(self) -> None:
        """Wait for the requests of connections that are new. uvicorn would close them without a
        response, and `lifecycle.drain` does not know their sockets yet."""
        until = time.monotonic() + FIRST_REQUEST_SECONDS
        while True:
            await asyncio.sleep(0.02)  # a connection that was just accepted is registered meanwhile
            is_one_new = any(map(_is_new, self.server_state.connections))
            if not is_one_new or time.monotonic() > until:
                return

    async def _wait_for_close_frames(self) -> None:
        """Wait for the clients' close frames; abort the connections that do not send one."""
        until = time.monotonic() + CLOSE_SECONDS
        while (open_still := self._sockets()) and time.monotonic() < until:
            await asyncio.sleep(0.02)
        for connection in open_still:
            connection.transport.abort()

    def _sockets(self) -> list[WebSocketsSansIOProtocol]:
        connections = self.server_state.connections
        return [one for one in connections if isinstance(one, WebSocketsSansIOProtocol)]


def _is_new(connection: object) -> bool:
    """Return whether no request has arrived, or the handshake of a socket is not complete."""
    if isinstance(connection, HttpProtocol):
        return connection.cycle is None
    return isinstance(connection, WebSocket) and not connection.handshake_complete
