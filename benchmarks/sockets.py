"""A WebSocket client that uses little CPU, so that one core can load a server on another."""

import asyncio
import os
from base64 import b64encode
from collections.abc import Callable
from struct import pack
from typing import cast

TEXT = 0x1
CLOSE = 0x8
PING, PONG = 0x9, 0xA
BUSY = " 503 "


class Socket(asyncio.Protocol):
    """One connection. It calls `hears` with every text frame.

    Frames are masked with zeros, which is valid and needs no computation.
    """

    def __init__(self) -> None:
        self.hears: Callable[[bytes], object] = lambda _frame: None
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.closed = False
        self.code = 0
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = True
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed before it was open"))

    def data_received(self, data: bytes) -> None:
        if self._rest:
            data = self._rest + data
            self._rest = b""
        if not self.opened.done():
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            if b" 101 " not in head.partition(b"\r\n")[0]:
                self.opened.set_exception(ConnectionError(head.decode("latin-1")))
                return
            self.opened.set_result(None)
        here, length = 0, len(data)
        while length - here >= 2:
            start, size = here + 2, data[here + 1]
            if size > 125:
                start += 2 if size == 126 else 8
                if start > length:
                    break
                size = int.from_bytes(data[here + 2 : start])
            if start + size > length:
                break
            opcode = data[here] & 0xF
            if opcode == TEXT:
                self.hears(data[start : start + size])
            elif opcode == PING:
                self._write(PONG, data[start : start + size])
            elif opcode == CLOSE:
                self.closed = True
                self.code = int.from_bytes(data[start : start + 2])
            here = start + size
        if here < length:
            self._rest = data[here:]

    def open(self, path: str, host: str, headers: str = "") -> None:
        """Request the upgrade. `opened` completes when it is granted, or gets a ConnectionError."""
        key = b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {key}\r\n{headers}\r\n".encode()
        )

    def send(self, text: bytes) -> None:
        self._write(TEXT, text)

    def close(self) -> None:
        if not self.closed:
            self._write(CLOSE, pack(">H", 1000))
            self._transport.close()

    def _write(self, opcode: int, payload: bytes) -> None:
        size = len(payload)
        if size <= 125:
            head = pack(">BB4x", 0x80 | opcode, 0x80 | size)
        else:
            head = pack(">BBH4x", 0x80 | opcode, 0x80 | 126, size)
        self._transport.write(head + payload)


async def connect(port: int, path: str, headers: str = "") -> Socket:
    """Return an open socket to a server on 127.0.0.1.

    Retries after 503 (overload), as a browser does, for at most 60 s.
    """
    async with asyncio.timeout(60):
        while True:
            try:
                return await _attempt(port, path, headers)
            except ConnectionError as error:
                if BUSY not in str(error):
                    raise
                await asyncio.sleep(0.5)


async def _attempt(port: int, path: str, headers: str) -> Socket:
    loop = asyncio.get_running_loop()
    _transport, socket = await loop.create_connection(Socket, "127.0.0.1", port)
    socket.open(path, f"127.0.0.1:{port}", headers)
    await socket.opened
    return socket
