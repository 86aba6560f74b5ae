"""The send buffer of a socket, bounded in frames and bytes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, ClassVar

from livechat.wire import Close

CLOSE_WITHIN = 5.0
"""Seconds a client has to read the remaining frames when its socket is closed."""
MAX_FRAMES = 400
MAX_BYTES = 262_144
"""Limits of one buffer. Beyond, the socket is closed; the client reconnects and fetches."""
MAX_BYTES_OF_ALL = 64 * 1024 * 1024
"""Limit of all buffers in a process. Beyond, slow sockets are closed (`SLOW_BYTES`)."""
SLOW_BYTES = 16_384
"""A socket with more than this in its buffer is slow."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class SendBuffer:
    """Sends frames in order, each as soon as the client reads."""

    bytes_of_all: ClassVar[int] = 0
    """Size of all send buffers in this process."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._frames: list[str] = []  # usually empty: an empty deque takes ten times the memory
        self._bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self.closing = 0
        """The code with which the socket is closing, or 0."""

    def put(self, frame: str) -> None:
        """Send a frame. Never blocks, never raises; closes the socket if the client is too slow."""
        if self.closing:
            return
        self._frames.append(frame)
        self._count(_size(frame))
        if (
            len(self._frames) > MAX_FRAMES
            or self._bytes > MAX_BYTES
            or (self._bytes > SLOW_BYTES and SendBuffer.bytes_of_all > MAX_BYTES_OF_ALL)
        ):
            self._forget()
            self.close(Close.TOO_SLOW)
        elif self._flusher is None:
            self._send_now()

    @property
    def waiting_bytes(self) -> int:
        """Size of this buffer."""
        return self._bytes

    async def sent(self) -> None:
        """Wait until the buffer is empty or the socket is closing."""
        while self._flusher is not None and not self.closing:
            await asyncio.wait([self._flusher])

    def close(self, code: int) -> None:
        """Close the socket after the buffer has been sent. Only the first code counts."""
        if self.closing:
            return
        self.closing = code
        if self._flusher is None:
            self._flusher = asyncio.get_running_loop().create_task(self._flush())
        if code == Close.TOO_SLOW:
            # The client does not read: the pending send might never return.
            self._flusher.cancel()
            self._flusher = asyncio.get_running_loop().create_task(self._flush())

    async def finish(self) -> None:
        """If the socket is closing, wait until the buffer and the code are sent (`CLOSE_WITHIN`).

        When the consumer returns, the server drops the connection, without a code for the client.
        """
        flusher = self._flusher
        if flusher is not None:
            if self.closing:
                await asyncio.wait([flusher], timeout=CLOSE_WITHIN)
            flusher.cancel()
        self._forget()

    def _send_now(self) -> None:
        """Send the buffer without a task, which would cost as much as the sending.

        Only if the server blocks, a task continues from there.
        """
        sending = self._flush()
        try:
            held_up = sending.send(None)
        except StopIteration:
            return
        self._flusher = asyncio.get_running_loop().create_task(_go_on(sending, held_up))

    async def _flush(self) -> None:
        frames = self._frames
        try:
            while frames:
                frame = frames.pop(0)
                self._count(-_size(frame))
                await self._send({"type": "websocket.send", "text": frame})
            if self.closing:
                await self._send({"type": "websocket.close", "code": self.closing})
        except (OSError, RuntimeError):
            self._forget()  # the client has gone; the receive loop will notice
        if self._flusher is asyncio.current_task():
            self._flusher = None

    def _count(self, size: int) -> None:
        self._bytes += size
        SendBuffer.bytes_of_all += size

    def _forget(self) -> None:
        self._frames.clear()
        self._count(-self._bytes)


def _size(frame: str) -> int:
    """Return the frame's length in UTF-8. Costs an encoding only if it is not plain ASCII."""
    return len(frame) if frame.isascii() else len(frame.encode())


async def _go_on(begun: Coroutine[Any, None, None], held_up: Any) -> None:
    """Finish a coroutine that was started without a task and now waits for `held_up`."""
    await _Begun(begun, held_up)


class _Begun:
    def __init__(self, begun: Coroutine[Any, None, None], held_up: Any) -> None:
        self._begun = begun
        self._held_up = held_up

    def __await__(self) -> Generator[Any, None, None]:
        yield self._held_up
        yield from self._begun.__await__()
