"""How large a request's body may be and how long it may take, decided before it is kept.

Django reads every body to its end, onto the disk if it is long, before a view is asked.
"""

import asyncio
import re
from typing import Any

from django.conf import settings

from config.http.responses import reject, reject_with_error_page
from livechat.domain.files import MAX_BYTES_LIMIT

MIB = 1024 * 1024
UPLOAD = re.compile(r"/widget/[^/]+/files/|/dashboard/files/")
MAX_UPLOAD = MAX_BYTES_LIMIT + MIB
"""The largest file that any channel can allow, and the form around it."""
MAX_PROFILE = 6 * MIB
"""A picture of 5 MiB, and the form around it."""
ANYBODYS = 64 * 1024
"""What a request may bring without a session (`config.http.body_auth`), and one that does not say
how much it brings, other than a file."""

BODY_SECONDS = 20.0
BYTES_A_SECOND = 8_192
"""A body may take so long, and a second more for each so many bytes that have come."""
MAX_HELD = 128 * MIB
"""Bytes of all bodies that are in memory at once; those of uploads go to the disk."""


def limit_of(path: str, method: str = "POST") -> int:
    """Return how many bytes a request for this path may bring; large ones are posted only."""
    if method == "POST" and UPLOAD.fullmatch(path):
        return MAX_UPLOAD
    if method == "POST" and path == "/profile/":
        return MAX_PROFILE
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MIB


class BodyLimit:
    """Answers 413 to a body that says it is too long or turns out to be, 408 to one that takes too
    long, and 503 when too much is being sent by all."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._held = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        limit = limit_of(scope["path"], scope["method"])
        size = declared(scope)
        if size is None and limit != MAX_UPLOAD:
            limit = min(limit, ANYBODYS)
        if size is not None and size > limit:
            await reject_with_error_page(scope, receive, send, 413)
            return
        body = _Body(limit, receive)
        has_begun = False

        async def counted() -> Any:
            # Django is told that the client went away: it forgets what it has read so far.
            if body.refusal:
                return {"type": "http.disconnect"}
            before = body.taken
            message = await body.receive()
            if limit != MAX_UPLOAD:
                self._held += body.taken - before
                if self._held > MAX_HELD:
                    body.refusal = (503, "unavailable")
            return {"type": "http.disconnect"} if body.refusal else message

        async def noted(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self._application(scope, counted, noted)
        finally:
            if limit != MAX_UPLOAD:
                self._held -= body.taken
        if body.refusal and not has_begun:
            if body.refusal[0] == 413:
                await reject_with_error_page(scope, receive, send, 413)
            else:
                await reject(scope, receive, send, *body.refusal)


class _Body:
    """Counts what comes and how long it takes. `refusal` is status and code, once there is one."""

    def __init__(self, limit: int, receive: Any) -> None:
        self._limit = limit
        self._receive = receive
        self._since = asyncio.get_running_loop().time()
        self._is_whole = False
        self.taken = 0
        self.refusal: tuple[int, str] | None = None

    async def receive(self) -> Any:
        if self._is_whole:  # what Django asks for now is whether the client is still there
            return await self._receive()
        try:
            async with asyncio.timeout_at(self._since + BODY_SECONDS + self.taken / BYTES_A_SECOND):
                message = await self._receive()
        except TimeoutError:
            self.refusal = (408, "too_slow")
            return {"type": "http.disconnect"}
        self.taken += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self.taken > self._limit:
            self.refusal = (413, "too_large")
        return message


def declared(scope: Any) -> int | None:
    """Return how many bytes a request says that it brings, None when it does not say it."""
    names = {name.lower(): value for name, value in scope["headers"]}
    if b"transfer-encoding" in names:
        return None
    value = names.get(b"content-length", b"0")
    return int(value[:20]) if value.isdigit() else None
