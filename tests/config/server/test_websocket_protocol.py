"""Frames of one turn of the event loop leave in one write, in order."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.server import ServerState
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from config.server.websocket_protocol import WRITE_BUFFER, WebSocket

Send = Callable[[dict[str, Any]], Awaitable[None]]


class RecordingTransport(asyncio.Transport):
    """A connection that records its writes, and the client's end, which decodes them."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closing = False
        self.client = ClientProtocol(parse_uri("ws://127.0.0.1/"))

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.closing = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def received(self) -> list[tuple[Opcode, bytes]]:
        """Return the frames that the client's end has received."""
        self.client.receive_data(b"".join(self.writes))
        frames = [event for event in self.client.events_received() if isinstance(event, Frame)]
        return [(frame.opcode, bytes(frame.data)) for frame in frames]


async def connection_after(
    send_frames: Callable[[Send, RecordingTransport], Awaitable[None]],
) -> RecordingTransport:
    """Return the connection on which an application has sent frames, after the handshake."""
    wire, said = RecordingTransport(), asyncio.Event()

    async def application(_scope: Any, receive: Any, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await asyncio.sleep(0)
        try:
            await send_frames(send, wire)
        finally:
            said.set()
        await receive()

    config = uvicorn.Config(application, ws=WebSocket, ws_per_message_deflate=False, lifespan="off")
    config.load()
    socket = WebSocket(config, ServerState(), {})
    socket.connection_made(wire)
    wire.client.send_request(wire.client.connect())
    socket.data_received(b"".join(wire.client.data_to_send()))
    await asyncio.wait_for(said.wait(), 5)
    await asyncio.sleep(0.01)
    socket.connection_lost(None)
    return wire


async def test_what_is_said_in_one_turn_is_one_write():
    async def send_frames(send: Send, _wire: RecordingTransport) -> None:
        for text in ("one", "zwei", "三"):
            await send({"type": "websocket.send", "text": text})

    wire = await connection_after(send_frames)

    assert len(wire.writes) == 2  # the first is the handshake's response
    assert wire.received() == [
        (Opcode.TEXT, b"one"),
        (Opcode.TEXT, b"zwei"),
        (Opcode.TEXT, "三".encode()),
    ]


async def test_what_is_said_later_waits_for_nothing():
    async def send_frames(send: Send, _wire: RecordingTransport) -> None:
        await send({"type": "websocket.send", "text": "one"})
        await asyncio.sleep(0.001)
        await send({"type": "websocket.send", "text": "two"})

    wire = await connection_after(send_frames)

    assert len(wire.writes) == 3
    assert [data for _opcode, data in wire.received()] == [b"one", b"two"]


async def test_the_last_words_leave_before_the_close():
    async def send_frames(send: Send, _wire: RecordingTransport) -> None:
        await send({"type": "websocket.send", "text": "the end"})
        await send({"type": "websocket.close", "code": 4503})

    wire = await connection_after(send_frames)

    assert wire.received() == [(Opcode.TEXT, b"the end"), (Opcode.CLOSE, (4503).to_bytes(2))]


async def test_much_does_not_wait_for_the_end_of_the_turn():
    during = 0

    async def send_frames(send: Send, wire: RecordingTransport) -> None:
        nonlocal during
        for _ in range(5):
            await send({"type": "websocket.send", "text": "x" * (WRITE_BUFFER // 2)})
        during = len(wire.writes) - 1

    wire = await connection_after(send_frames)

    assert during == 2
    assert len(wire.received()) == 5
    assert max(map(len, wire.writes)) < 2 * WRITE_BUFFER


async def test_nothing_is_written_to_a_line_that_closes():
    async def send_frames(send: Send, wire: RecordingTransport) -> None:
        await send({"type": "websocket.send", "text": "gone"})
        wire.closing = True

    wire = await connection_after(send_frames)

    assert len(wire.writes) == 1
