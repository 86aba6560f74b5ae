"""Complete responses for plain ASGI endpoints, which answer before Django does.

Every error in JSON has one shape: ``{"error": {"code": "…"}}``, with ``retry_after`` in seconds
where the client should retry.
"""

import json
from collections.abc import Iterable
from typing import Any

Header = tuple[bytes, bytes]

JSON = b"application/json"


def error_body(code: str, retry_after: int | None = None) -> bytes:
    """Return the JSON body of an error; `retry_after` in seconds."""
    error = {"code": code} if retry_after is None else {"code": code, "retry_after": retry_after}
    return json.dumps({"error": error}, separators=(",", ":")).encode()


async def respond(
    scope: Any,
    send: Any,
    status: int,
    body: bytes = b"",
    *,
    headers: Iterable[Header] = (),
    more_body: bool = False,
) -> None:
    """Send a response to an HTTP request, or the refusal of a WebSocket handshake.

    A HEAD request gets no body, 204 and 304 have none. With `more_body` the caller ends the
    response.
    """
    prefix = "websocket." if scope["type"] == "websocket" else ""
    length = [] if status in (204, 304) else [(b"content-length", b"%d" % len(body))]
    start = {"status": status, "headers": [*headers, *length]}
    sent_body = b"" if scope.get("method") == "HEAD" else body
    await send({"type": f"{prefix}http.response.start", **start})
    await send({"type": f"{prefix}http.response.body", "body": sent_body, "more_body": more_body})
