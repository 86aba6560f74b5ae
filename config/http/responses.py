"""Answers without Django, for what is asked often or must be answered whatever else is wrong."""

from collections.abc import Iterable
from typing import Any

JSON = b"application/json"
READ = ("GET", "HEAD")

Header = tuple[bytes, bytes]


async def answer(
    scope: Any,
    send: Any,
    status: int,
    body: bytes,
    content_type: bytes = JSON,
    headers: Iterable[Header] = (),
) -> None:
    """Answer a request for something that can only be read, and is another thing every time."""
    if scope["method"] not in READ:
        status, body, content_type = 405, b'{"error":"method_not_allowed"}', JSON
        headers = [(b"allow", b"GET, HEAD")]
    start = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-type", content_type),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"private, no-store"),
            (b"x-content-type-options", b"nosniff"),
            *headers,
        ],
    }
    await send(start)
    body = b"" if scope["method"] == "HEAD" else body
    await send({"type": "http.response.body", "body": body})
