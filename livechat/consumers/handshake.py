"""Rejects sockets before they are accepted, and tells browsers why."""

import time
from typing import Any

from livechat import auth
from livechat.asgi_responses import respond
from livechat.consumers.send_buffer import Send
from livechat.domain.ip_addresses import source_of
from livechat.limiter import Refusal, limiter

STAFF = "/ws/staff/"
DRAINING = Refusal("process.draining", 1.0, is_busy=True)
NO_DATABASE = Refusal("process.database", 5.0, is_busy=True)


async def decline(scope: Any, send: Send, refusal: Refusal | None = None) -> None:
    """Reject a handshake: 403 if not allowed, 429 or 503 with ``Retry-After`` if temporary.

    Always 403 where the ASGI server has no denial-response extension. Browsers hide the status
    from pages, so pages ask `explain`.
    """
    if refusal is None or "websocket.http.response" not in scope.get("extensions", ()):
        await send({"type": "websocket.close"})
        return
    await respond(scope, send, refusal.status, headers=_headers(refusal))


async def explain(scope: Any, send: Send, *, is_draining: bool) -> None:
    """Respond to an HTTP request for a socket's address: could the client open the socket now?

    204 if yes; else the status and ``Retry-After`` of the refusal.
    """
    source = source_of(auth.client_address(scope))
    is_staff = scope["path"] == STAFF
    refusal = (
        DRAINING if is_draining else limiter.check(source, time.monotonic(), is_staff=is_staff)
    )
    headers = [(b"cache-control", b"no-store"), *(_headers(refusal) if refusal else ())]
    status = refusal.status if refusal else 204
    await respond(scope, send, status, headers=headers)


def _headers(refusal: Refusal) -> list[tuple[bytes, bytes]]:
    return [(b"retry-after", b"%d" % refusal.seconds)]
