"""uvicorn's protocol for WebSockets, with limits that it does not have."""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.protocol import State

from config.server.abort_connection import abort
from livechat.domain.token_bucket import Bucket, Rate

ABORT_SECONDS = 10.0
"""How long a connection may take to close. A client that does not read would keep it open."""
WRITE_BUFFER = 32_768
"""Bytes that may wait here for a slow client. The rest waits in the consumer's send buffer."""
KERNEL_BUFFER = 131_072
"""The same in the kernel, which doubles it. Its own default can grow to megabytes."""
SLICE = 4_096
"""Bytes that are parsed at once: 250 KB of the smallest frames take half a second."""
MAX_FRAMES = 200
"""Frames that may wait for the consumer. Bytes received after them are not parsed yet."""
MAX_FRAGMENTS = 64
"""Of one message. Browsers do not fragment messages."""
CONTROL = Rate(burst=30, per_second=1)
"""Pings and pongs. Browsers send no pings, and answer the server's ping twice a minute."""
MAX_AFTER_CLOSE = 65_536
"""Bytes that are searched for the client's close frame. Further bytes are discarded."""


class Mailbox:
    """A queue with one reader: the part of `asyncio.Queue` that uvicorn uses, in a tenth of the
    memory. Thousands of idle connections have one each."""

    __slots__ = ("_messages", "_reader")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def get(self) -> Any:
        while not self._messages:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        return self._messages.pop(0)

    def empty(self) -> bool:
        return not self._messages

    def qsize(self) -> int:
        return len(self._messages)


class WebSocket(WebSocketsSansIOProtocol):
    """Bounds the memory of a connection, for clients that flood, clients that do not read, and idle
    ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = Mailbox()  # type: ignore[assignment]

    _abort_timer: asyncio.TimerHandle | None = None
    _unread = b""
    _after_close = 0
    _gathered = 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._control = Bucket(CONTROL.burst, CONTROL.per_second)
        transport.set_write_buffer_limits(WRITE_BUFFER)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BUFFER)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._unread = b""
        super().connection_lost(exc)

    # ------------------------------------------------------------------ in

    def data_received(self, data: bytes) -> None:
        if self.close_sent:
            self._after_close += len(data)
            if self._after_close <= MAX_AFTER_CLOSE:
                super().data_received(data)
            return
        self._unread = self._unread + data if self._unread else data
        self._parse()

    def handle_ping(self) -> None:
        pong = self.conn.data_to_send()
        if self._control.take(self.loop.time()):
            self._fail("too many control frames")
        elif self.writable.is_set():  # a client that sends pings and never reads gets no pongs
            self.transport.write(b"".join(pong))

    def handle_pong(self, event: Frame) -> None:
        if self._control.take(self.loop.time()):
            self._fail("too many control frames")
        else:
            super().handle_pong(event)

    def send_receive_event_to_app(self) -> None:
        if self.curr_msg_data_type == "text" and not self.close_sent:
            self.frames = [b"".join(self.frames)]
            try:
                self.frames[0].decode()
            except UnicodeDecodeError:  # uvicorn would log a traceback
                self.frames = []
                self._fail("not UTF-8", CloseCode.INVALID_DATA)
                return
        super().send_receive_event_to_app()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= MAX_FRAGMENTS:
            self._fail("too many fragments")
        else:
            super().handle_cont(event)

    async def receive(self) -> Any:
        message = await super().receive()
        if self._unread and self.queue.empty():
            self._parse()
        return message

    def _parse(self) -> None:
        """Parse what was received, as long as the consumer keeps up."""
        while self._unread and self.queue.qsize() < MAX_FRAMES and not self.transport.is_closing():
            part, self._unread = self._unread[:SLICE], self._unread[SLICE:]
            super().data_received(part)

    def handle_parser_exception(self) -> None:
        if self.conn.close_sent is None:  # there is no handshake yet, so no close frame can be sent
            abort(self.transport)
            return
        super().handle_parser_exception()
        self._abort_later()

    def _fail(self, reason: str, code: CloseCode = CloseCode.POLICY_VIOLATION) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    # ------------------------------------------------------------------ the end

    async def send(self, message: Any) -> None:
        text = message.get("text")
        if text is not None and self._is_writable():
            self._send_soon(text.encode())
            return
        # Before the wait for the client, which may never read again.
        if message["type"] in ("websocket.close", "websocket.http.response.start"):
            self._abort_later()
        await super().send(message)
        if message["type"] == "websocket.accept":
            # The scope has the request's headers, and the response has been sent: keeping both here
            # would cost memory for as long as the connection is open.
            self.request.headers.clear()
            self.response.headers.clear()
        if message["type"] == "websocket.http.response.body":
            self.handshake_complete = True  # otherwise uvicorn logs the refusal as an error

    # Frames of one turn of the event loop are sent together: a system call costs as much as all
    # other work for a frame.

    def _is_writable(self) -> bool:
        """Return whether a frame can be written now: the client reads, and neither side closes."""
        return (
            self.handshake_complete
            and self.initial_response is None
            and self.conn.state is State.OPEN
            and self.writable.is_set()
            and not self.disconnected
        )

    def _send_soon(self, text: bytes) -> None:
        if not self._gathered:
            self.loop.call_soon(self._send_gathered)
        self._gathered += len(text) + 1
        # The connection buffers it, in order with control frames.
        self.conn.send_text(text)
        if self._gathered > WRITE_BUFFER:
            self._send_gathered()

    def _send_gathered(self) -> None:
        self._gathered = 0
        parts = self.conn.data_to_send()
        if parts and not self.transport.is_closing():
            self.transport.write(b"".join(parts))

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._abort_later()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort_later()

    def shutdown(self) -> None:
        super().shutdown()
        self._abort_later()

    def _abort_later(self) -> None:
        """Abort the connection after `ABORT_SECONDS` if it is still open."""
        if self._abort_timer is None and not self.disconnected:
            self._abort_timer = self.loop.call_later(ABORT_SECONDS, abort, self.transport)
