"""Sockets for tests: frames to and from the real consumers, through the real routing."""

import json
import uuid
from typing import Any

from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from config.asgi import websocket_application
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.models import Channel, Operator, User
from livechat.wire import HEARTBEAT_SECONDS

HOST = "testserver"
TIMEOUT_SECONDS = 30
"""For frames that must come; the computer may be busy."""


class Socket:
    """One socket: frames in, frames out."""

    def __init__(self, communicator: WebsocketCommunicator) -> None:
        self._communicator = communicator
        self.close_code: int | None = None
        self.received: list[dict[str, Any]] = []
        """Every received frame, for checks that a frame is absent."""

    async def send(self, type_: str, **fields: Any) -> None:
        await self.send_raw(json.dumps({"type": type_, **fields}, default=str, ensure_ascii=False))

    async def send_raw(self, text: str | None = None, data: bytes | None = None) -> None:
        frame: dict[str, Any] = {"type": "websocket.receive"}
        frame |= {"text": text} if data is None else {"bytes": data}
        await self._communicator.send_input(frame)

    async def post(self, conversation: Any, text: str, **fields: Any) -> str:
        """Post a message; return its client_id."""
        client_id = str(fields.pop("client_id", uuid.uuid4()))
        await self.send(
            "message.post", conversation=conversation, client_id=client_id, text=text, **fields
        )
        return client_id

    async def next(self, *types: str) -> dict[str, Any]:
        """Return the next frame, or the next of one of `types`; skips others.

        Raises ConnectionError.
        """
        while True:
            output = await self._communicator.receive_output(TIMEOUT_SECONDS)
            if output["type"] == "websocket.close":
                self.close_code = output.get("code", 1000)
                raise ConnectionError(f"closed {self.close_code}")
            frame: dict[str, Any] = json.loads(output["text"])
            self.received.append(frame)
            if not types or frame["type"] in types:
                return frame

    async def closed(self) -> int:
        """Return the close code; `received` keeps the frames before it."""
        try:
            while True:
                await self.next()
        except ConnectionError:
            assert self.close_code is not None
            return self.close_code

    async def quiet(self) -> bool:
        """Return whether no more frames are coming."""
        return await self._communicator.receive_nothing(0.15, 0.01)

    async def drain(self) -> list[dict[str, Any]]:
        """Return all frames that have arrived."""
        frames = []
        while not await self.quiet():
            frames.append(await self.next())
        return frames

    async def disconnect(self) -> None:
        await self._communicator.disconnect(timeout=TIMEOUT_SECONDS)


class RecordingSubscriber:
    """A subscriber of the bus, like a socket, that keeps the frames."""

    def __init__(self) -> None:
        self.frames: list[str] = []

    def deliver(self, frame: str) -> None:
        self.frames.append(frame)


class Sockets:
    """Opens sockets and closes those still open at the end of the test."""

    def __init__(self) -> None:
        self._open: list[Socket] = []

    async def connect(
        self,
        path: str,
        *,
        origin: str | None = f"http://{HOST}",
        cookie: str | None = None,
        host: str = HOST,
        forwarded: str | None = None,
        languages: str | None = None,
        client: str | None = None,
    ) -> Socket | None:
        """Return a socket, or None when the server rejects the handshake."""
        headers = [(b"host", host.encode()), (b"user-agent", b"Test/1.0")]
        if origin is not None:
            headers.append((b"origin", origin.encode()))
        if cookie:
            headers.append((b"cookie", cookie.encode()))
        if forwarded:
            headers.append((b"x-forwarded-for", forwarded.encode()))
        if languages is not None:
            headers.append((b"accept-language", languages.encode()))
        communicator = WebsocketCommunicator(websocket_application, path, headers)
        if client is not None:
            communicator.scope["client"] = (client, 50_000)
        accepted, _code = await communicator.connect(TIMEOUT_SECONDS)
        if not accepted:
            return None
        socket = Socket(communicator)
        self._open.append(socket)
        return socket

    async def visitor(self, channel: Channel, *, client: str | None = None, **hello: Any) -> Socket:
        """Return a visitor's socket that has sent `hello`; `welcome` is its first frame.

        `client` is the visitor's IP address.
        """
        socket = await self.connect(f"/ws/visitor/{channel.key}/", client=client)
        assert socket is not None
        await socket.send("hello", **{"version": 1, "tab": uuid.uuid4().hex, **hello})
        return socket

    async def chat(
        self, channel: Channel, text: str = "Hello", *, client: str | None = None
    ) -> tuple[Socket, str]:
        """Return a visitor's socket with a new conversation, and the conversation's id."""
        socket = await self.visitor(channel, client=client)
        await socket.send("conversation.open", client_id=uuid.uuid4(), text=text)
        ack = await socket.next("ack")
        return socket, ack["conversation"]

    async def staff(self, who: Operator | User, *, fetch: bool = True) -> Socket:
        """Return a dashboard's socket that has sent `hello` and, by default, has its inbox."""
        user = who.user if isinstance(who, Operator) else who
        cookie = await sync_to_async(session_cookie)(user)
        socket = await self.connect("/ws/staff/", cookie=cookie)
        assert socket is not None
        await socket.send("hello", version=1, tab=uuid.uuid4().hex)
        await socket.next("welcome")
        if fetch:
            await socket.send("inbox.fetch")
            await socket.next("inbox.snapshot")
        return socket

    async def close(self) -> None:
        for socket in self._open:
            await socket.disconnect()


async def beat_all() -> None:
    """Send every socket the heartbeat that is due within the next HEARTBEAT_SECONDS."""
    heartbeat_loop = HeartbeatLoop()
    for turn in range(1, HEARTBEAT_SECONDS + 1):
        await heartbeat_loop.beat(turn)


def session_cookie(user: User) -> str:
    """Sign `user` in and return the cookie that their browser would send."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return f"sessionid={session.session_key}"
