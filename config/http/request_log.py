"""What is told of a request, to the log, the metrics and whoever asked (``X-Request-ID``)."""

import itertools
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Any

import structlog
from django.conf import settings
from structlog.contextvars import bind_contextvars

from livechat import auth, metrics
from livechat.domain.addresses import network_of

logger = structlog.stdlib.get_logger(__name__)

SLOW_SECONDS = 1.0
GIVEN = re.compile(rb"[A-Za-z0-9._-]{8,64}")

Application = Callable[[Any, Any, Any], Awaitable[None]]

_process = secrets.token_hex(4)
_numbers = itertools.count(1)


def new_id() -> str:
    """Return a name for a request or socket that no other one has."""
    return f"{_process}-{next(_numbers):x}"


def id_of(scope: Any) -> str:
    """Return the id of a request: what a proxy of ours calls it, else a new one."""
    if settings.TRUSTED_PROXIES and _comes_from_a_proxy(scope):
        for name, value in scope["headers"]:
            if name == b"x-request-id" and GIVEN.fullmatch(value):
                return str(value, "ascii")
    return new_id()


def _comes_from_a_proxy(scope: Any) -> bool:
    try:
        address = ip_address((scope.get("client") or ("",))[0])
    except ValueError:
        return False
    return any(address in network for network in settings.TRUSTED_PROXIES)


class Counted:
    """Passes on what is answered, and notes its status by `door`."""

    def __init__(self, door: str, send: Any) -> None:
        self._door = door
        self._send = send
        self.status = 500

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            metrics.answered(self._door, self.status)
        await self._send(message)


async def counted(door: str, application: Application, scope: Any, receive: Any, send: Any) -> None:
    """Answer a request that needs no more than to be counted."""
    await application(scope, receive, Counted(door, send).send)


async def recorded(application: Application, scope: Any, receive: Any, send: Any) -> None:
    """Answer a request of Django's: every line of the log that it causes bears its id."""
    name = id_of(scope)
    bind_contextvars(request=name, network=network_of(auth.client_address(scope)))
    header = (b"x-request-id", name.encode())

    async def named(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), header]}
        await send(message)

    began = time.monotonic()
    answer = Counted("django", named)
    try:
        await application(scope, receive, answer.send)
    finally:
        seconds = time.monotonic() - began
        metrics.HTTP_SECONDS.observe(seconds)
        log = logger.info if seconds > SLOW_SECONDS else logger.debug
        log("http.answered", status=answer.status, seconds=round(seconds, 3))
