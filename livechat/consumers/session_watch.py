"""The session watch: closes staff sockets whose login session ended, and reloads changed rights.

It checks a user's sockets as soon as an event names the user. Because an event may be lost, the
heartbeat loop also checks all sockets every few seconds.
"""

import asyncio
from collections.abc import Iterable

import structlog

from livechat import events
from livechat.bus import bus
from livechat.consumers.base import BaseConsumer
from livechat.consumers.operator import OperatorConsumer
from livechat.consumers.thread_pool import run
from livechat.errors import LivechatError
from livechat.services import login_sessions
from livechat.wire import Close

logger = structlog.stdlib.get_logger(__name__)

GATHER_SECONDS = 0.2
"""Seconds to collect changes, which often come together. In this time, a browser that changed its
password gets its new login session, before the sockets of its other tabs are checked."""


class SessionWatch:
    """Receives `events.access_changed` in this process."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._changed = asyncio.Event()

    def deliver(self, frame: str) -> None:
        """Take a frame from the bus: the pks of changed users."""
        self._users.update(map(int, frame.split()))
        self._changed.set()

    async def run(self) -> None:
        """Check the sockets of changed users. Never returns."""
        bus.registry.join(self, events.ACCESS)
        try:
            while True:
                await self._changed.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._changed.clear()
                users, self._users = self._users, set()
                try:
                    await check_access(
                        [socket for socket in staff() if socket.user in users], changed=True
                    )
                except LivechatError as error:
                    # The heartbeat loop checks again.
                    logger.warning("session_watch.failed", code=error.code)
                except Exception:  # this loop must not end; see `HeartbeatLoop.run`
                    logger.exception("session_watch.failed")
        finally:
            bus.registry.drop(self)


def staff() -> list[OperatorConsumer]:
    """Return the staff sockets of this process."""
    return [socket for socket in BaseConsumer.live if isinstance(socket, OperatorConsumer)]


async def check_access(sockets: Iterable[OperatorConsumer], *, changed: bool = False) -> None:
    """Close sockets without a valid login session; reload the rights of others if they changed.

    A socket's first check only stores its rights, unless `changed` says that they have changed.
    """
    logins = {socket: socket.login for socket in sockets}
    if not logins:
        return
    access = await run(login_sessions.access, set(logins.values()))
    for socket, login in logins.items():
        now = access.get(login)
        if now is None:
            socket.close(Close.IDENTITY)
        elif now != socket.access:
            is_first = socket.access is None
            # Stored only after success, so that the heartbeat loop retries a failed read.
            if (is_first and not changed) or await socket.rights_changed():
                socket.access = now
