"""The three servers compared, from their clients' side: how to connect, send and receive."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Literal

from benchmarks.sockets import Socket, connect

Kind = Literal["ack", "message", "heartbeat", ""]
Place = dict[str, str]
"""A conversation and the credentials of both sides, as `benchmarks.seed` prints them."""

# Typical messages: short, sometimes longer, sometimes not ASCII.
TEXTS = tuple(
    text.encode()
    for text in (
        "Hello, is anybody there?",
        "Yes! How may I help you?",
        "My parcel should have come on Tuesday, but the page has not changed since Friday.",
        "Let me have a look – one moment, please.",
        "Die Größe stimmt leider nicht, ich würde die Schuhe gern umtauschen.",
        "Sure, I have sent you a return label. It is valid for fourteen days.",
        "thanks",
        "You are welcome. Is there anything else that I can do for you today? Otherwise, have a "
        "nice day, and do write again if the parcel has not come by the end of the week.",
    )
)


class Side:
    """One of the two sides of a conversation: its socket, and its messages under way."""

    __slots__ = ("peer", "prefix", "sent", "socket")

    def __init__(self, socket: Socket, prefix: bytes) -> None:
        self.socket = socket
        self.peer = self
        self.prefix = prefix
        """The start of a message frame, up to its id."""
        self.sent: dict[bytes, list[float]] = {}
        """Id -> [when it was sent or due, number of events still expected: ack, delivery]."""

    def speak(self, client_id: bytes, number: int) -> None:
        self.socket.send(b'%b%b","text":"%b"}' % (self.prefix, client_id, TEXTS[number & 7]))


class Design(ABC):
    """A server under test. `name` is its name in the tables."""

    name: str
    awaited = 2
    """The number of events before a message counts: its ack and its delivery."""
    own_copy_is_ack = False

    @abstractmethod
    async def enter(self, port: int, place: Place) -> tuple[Side, Side]:
        """Return the two sides of a conversation, connected."""

    @staticmethod
    @abstractmethod
    def parse(frame: bytes) -> tuple[Kind, bytes]:
        """Return the kind of a frame, and the id of its message or b""."""


class Product(Design):
    """The complete product, run by ``manage.py serve``."""

    name = "Livechat"

    async def enter(self, port: int, place: Place) -> tuple[Side, Side]:
        return await self.between(port, port, place)

    async def between(self, here: int, there: int, place: Place) -> tuple[Side, Side]:
        """Return the two sides: the visitor connected to port `here`, the operator to `there`."""
        prefix = b'{"type":"message.post","conversation":"%b","client_id":"' % (
            place["conversation"].encode()
        )
        visitor, operator = await asyncio.gather(
            visitor_socket(here, place["key"], place["token"]),
            operator_socket(there, place["session"]),
        )
        return _pair(Side(visitor, prefix), Side(operator, prefix))

    @staticmethod
    def parse(frame: bytes) -> tuple[Kind, bytes]:
        if frame.startswith(b'{"type":"message.posted"'):
            at = frame.index(b'"client_id":"') + 13
            return "message", frame[at : at + 36]
        if frame.startswith(b'{"type":"ack","client_id":"'):
            return "ack", frame[27:63]
        if frame.startswith(b'{"type":"heartbeat"'):
            return "heartbeat", b""
        if frame.startswith(b'{"type":"rejected"'):
            raise RuntimeError(f"the product refused: {frame.decode()}")
        return "", b""


class Naive(Design):
    """The chat as tutorials write it, run by Daphne."""

    name = "naive"
    own_copy_is_ack = True

    async def enter(self, port: int, place: Place) -> tuple[Side, Side]:
        first, second = [
            Side(
                await connect(port, f"/ws/{place['conversation']}/{author}/"),
                b'{"client_id":"',
            )
            for author in ("visitor", "operator")
        ]
        return _pair(first, second)

    @staticmethod
    def parse(frame: bytes) -> tuple[Kind, bytes]:
        at = frame.index(b'"client_id": "') + 14
        return "message", frame[at : at + 36]


class Echo(Design):
    """The bare ASGI application: each side receives only its own messages."""

    name = "bare echo"
    awaited = 1

    async def enter(self, port: int, place: Place) -> tuple[Side, Side]:
        prefix = b'{"conversation":"%b","client_id":"' % place["conversation"].encode()
        first, second = [Side(await connect(port, "/"), prefix) for _ in range(2)]
        return first, second

    @staticmethod
    def parse(frame: bytes) -> tuple[Kind, bytes]:
        at = frame.index(b'"client_id":"') + 13
        return "message", frame[at : at + 36]


async def visitor_socket(port: int, key: str, token: str | None, conversation: str = "") -> Socket:
    """Return a visitor's socket after its welcome.

    Without `token` the visitor is new. With `conversation` they return to it from `after_seq` 0.
    """
    named = f',"token":"{token}"' if token else ""
    named += f',"conversation":"{conversation}","after_seq":0' if conversation else ""
    socket = await connect(port, f"/ws/visitor/{key}/")
    heard = _Received(socket)
    socket.send(b'{"type":"hello","version":1,"tab":"t"%b}' % named.encode())
    await heard.frame(b'{"type":"welcome"')
    socket.hears = _only_heartbeats(socket)
    return socket


async def operator_socket(port: int, session: str) -> Socket:
    """Return a dashboard's socket after it has received its inbox."""
    socket = await connect(port, "/ws/staff/", f"Cookie: sessionid={session}\r\n")
    heard = _Received(socket)
    socket.send(b'{"type":"hello","version":1,"tab":"t"}')
    await heard.frame(b'{"type":"welcome"')
    socket.send(b'{"type":"inbox.fetch"}')
    await heard.frame(b'{"type":"inbox.snapshot"')
    socket.hears = _only_heartbeats(socket)
    return socket


class _Received:
    """Waits for frames of a socket. It sets the socket's `hears`; the caller replaces it later."""

    def __init__(self, socket: Socket) -> None:
        self._start = b""
        self._came = asyncio.Event()
        self._last = b""
        self._socket = socket
        socket.hears = self._hear

    def _hear(self, frame: bytes) -> None:
        self._last = frame
        if frame.startswith(self._start):
            self._came.set()

    async def frame(self, start: bytes) -> None:
        self._start = start
        try:
            await asyncio.wait_for(self._came.wait(), 60)
        except TimeoutError:
            raise RuntimeError(
                f"no {start.decode()}; closed with {self._socket.code}, last heard"
                f" {self._last[:200].decode()}"
            ) from None
        self._came.clear()


def _pair(first: Side, second: Side) -> tuple[Side, Side]:
    first.peer, second.peer = second, first
    return first, second


def _only_heartbeats(socket: Socket) -> Callable[[bytes], None]:
    """Return a handler that only responds to heartbeats, which keeps an idle socket open."""

    def hear(frame: bytes) -> None:
        if frame.startswith(b'{"type":"heartbeat"'):
            socket.send(HEARTBEAT)

    return hear


HEARTBEAT = b'{"type":"heartbeat","active":true}'
