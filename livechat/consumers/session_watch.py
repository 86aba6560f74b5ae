"""The watch: ends the sockets of staff who may not be here any more.

It looks at those of a user as soon as an event tells that something about him changed, and the
pulse has it look at all every few seconds, for an event may be lost.
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
"""Changes come in twos and threes; and a browser that changed its own password gets its new
session meanwhile, before its other tabs ask for one."""


class SessionWatch:
    """This process's end of `events.access_changed`."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self._told = asyncio.Event()

    def deliver(self, frame: str) -> None:
        """Hear from the bus of whom something changed."""
        self._users.update(map(int, frame.split()))
        self._told.set()

    async def keep(self) -> None:
        """Look whenever it is told to, for ever."""
        bus.registry.join(self, events.ACCESS)
        try:
            while True:
                await self._told.wait()
                await asyncio.sleep(GATHER_SECONDS)
                self._told.clear()
                users, self._users = self._users, set()
                try:
                    await look([socket for socket in staff() if socket.user in users], told=True)
                except LivechatError as error:
                    # The pulse looks again.
                    logger.warning("watch.failed", code=error.code)
                except Exception:  # the one who keeps this alive for ever; see `HeartbeatLoop.run`
                    logger.exception("watch.failed")
        finally:
            bus.registry.drop(self)


def staff() -> list[OperatorConsumer]:
    """Return the sockets of staff in this process."""
    return [socket for socket in BaseConsumer.live if isinstance(socket, OperatorConsumer)]


async def look(sockets: Iterable[OperatorConsumer], *, told: bool = False) -> None:
    """End what has no session any more, and read the rights of the others again where they
    differ; `told` that they do, so that it holds for whom nothing was known yet as well."""
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
            # Known only when it holds: rights that could not be read are read again by the pulse.
            if (is_first and not told) or await socket.rights_changed():
                socket.access = now
