"""What waits to be sent on one socket, within bounds in frames and bytes."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any, ClassVar

from livechat.wire import Close

CLOSE_WITHIN = 5.0
"""Seconds a reader has to take what is left when his socket is closed."""
MAX_FRAMES = 400
MAX_BYTES = 262_144
"""What may wait for a slow reader before he is cut; he comes back and fetches."""
MAX_BYTES_OF_ALL = 64 * 1024 * 1024
"""What may wait in a process. Beyond, whoever is slow is cut with less."""
SLOW_BYTES = 16_384
"""With more than this waiting, one is slow."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class SendBuffer:
    """Sends frames in order, each as soon as the reader takes it."""

    bytes_of_all: ClassVar[int] = 0
    """What waits in this process."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._frames: list[str] = []  # seldom any: an empty deque takes ten times as much
        self._bytes = 0
        self._flusher: asyncio.Task[None] | None = None
        self.closing = 0
        """The code with which the socket is closed, or 0."""

    def put(self, frame: str) -> None:
        """Send a frame. Never blocks, never raises; a reader who is too slow is cut."""
        if self.closing:
            return
        self._frames.append(frame)
        self._count(len(frame))
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
        """What waits for a slow reader."""
        return self._bytes

    async def sent(self) -> None:
        """Return when nothing waits any more, or the socket is closing."""
        while self._flusher is not None and not self.closing:
            await asyncio.wait([self._flusher])

    def close(self, code: int) -> None:
        """Close the socket, after what still waits has been sent."""
        if self.closing:
            return
        self.closing = code
        if self._flusher is None:
            self._flusher = asyncio.get_running_loop().create_task(self._flush())
        if code == Close.TOO_SLOW:
            # He does not read; waiting for him would keep his frames for ever.
            self._flusher.cancel()
            self._flusher = asyncio.get_running_loop().create_task(self._flush())

    async def finish(self) -> None:
        """Let the last frames and the close code out: when the consumer returns, the server cuts
        the line, and the client would only see that it is gone."""
        flusher = self._flusher
        if flusher is not None:
            if self.closing:
                await asyncio.wait([flusher], timeout=CLOSE_WITHIN)
            flusher.cancel()
        self._forget()

    def _send_now(self) -> None:
        """Send what waits without a task of its own, which costs as much as the sending; only
        where the server holds us up, a task goes on from there."""
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
                self._count(-len(frame))
                await self._send({"type": "websocket.send", "text": frame})
            if self.closing:
                await self._send({"type": "websocket.close", "code": self.closing})
        except (OSError, RuntimeError):
            self._forget()  # the client went away while we wrote; whoever receives hears of it
        if self._flusher is asyncio.current_task():
            self._flusher = None

    def _count(self, size: int) -> None:
        self._bytes += size
        SendBuffer.bytes_of_all += size

    def _forget(self) -> None:
        self._frames.clear()
        self._count(-self._bytes)


async def _go_on(begun: Coroutine[Any, None, None], held_up: Any) -> None:
    """Finish a coroutine that was begun by hand and now waits for `held_up`."""
    await _Begun(begun, held_up)


class _Begun:
    def __init__(self, begun: Coroutine[Any, None, None], held_up: Any) -> None:
        self._begun = begun
        self._held_up = held_up

    def __await__(self) -> Generator[Any, None, None]:
        yield self._held_up
        yield from self._begun.__await__()
