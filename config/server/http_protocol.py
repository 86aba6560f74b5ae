"""uvicorn's protocol for HTTP connections, with limits that it does not have.

Without them, a client that sends its headers over minutes, pipelines many requests, or does not
read its responses would occupy memory and a connection without end.
"""

import asyncio
from typing import Any, ClassVar

from django.conf import settings
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from config.server.abort_connection import abort

MAX_HEAD = 65_536
"""Bytes of the request line and the headers."""
HEAD_SECONDS = 15.0
"""How long a client may take to send them."""
READ_SECONDS = 60.0
"""How long a response may wait for a client that does not read."""
CLOSE_SECONDS = 10.0
"""How long a connection may take to close."""
MAX_PIPELINED = 32
"""Requests that a client may send before the first is answered."""
MORE_CONNECTIONS = 2_000
"""Connections that are allowed in addition to the sockets."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 10\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class HttpProtocol(HttpToolsProtocol):
    """Answers 400 to headers that are too large, 408 to those that take too long, and 503 when
    there are too many connections. Aborts the connections of clients that do not read."""

    is_stopping: ClassVar[bool] = False
    """Whether the process stops. Each connection then closes after its next response."""

    _head = 0
    _is_lost = False
    _timer: asyncio.TimerHandle | None = None
    """Ends the connection when the headers, or reading the response, take too long."""
    _answered: RequestResponseCycle | None = None
    """The request that is being answered, or was answered last."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > settings.MAX_SOCKETS + MORE_CONNECTIONS:
            transport.write(FULL)
            self._end()
        else:
            self._set_timer(HEAD_SECONDS, self._headers_are_late)

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_lost = True
        self._cancel_timer()
        super().connection_lost(exc)
        if self._answered is not None:  # `cycle` is the request that was read last
            self._answered.disconnected = True
            self._answered.message_event.set()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        if self.is_stopping:
            cycle.keep_alive = False
        super()._start_asgi_task(cycle, app)

    # ------------------------------------------------------------------ in

    def data_received(self, data: bytes) -> None:
        """Parse what was received. One read is bounded, so the size is checked afterwards."""
        if self.transport.is_closing():
            return
        if not self._head and self._timer is None:
            self._set_timer(HEAD_SECONDS, self._headers_are_late)
        self._head += len(data)
        super().data_received(data)
        if self._head > MAX_HEAD and not self.transport.is_closing():
            self.send_400_response("The request's head is too large.")

    def on_headers_complete(self) -> None:
        if not self.flow.write_paused:
            self._cancel_timer()
        if len(self.pipeline) >= MAX_PIPELINED:
            raise ValueError("too many requests at once")  # the parser stops, uvicorn answers 400
        super().on_headers_complete()
        self._head = -(2**62)  # the body follows, until the next request begins

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._head = 0

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._end()

    def _headers_are_late(self) -> None:
        if self._head:
            self.transport.write(
                b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        self._end()

    # ------------------------------------------------------------------ out

    def pause_writing(self) -> None:
        super().pause_writing()
        self._set_timer(READ_SECONDS, self._abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_timer()

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
        """Close the connection, and abort it if that takes longer than `CLOSE_SECONDS`."""
        if not self.transport.is_closing():
            self.transport.close()
        self._set_timer(CLOSE_SECONDS, self._abort)

    def _abort(self) -> None:
        abort(self.transport)

    def _set_timer(self, seconds: float, callback: Any) -> None:
        self._cancel_timer()
        if not self._is_lost:
            self._timer = self.loop.call_later(seconds, callback)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
