"""The heartbeat loop: what must happen every few seconds for all sockets of this process.

Heartbeats carry the state in the database, so that a browser that missed an event notices. Sockets
are spread over the heartbeat's period; each second, one query serves all visitors that are due and
one digest serves all tabs of an operator. The server keeps the timers because browsers throttle
those of hidden tabs.
"""

import asyncio
import time
from collections.abc import Iterable
from uuid import UUID

import structlog

from livechat import events, wire
from livechat.bus import bus
from livechat.consumers import session_watch
from livechat.consumers.base import IDLE_AFTER, BaseConsumer
from livechat.consumers.operator import OperatorConsumer
from livechat.consumers.thread_pool import run
from livechat.consumers.visitor import VisitorConsumer
from livechat.database import database_time
from livechat.errors import LivechatError
from livechat.services import inbox, installation, leases, operators, visitors
from livechat.wire import HEARTBEAT_SECONDS, Close

logger = structlog.stdlib.get_logger(__name__)

RIGHTS_SECONDS = 10
DEAF_SECONDS = 10.0
"""Seconds without its own messages from Redis, after which a process says it may miss events."""


class HeartbeatLoop:
    """Runs once a second, each time for the sockets whose heartbeat is due."""

    def __init__(self) -> None:
        self._turn = 0
        self._epoch: UUID | None = None

    async def run(self) -> None:
        while True:
            started = time.monotonic()
            self._turn += 1
            try:
                await self.beat(self._turn)
            except LivechatError as error:
                # The database is down. Send nothing rather than old state: clients measure the
                # silence.
                logger.warning("heartbeat.missed", code=error.code)
            except Exception:
                logger.exception("heartbeat.failed")
            await asyncio.sleep(max(0.05, 1.0 - (time.monotonic() - started)))

    async def beat(self, turn: int) -> None:
        """Do the work of one second. `turn` counts the calls."""
        self._close_idle()
        await self._compare_epochs()
        share = [socket for socket in BaseConsumer.live if socket.slot == turn % HEARTBEAT_SECONDS]
        await self._beat_visitors([s for s in share if isinstance(s, VisitorConsumer)])
        staff = session_watch.staff()
        if turn % RIGHTS_SECONDS == 0:
            await session_watch.check_access(staff)
            await run(leases.listen)
            await self._renew(staff)
        await self._beat_staff([s for s in share if isinstance(s, OperatorConsumer)])

    def _close_idle(self) -> None:
        limit = time.monotonic() - IDLE_AFTER
        for socket in list(BaseConsumer.live):
            if socket.received_at < limit:
                socket.close(Close.IDLE)

    async def _compare_epochs(self) -> None:
        """Close all sockets for a reconnect when the database was replaced by a restored one.

        There, a conversation that a socket receives may have another pk.
        """
        before, self._epoch = self._epoch, await run(installation.epoch)
        if before is not None and before != self._epoch:
            logger.warning("heartbeat.another_database")
            for socket in list(BaseConsumer.live):
                socket.close(Close.DRAINING)

    async def _beat_visitors(self, sockets: Iterable[VisitorConsumer]) -> None:
        keys = {socket: (socket.actor.visitor, socket.actor.channel) for socket in sockets}
        if not keys:
            return
        found = await run(visitors.newest_of, list(keys.values()))
        present = []
        for socket, key in keys.items():
            if socket not in BaseConsumer.live:
                continue  # closed during the query
            has_answered = socket.received_at > socket.heartbeat_at
            socket.heartbeat_at = time.monotonic()
            if (newest := found.get(key)) is None:
                socket.send_event(wire.VisitorHeartbeat(None, 0, 0))
                continue
            socket.follow_conversation(newest.id, newest.pk, newest.state)
            socket.send_event(wire.VisitorHeartbeat(newest.id, newest.head, newest.revision))
            if socket.presence is not None and has_answered:
                present.append(socket.presence)
        events.visitors_present(present, present=True)
        if waiting := [tab.conversation_pk for tab in present if tab.is_waiting]:
            await run(visitors.mark_present, waiting)

    async def _beat_staff(self, sockets: Iterable[OperatorConsumer]) -> None:
        digests: dict[int, str] = {}
        silence = bus.echo_age()
        hears_all = silence is None or silence < DEAF_SECONDS
        for socket in sockets:
            if socket.user not in digests:
                digests[socket.user] = await run(inbox.digest_of, socket.actor)
            digest, presence = digests[socket.user], socket.presence
            socket.send_event(
                wire.StaffHeartbeat(digest, presence.value if presence else None, hears_all)
            )

    async def _renew(self, sockets: Iterable[OperatorConsumer]) -> None:
        """Renew the leases of operators whose browsers answered a heartbeat since the last call."""
        answered = [socket for socket in sockets if socket.answered]
        active = {socket.user for socket in answered if socket.active}
        users = {socket.user for socket in answered}
        for socket in answered:
            socket.answered = socket.active = False
        presences = await run(operators.renew_leases, users, active)
        for socket in sockets:
            if socket.user in users:
                socket.presence, socket.renewed_at = presences.get(socket.user), database_time.now()
