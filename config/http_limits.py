"""How large a request's body may be, decided before anything of it is kept.

Django reads every body to its end, onto the disk if it is long, before a view is asked.
"""

import asyncio
import contextlib
import re
from typing import Any

from django.conf import settings

from livechat.domain.files import MAX_BYTES_LIMIT

MIB = 1024 * 1024
UPLOAD = re.compile(r"/widget/[^/]+/files/|/dashboard/files/")
MAX_UPLOAD = MAX_BYTES_LIMIT + MIB
"""The largest file that any channel can allow, and the form around it."""
MAX_PROFILE = 6 * MIB
"""A picture of 5 MiB, and the form around it."""

LINGER_SECONDS = 2
LINGER_BYTES = 4 * MIB
BODY = b'{"error":{"code":"too_large"}}'


def limit_of(path: str) -> int:
    """Return how many bytes a request for this path may bring."""
    if UPLOAD.fullmatch(path):
        return MAX_UPLOAD
    return MAX_PROFILE if path == "/profile/" else settings.DATA_UPLOAD_MAX_MEMORY_SIZE or MIB


class BodyLimit:
    """Answers 413 to a body that says it is too long, or turns out to be."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        limit = limit_of(scope["path"])
        if _declared(scope) > limit:
            await _refuse(receive, send)
            return
        taken, has_begun = 0, False

        async def counted() -> Any:
            nonlocal taken
            # Django is told that the client went away: it forgets what it has read so far.
            if taken > limit:
                return {"type": "http.disconnect"}
            message = await receive()
            taken += len(message.get("body", b""))
            return message if taken <= limit else {"type": "http.disconnect"}

        async def noted(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        await self._application(scope, counted, noted)
        if taken > limit and not has_begun:
            await _refuse(receive, send)


def _declared(scope: Any) -> int:
    for name, value in scope["headers"]:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(receive: Any, send: Any) -> None:
    """Answer, then read a little of what still comes: a connection that is closed on somebody
    who is sending is reset, and he would not see the answer."""
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", b"%d" % len(BODY)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": BODY, "more_body": True})
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LINGER_SECONDS):
            left = LINGER_BYTES
            while left > 0:
                message = await receive()
                if not message.get("more_body"):
                    break
                left -= len(message.get("body", b""))
    await send({"type": "http.response.body", "body": b""})
