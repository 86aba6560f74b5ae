"""The bus: publishes committed changes to the sockets of every process.

Delivery is not guaranteed: clients notice a loss by sequence numbers and heartbeats, and fetch.
Each process has one registry (group -> its sockets) and, with Redis, one subscription. Posts
that arrive during a PUBLISH leave together in the next one.

`publish` may be called from any thread. A socket is any object with a `deliver(frame)` that
neither blocks nor raises.
"""

import asyncio
import contextlib
import time
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec
import redis
import redis.asyncio
import structlog
from django.conf import settings
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.retry import Retry

from livechat import metrics

logger = structlog.stdlib.get_logger(__name__)

TOPIC = "livechat.bus"
"""Redis channel that connects the processes. PUBLISH ignores Redis' numbered databases, so `_topic`
adds the number of any database but 0: two installations may share a Redis."""
RECONNECT_SECONDS = (0.1, 0.5, 1.0, 2.0)
PROBE_SECONDS = 2.0
"""Seconds without a post after which a process publishes an empty message as a probe."""
ASK_SECONDS = 5.0
"""Seconds without a message until the process sends a PING. After the same time without a reply,
it subscribes again."""
GIVE_UP_SECONDS = 5.0
"""Seconds during which a process without sockets publishes nothing after Redis failed."""
MAX_WAITING = 50_000
"""Posts kept while Redis does not respond; the oldest beyond that are dropped."""


class Post(msgspec.Struct, frozen=True, array_like=True):
    """One encoded frame for the sockets of `groups`; each socket gets it once.

    Sockets in the groups of `join` first join the group `topic`. Sockets in the groups of `leave`
    leave it, but members of `groups` still get this frame. So an action on one socket starts or
    stops the delivery of a conversation to others.
    """

    groups: tuple[str, ...]
    frame: str
    topic: str = ""
    join: tuple[str, ...] = ()
    leave: tuple[str, ...] = ()


class Socket(Protocol):
    """Receives frames: a consumer, or a list in a test."""

    def deliver(self, frame: str) -> None: ...


class Registry:
    """Which sockets of this process are in which groups. Only the event loop uses it."""

    def __init__(self) -> None:
        self._sockets: defaultdict[str, set[Socket]] = defaultdict(set)
        self._groups: defaultdict[Socket, set[str]] = defaultdict(set)

    def join(self, socket: Socket, group: str) -> None:
        self._sockets[group].add(socket)
        self._groups[socket].add(group)

    def leave(self, socket: Socket, group: str) -> None:
        self._groups.get(socket, set()).discard(group)
        members = self._sockets.get(group)
        if members is not None:
            members.discard(socket)
            if not members:
                del self._sockets[group]

    def drop(self, socket: Socket) -> None:
        """Remove a closed socket from all its groups."""
        for group in list(self._groups.get(socket, ())):
            self.leave(socket, group)
        self._groups.pop(socket, None)

    def is_in(self, socket: Socket, group: str) -> bool:
        return group in self._groups.get(socket, ())

    def groups_of(self, socket: Socket) -> frozenset[str]:
        return frozenset(self._groups.get(socket, ()))

    def deliver(self, posts: Iterable[Post]) -> None:
        """Deliver each post to the sockets of this process that are in its groups."""
        for post in posts:
            for socket in self._members(post.join):
                self.join(socket, post.topic)
            members = self._members(post.groups)
            for socket in self._members(post.leave):
                self.leave(socket, post.topic)
            for socket in members:
                socket.deliver(post.frame)

    def _members(self, groups: tuple[str, ...]) -> tuple[Socket, ...]:
        found = [members for group in groups if (members := self._sockets.get(group))]
        if not found:
            return ()
        return tuple(found[0] if len(found) == 1 else set().union(*found))


class Envelope(msgspec.Struct, array_like=True):
    """A message in Redis. A process skips messages of its own `origin`."""

    origin: str
    posts: list[Post]


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Envelope)


class Bus:
    """The bus of one process. `attach` binds it to the running event loop."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.origin = uuid.uuid4().hex
        self._own = _encode(Envelope(self.origin, []))[:-1]
        """First bytes of this process's own messages, to recognise them without decoding."""
        self._heard_itself_at: float | None = None
        self._given_up_at = float("-inf")
        self._url = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[Post] = []
        self._wake: asyncio.Event | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def attach(self) -> None:
        """Deliver on the running event loop from now on; subscribe if `REDIS_URL` is set."""
        self._loop = asyncio.get_running_loop()
        self._url = settings.REDIS_URL
        if self._url:
            self._wake = asyncio.Event()
            self._heard_itself_at = time.monotonic()
            self._tasks = [
                asyncio.create_task(self._send(), name="bus-send"),
                asyncio.create_task(self._listen(), name="bus-listen"),
            ]

    async def detach(self) -> None:
        waiting = set(self._tasks)
        while waiting:
            # Cancel repeatedly: redis-py loses a cancellation that coincides with its time-out.
            for task in waiting:
                task.cancel()
            _done, waiting = await asyncio.wait(waiting, timeout=0.2)
        self._tasks = []
        self._wake = None
        self._heard_itself_at = None
        self._loop = None

    def echo_age(self) -> float | None:
        """Return the seconds since this process last received a message of its own from Redis.

        None without Redis. About two seconds or less when healthy.
        """
        at = self._heard_itself_at
        return None if at is None else time.monotonic() - at

    def publish(self, posts: Sequence[Post]) -> None:
        """Deliver `posts` to the sockets of all processes. Does not raise when Redis is down."""
        if not posts:
            return
        loop = self._loop
        if loop is None or loop.is_closed():
            self._publish_without_loop(posts)
            return
        try:
            loop.call_soon_threadsafe(self._dispatch, posts)
        except RuntimeError:  # the loop closed between the check and the call
            self._publish_without_loop(posts)

    def _dispatch(self, posts: Sequence[Post]) -> None:
        self.registry.deliver(posts)
        if self._wake is not None:
            self._waiting.extend(posts)
            if (over := len(self._waiting) - MAX_WAITING) > 0:
                metrics.BUS_DROPPED.inc(over)
                del self._waiting[:-MAX_WAITING]
            self._wake.set()

    def _publish_without_loop(self, posts: Sequence[Post]) -> None:
        # A job or a management command: this process has no sockets.
        if not settings.REDIS_URL:
            return
        # A job commits many times; it must not wait for a failed Redis after each commit.
        if time.monotonic() - self._given_up_at < GIVE_UP_SECONDS:
            return
        try:
            with redis.Redis.from_url(
                settings.REDIS_URL,
                socket_timeout=2,
                socket_connect_timeout=2,
                retry=Retry(NoBackoff(), 0),
            ) as client:
                client.publish(_topic(client), _encode(Envelope(self.origin, list(posts))))
        except redis.RedisError as error:
            self._given_up_at = time.monotonic()
            _could_not_publish(error, len(posts))

    async def _send(self) -> None:
        assert self._wake is not None
        async with _client(self._url) as client:
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), PROBE_SECONDS)
                self._wake.clear()
                # Publish even without posts: the echo proves that both directions work.
                await self._send_waiting(client)
                while self._waiting:
                    await self._send_waiting(client)

    async def _send_waiting(self, client: redis.asyncio.Redis) -> None:
        posts, self._waiting = self._waiting, []
        try:
            await client.publish(_topic(client), _encode(Envelope(self.origin, posts)))
            metrics.BUS_PUBLISHED.inc()
        except (redis.RedisError, OSError, TimeoutError) as error:
            # Other processes miss these posts; their clients notice by number and fetch.
            _could_not_publish(error, len(posts))
            await asyncio.sleep(0.2)

    async def _listen(self) -> None:
        failed = 0
        while True:
            try:
                async with _client(self._url) as client, client.pubsub() as subscription:
                    await subscription.subscribe(_topic(client))
                    failed = 0
                    is_asked = False
                    while True:
                        message = await subscription.get_message(
                            ignore_subscribe_messages=True, timeout=ASK_SECONDS
                        )
                        if message is None and is_asked:
                            raise TimeoutError
                        if message is None:
                            await subscription.ping()
                        elif message["type"] == "message":
                            self._receive(message["data"])
                        is_asked = message is None
            except (redis.RedisError, OSError, TimeoutError) as error:
                wait = RECONNECT_SECONDS[min(failed, len(RECONNECT_SECONDS) - 1)]
                failed += 1
                metrics.BUS_RECONNECTS.inc()
                logger.warning("bus.lost", error=type(error).__name__, again_in=wait)
                await asyncio.sleep(wait)

    def _receive(self, data: bytes) -> None:
        if data.startswith(self._own):
            self._heard_itself_at = time.monotonic()
            return
        try:
            envelope = _decoder.decode(data)
        except msgspec.DecodeError:
            logger.warning("bus.foreign_message", bytes=len(data))
            return
        self.registry.deliver(envelope.posts)


def _could_not_publish(error: Exception, posts: int) -> None:
    metrics.BUS_FAILED.inc()
    logger.warning("bus.not_published", error=type(error).__name__, posts=posts)


def _topic(client: redis.Redis | redis.asyncio.Redis) -> str:
    number = client.connection_pool.connection_kwargs.get("db") or 0
    return f"{TOPIC}.{number}" if number else TOPIC


def _client(url: str) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(
        url,
        socket_timeout=5,
        socket_connect_timeout=3,
        retry=AsyncRetry(NoBackoff(), 0),
        max_connections=8,
    )


bus = Bus()
"""This process's bus."""
