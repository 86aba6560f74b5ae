"""Limits the size of request bodies and the time they take, before Django buffers them.

Django reads a body to its end, onto the disk if it is large, before it calls a view.
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
"""The largest file that a channel can allow, and the form around it."""
MAX_PROFILE = 6 * MIB
"""A picture of 5 MiB, and the form around it."""
MAX_ANONYMOUS = 64 * 1024
"""For requests without a session (`config.http.auth_before_body`), and for requests without a
Content-Length that are not uploads."""

BODY_SECONDS = 20.0
BYTES_PER_SECOND = 8_192
"""A body may take `BODY_SECONDS`, and one second more for each `BYTES_PER_SECOND` received."""
MAX_BUFFERED = 128 * MIB
"""Bytes of all bodies in memory. Those of uploads do not count: they go to the disk."""


def limit_of(path: str, method: str = "POST") -> int:
    """Return how many bytes the body of such a request may have."""
    if method == "POST" and UPLOAD.fullmatch(path):
        return MAX_UPLOAD
    if method == "POST" and path == "/profile/":
        return MAX_PROFILE
    return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MIB


def content_length(scope: Any) -> int | None:
    """Return the length that a request declares, 0 for none; None for a chunked body."""
    headers = {name.lower(): value for name, value in scope["headers"]}
    if b"transfer-encoding" in headers:
        return None
    value = headers.get(b"content-length", b"0")
    return int(value[:20]) if value.isdigit() else None


class BodyLimit:
    """Answers 413 to bodies that are too large, 408 to those that are too slow, and 503 when all
    bodies together take too much memory."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._buffered = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        limit = limit_of(scope["path"], scope["method"])
        is_upload = limit == MAX_UPLOAD
        size = content_length(scope)
        if size is None and not is_upload:
            limit = min(limit, MAX_ANONYMOUS)
        if size is not None and size > limit:
            await reject_with_error_page(scope, receive, send, 413)
            return
        body = _Body(limit, receive)
        has_started = False

        async def receive_within_limits() -> Any:
            # To Django, a rejected request is one whose client went away: it drops the body.
            if body.refusal:
                return {"type": "http.disconnect"}
            before = body.received
            message = await body.receive()
            if not is_upload:
                self._buffered += body.received - before
                if self._buffered > MAX_BUFFERED:
                    body.refusal = (503, "unavailable")
            return {"type": "http.disconnect"} if body.refusal else message

        async def send_and_note_start(message: Any) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            await self._application(scope, receive_within_limits, send_and_note_start)
        finally:
            if not is_upload:
                self._buffered -= body.received
        if body.refusal and not has_started:
            if body.refusal[0] == 413:
                await reject_with_error_page(scope, receive, send, 413)
            else:
                await reject(scope, receive, send, *body.refusal)


class _Body:
    """Measures a body while it is received. `refusal` is status and code, once it is rejected."""

    def __init__(self, limit: int, receive: Any) -> None:
        self._limit = limit
        self._receive = receive
        self._started = asyncio.get_running_loop().time()
        self._is_complete = False
        self.received = 0
        """Bytes."""
        self.refusal: tuple[int, str] | None = None

    async def receive(self) -> Any:
        if self._is_complete:  # Django asks whether the client is still connected
            return await self._receive()
        deadline = self._started + BODY_SECONDS + self.received / BYTES_PER_SECOND
        try:
            async with asyncio.timeout_at(deadline):
                message = await self._receive()
        except TimeoutError:
            self.refusal = (408, "too_slow")
            return {"type": "http.disconnect"}
        self.received += len(message.get("body", b""))
        self._is_complete = not message.get("more_body", False)
        if self.received > self._limit:
            self.refusal = (413, "too_large")
        return message
