"""How the server keeps an HTTP connection: the fast parser, held to limits it does not have itself.

Whoever sends his head for minutes, many requests at once, or never reads what he asked for, would
otherwise keep memory and a place among the connections for as long as he likes.
"""

import asyncio
from typing import Any

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from config.server.abort import abort

MAX_HEAD = 65_536
"""Bytes of request line and headers a client may take before they are complete."""
HEAD_SECONDS = 15.0
"""How long he may take for them."""
READ_SECONDS = 60.0
"""How long an answer may wait for a reader who takes nothing of it."""
CLOSE_SECONDS = 10.0
"""How long a connection that is ending may take."""
MAX_PIPELINED = 32
"""Requests that may be sent before the first is answered."""
MORE_CONNECTIONS = 2_000
"""Connections there may be beside the sockets."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Http(HttpToolsProtocol):
    """Answers 400 to a head that does not end, 408 to one that takes too long, 503 when there are
    too many connections; cuts who does not read."""

    _head = 0
    _is_lost = False
    _timer: asyncio.TimerHandle | None = None
    """Ends the connection should the head, or the reader, take too long."""
    _answered: RequestResponseCycle | None = None
    """The request that is being answered, or was last."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > settings.MAX_SOCKETS + MORE_CONNECTIONS:
            transport.write(FULL)
            self._end()
        else:
            self._within(HEAD_SECONDS, self._head_is_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._in_time()
        super().connection_lost(exc)
        if self._answered is not None:  # `cycle` is the one that was read last
            self._answered.disconnected = True
            self._answered.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    # ------------------------------------------------------------------ in

    def data_received(self, data: bytes) -> None:
        """Read on. What one reading from the socket brings is bounded, so it is looked at after."""
        if self.transport.is_closing():
            return
        if not self._head and self._timer is None:
            self._within(HEAD_SECONDS, self._head_is_late)
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        if not self.flow.write_paused:
            self._in_time()
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests at once")  # the parser stops, and it is a 400
        super().on_headers_complete()
        self._head = -(2**62)  # what comes now is the body, until the next request begins

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head = 0

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._end()

    def _head_is_late(self) -> None:
        if self._head:
            self.transport.write(
                b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        self._end()

    # ------------------------------------------------------------------ out

    def pause_writing(self) -> None:
        super().pause_writing()
        self._within(READ_SECONDS, self._abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._in_time()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.transport.is_closing():
            self._end()

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            self._end()

    def _end(self) -> None:
        """Close, and cut the line if it has not ended by itself by then."""
        if not self.transport.is_closing():
            self.transport.close()
        self._within(CLOSE_SECONDS, self._abort)

    def _abort(self) -> None:
        abort(self.transport)

    def _within(self, seconds: float, otherwise: Any) -> None:
        self._in_time()
        if not self._is_lost:
            self._timer = self.loop.call_later(seconds, otherwise)

    def _in_time(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
