"""The access log, response counts and request ids (``X-Request-ID``)."""

import itertools
import re
import secrets
import time
from typing import Any

import structlog
from django.conf import settings
from structlog.contextvars import bind_contextvars

from livechat import auth, metrics
from livechat.domain.ip_addresses import network_of

logger = structlog.stdlib.get_logger(__name__)

SLOW_SECONDS = 1.0
"""Slower requests are logged at level INFO, the others at DEBUG."""
VALID_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")

_process = secrets.token_hex(4)
_numbers = itertools.count(1)


class RequestLog:
    """Gives each request an id, which all its log lines and its response carry; logs and measures
    the response. Requests for static files are only counted."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].startswith(settings.STATIC_URL):
            await self._application(scope, receive, counting("static", send))
            return
        request_id = request_id_of(scope)
        bind_contextvars(request=request_id, network=network_of(auth.client_address(scope)))
        header = (b"x-request-id", request_id.encode())
        status = 500

        async def send_with_request_id(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), header]}
            await send(message)

        started = time.monotonic()
        try:
            await self._application(scope, receive, counting("django", send_with_request_id))
        finally:
            seconds = time.monotonic() - started
            metrics.HTTP_SECONDS.observe(seconds)
            log = logger.info if seconds > SLOW_SECONDS else logger.debug
            log("http.answered", status=status, seconds=round(seconds, 3))


def counting(entry: str, send: Any) -> Any:
    """Return a `send` that also counts the response's status under the metric label `entry`."""

    async def send_and_count(message: Any) -> None:
        if message["type"] == "http.response.start":
            metrics.answered(entry, message["status"])
        await send(message)

    return send_and_count


def request_id_of(scope: Any) -> str:
    """Return the id that a trusted proxy gave the request or socket, else a new one."""
    if auth.comes_from_proxy(scope):
        for name, value in scope["headers"]:
            if name == b"x-request-id" and VALID_REQUEST_ID.fullmatch(value):
                return str(value, "ascii")
    return f"{_process}-{next(_numbers):x}"
