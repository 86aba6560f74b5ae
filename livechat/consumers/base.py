"""Base of both consumers: receives, decodes and handles frames in one plain loop.

The interface is that of Django Channels (routing, scope, `as_asgi`), but the loop is our own.
Channels passes every frame and event through a task and a thread hop, which costs more than all
the rest together (`docs/explanation/performance.md`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from itertools import cycle
from typing import Any, ClassVar
from uuid import UUID

import structlog
from channels.consumer import AsyncConsumer
from django.db import DatabaseError, InterfaceError
from msgspec import Struct

from livechat import auth, metrics, wire
from livechat.bus import bus
from livechat.consumers.command_limits import QUIET, CommandLimits, act_of
from livechat.consumers.group_commit import writer
from livechat.consumers.handshake import NO_DATABASE, decline
from livechat.consumers.send_buffer import Send, SendBuffer
from livechat.consumers.socket_log import SocketLog
from livechat.domain.ip_addresses import source_of
from livechat.domain.token_bucket import Bucket
from livechat.errors import Invalid, LivechatError, Unavailable
from livechat.limiter import Refusal, limiter
from livechat.services.messages import Item, PostResult, Refused
from livechat.wire import Close

logger = structlog.stdlib.get_logger(__name__)

HELLO_WITHIN = 10.0
"""Seconds within which a socket must say hello."""
IDLE_AFTER = 65.0
"""Seconds without a frame from the client after which a socket is closed."""
MAX_BAD_FRAMES = 5
MAX_REFUSALS = 60
"""Bad frames, and refusals by a rate limit, that are tolerated per minute."""

Receive = Callable[[], Awaitable[dict[str, Any]]]


class BaseConsumer(AsyncConsumer):
    """One socket. A subclass has a decoder, sends the welcome and handles commands."""

    # Thousands of sockets are idle; a `__dict__` would take five times the memory.
    __slots__ = (
        "_bad",
        "_command_lock",
        "_frames",
        "_gone",
        "_owner",
        "_posted",
        "_posting",
        "_refusals",
        "_send_buffer",
        "is_open",
        "limits",
        "quota",
        "received_at",
        "record",
        "scope",
        "slot",
        "source",
        "tab",
    )

    kind: ClassVar[str]
    decode: ClassVar[Callable[[str | bytes | None], Any]]
    live: ClassVar[set["BaseConsumer"]] = set()
    """The sockets of this process that have said hello."""
    all_sockets: ClassVar[set["BaseConsumer"]] = set()
    """All sockets of this process, including those not yet accepted."""
    draining: ClassVar[bool] = False
    """Whether this process is stopping."""
    is_staff: ClassVar[bool] = False
    quota: CommandLimits
    """Rate limits of the visitor or operator; set by the hello."""
    _tabs: ClassVar[dict[str, dict[str, "BaseConsumer"]]] = {}
    """Owner -> tab -> socket, the oldest tab first."""
    _slots: ClassVar[Iterator[int]] = cycle(range(wire.HEARTBEAT_SECONDS))

    # The stubs allow the events of every ASGI protocol; here only those of WebSockets occur.
    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:  # type: ignore[override]
        self.scope = scope
        self.is_open = False
        self.tab = self._owner = ""
        self._send_buffer = SendBuffer(send)
        self._gone = 0
        self._posting = 0
        self._posted: asyncio.Event | None = None
        limits = limiter.limits()
        self.limits = limits.operator if self.is_staff else limits.visitor
        self._frames = Bucket(self.limits.frames.burst, self.limits.frames.per_second)
        self._bad = Bucket(MAX_BAD_FRAMES, MAX_BAD_FRAMES / 60)
        self._refusals = Bucket(MAX_REFUSALS, 1.0)
        self.received_at = time.monotonic()
        self.slot = next(self._slots)
        self.source = source_of(auth.client_address(scope))
        self._command_lock = asyncio.Lock()
        await receive()  # websocket.connect
        self.record = SocketLog(self.kind, scope)
        if not auth.is_own_origin(scope):
            self.record.refused("origin")
            await decline(scope, send)
            return
        # A stopping process still accepts sockets and sends them elsewhere (`lifecycle.drain`),
        # because a browser does not learn why a handshake is rejected.
        refusal = self._admit()
        if refusal is not None:
            self.record.refused(refusal.name)
            await decline(scope, send, refusal)
            return
        self.all_sockets.add(self)
        try:
            async with self._command_lock:
                await self._open(send)
            if self.is_open:
                await self._run(receive)
        finally:
            self.all_sockets.discard(self)
            limiter.leave(self.source)

    def _admit(self) -> Refusal | None:
        return limiter.enter(self.source, time.monotonic(), is_staff=self.is_staff)

    async def _open(self, send: Send) -> None:
        try:
            may_enter = await self.enter()
        except (DatabaseError, InterfaceError, Unavailable):
            self.record.refused(NO_DATABASE.name)
            await decline(self.scope, send, NO_DATABASE)
            return
        if not may_enter:
            self.record.refused("not_allowed")
            await decline(self.scope, send)
            return
        await send({"type": "websocket.accept"})
        self.is_open = True
        self.record.opened()

    async def _run(self, receive: Receive) -> None:
        try:
            await self._serve(receive)
        finally:
            self.live.discard(self)
            self._release_tab()
            bus.registry.drop(self)
            await self._send_buffer.finish()
            try:
                await self.leave()
            except LivechatError as error:
                logger.warning("socket.left_badly", code=error.code)
            self.record.closed(self._send_buffer.closing or self._gone)

    # ------------------------------------------------------------------ what a subclass implements

    async def enter(self) -> bool:
        """Return whether the socket may be accepted. Called before accepting it."""
        raise NotImplementedError

    async def handle_hello(self, hello: Any) -> None:
        """Join the groups of the bus, then send the welcome."""
        raise NotImplementedError

    async def handle(self, command: Any) -> None:
        """Execute one command."""
        raise NotImplementedError

    async def leave(self) -> None:
        """Clean up after the socket has closed."""

    # ------------------------------------------------------------------ the loop

    async def _serve(self, receive: Receive) -> None:
        try:
            async with asyncio.timeout(HELLO_WITHIN):
                hello = await self._next(receive)
                while hello is not None and not isinstance(
                    hello, wire.VisitorHello | wire.StaffHello
                ):
                    self.reject(hello, "hello_first")
                    hello = await self._next(receive)
        except TimeoutError:
            self.close(Close.IDLE)
            return
        if hello is None:
            return
        if hello.version > wire.VERSION:  # during a deploy: the client must find a newer server
            self.close(Close.OLDER)
            return
        if hello.version < wire.VERSION - 1:
            self.put(wire.encode(wire.Rejected("version")))
            self.close(Close.BAD_FRAMES)
            return
        self.tab = hello.tab
        async with self._command_lock:
            if not await self._guarded(self.handle_hello, hello):
                self.close(Close.DRAINING)  # already rejected with a reason; a retry may succeed
                return
        self.live.add(self)
        while not self._send_buffer.closing and (command := await self._next(receive)) is not None:
            if isinstance(command, wire.Heartbeat) or self._is_within_limits(command):
                async with self._command_lock:
                    await self._guarded(self.handle, command)

    async def close_when_done(self) -> None:
        """Close the socket of a stopping process after its commands and messages are done."""
        async with self._command_lock:
            await self.wait_until_posted()
            self.close(Close.DRAINING)

    async def _next(self, receive: Receive) -> Any:
        """Return the next valid command within the frame limit; None when the socket ends."""
        while not self._send_buffer.closing:
            event = await receive()
            if event["type"] == "websocket.disconnect":
                self._gone = event.get("code") or 0
                return None
            now = self.received_at = time.monotonic()
            if wait := self._frames.take(now):
                self._refuse(limiter.refuse(Refusal("socket.frames", round(wait, 2))))
                continue
            try:
                command = type(self).decode(event.get("text") or event.get("bytes"))
            except Invalid as error:
                if error.code == "later_client":  # so new that its hello has another form
                    self.close(Close.OLDER)
                    return None
                metrics.BAD_FRAMES.labels(error.code).inc()
                self.put(wire.encode(wire.Rejected(error.code)))
                if self._bad.take(now):
                    self.close(Close.BAD_FRAMES)
            else:
                metrics.received(command)
                return command
        return None

    def _is_within_limits(self, command: Any) -> bool:
        """Return whether a command is within the limits; if not, reject it unless it is `QUIET`."""
        refusal = self.quota.check(command, self.received_at)
        if refusal is not None and act_of(command) not in QUIET:
            self._refuse(refusal, command)
        return refusal is None

    async def _guarded(self, act: Callable[[Any], Awaitable[None]], command: Any) -> bool:
        """Call `act`; turn any exception into a rejection. Return whether it succeeded."""
        try:
            await act(command)
        except LivechatError as error:
            self.reject(command, error.code)
        except Exception:
            # A bug must not end the socket: the client gets a rejection, the log has the rest.
            metrics.COMMANDS_FAILED.labels(metrics.tag(type(command))).inc()
            logger.exception("command.failed", command=metrics.tag(type(command)))
            self.reject(command, Unavailable.code)
        else:
            return True
        return False

    def take_tab(self, owner: str) -> None:
        """Make this the socket of its tab of `owner`, and close the tab's older socket.

        The server may not have noticed yet that the older one is dead. For a new tab of an owner
        with too many, the socket of the oldest tab is closed.
        """
        self._owner = owner
        tabs = self._tabs.setdefault(owner, {})
        older = tabs.pop(self.tab, None)
        if older is None and len(tabs) >= self.limits.tabs:
            limiter.refuse(Refusal("person.tabs", 0.0))
            older = tabs.pop(next(iter(tabs)))
        tabs[self.tab] = self
        if older is not None:
            older.close(Close.REPLACED)

    def _release_tab(self) -> None:
        tabs = self._tabs.get(self._owner, {})
        if tabs.get(self.tab) is self:
            del tabs[self.tab]
        if not tabs:
            self._tabs.pop(self._owner, None)

    def heartbeat(self, command: wire.Heartbeat) -> None:
        """Note the client's response to a heartbeat."""

    # ------------------------------------------------------------------ messages

    def post(self, item: Item) -> None:
        """Hand a message to the writer, which acknowledges it after the commit."""
        self._posting += 1
        writer.submit(item, self._answer)

    def _answer(self, item: Item, outcome: PostResult) -> None:
        self._posting -= 1
        if not self._posting and self._posted is not None:
            self._posted.set()
        if isinstance(outcome, Refused):
            self.reject_id(item.client_id, outcome.error.code)
        else:
            self.put(
                wire.encode(wire.Ack(item.client_id, outcome.at, outcome.seq, item.conversation))
            )

    async def wait_until_posted(self) -> None:
        """Wait until this socket's messages are written, so that commands keep their order."""
        while self._posting:
            self._posted = asyncio.Event()
            await self._posted.wait()
        self._posted = None

    # ------------------------------------------------------------------ sending

    def deliver(self, frame: str) -> None:
        """Take a frame from the bus."""
        self.put(frame)

    def put(self, frame: str) -> None:
        """Send a frame as soon as the client reads. Never blocks, never raises; closes the socket
        of a client that reads too slowly."""
        if not self._send_buffer.closing:
            metrics.sent(frame)
        self._send_buffer.put(frame)

    @property
    def waiting_bytes(self) -> int:
        """Size of the send buffer, in characters."""
        return self._send_buffer.waiting_bytes

    def send_event(self, event: Struct) -> None:
        self.put(wire.encode(event))

    async def stream(self, events: Iterable[Struct]) -> None:
        """Send many frames one by one, so that a long result does not fill the send buffer."""
        for event in events:
            self.send_event(event)
            await self._send_buffer.sent()

    def reject(self, command: Any, code: str, retry_after: float | None = None) -> None:
        """Tell the client that a command was rejected."""
        tag = str(type(command).__struct_config__.tag)
        client_id = getattr(command, "client_id", None)
        self.send_event(wire.Rejected(code, client_id, retry_after, tag))

    def reject_id(self, client_id: UUID, code: str) -> None:
        after = 1.0 if code == Unavailable.code else None
        self.put(wire.encode(wire.Rejected(code, client_id, retry_after=after)))

    def _refuse(self, refusal: Refusal, command: Any = None) -> None:
        """Reject a command over a limit, or, with None, a frame that was not decoded.

        After too many in a minute the socket is closed; those of a busy server do not count.
        """
        if command is None:
            self.send_event(wire.Rejected(refusal.code, retry_after=refusal.retry_after))
        else:
            self.reject(command, refusal.code, refusal.retry_after)
        if not refusal.is_busy and self._refusals.take(self.received_at):
            self.close(Close.FLOODING)

    def close(self, code: int) -> None:
        """Close the socket after the send buffer has been sent."""
        self._send_buffer.close(code)


def number_or_none(value: object) -> int | None:
    """Return an optional number of a command, None where it is UNSET."""
    return value if isinstance(value, int) else None
