"""What every request meets first, whoever answers it: static files, `init`, Django, sockets.

Who speaks TLS, whether we are meant at all, which cookies can be read quickly, and which headers no
answer goes without.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from django.conf import settings

from config.http.responses import respond_with_error_page
from livechat import auth
from livechat.asgi_responses import Header

logger = structlog.stdlib.get_logger(__name__)

PERMISSIONS = (
    "accelerometer=(), autoplay=(self), browsing-topics=(), camera=(), display-capture=(), "
    "geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()"
)
"""What our pages may ask a browser for: to play the sounds of the inbox."""

DENY_ALL_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content Security Policy of responses that are not pages."""

ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": PERMISSIONS.encode(),
    # Whoever means something to be kept says so: the rest may depend on who asks.
    b"cache-control": b"private, no-store",
    b"content-security-policy": DENY_ALL_CSP.encode(),
}


ANY_HOST = frozenset({"/healthz", "/readyz"})
"""Asked by machines that know an address and no name; the answers are the same for everybody."""


class FrontDoor:
    """Lets through what is meant for us, and sends nothing without the headers of `ALWAYS`."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_socket = scope["type"] == "websocket"
        if auth.came_over_tls(scope):
            scope = {**scope, "scheme": "wss" if is_socket else "https"}
        else:
            scope = {**scope, "scheme": "ws" if is_socket else "http"}
        if any(_is_slow(name, value) for name, value in scope["headers"]):
            scope = {**scope, "headers": list(_quick(scope["headers"]))}
        if is_socket:
            await self._application(scope, receive, send)  # asks for the host with the origin
        else:
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        has_begun = False

        async def complete(message: Any) -> None:
            nonlocal has_begun
            has_begun = True
            if message["type"] == "http.response.start":
                message = {**message, "headers": _completed(scope, message.get("headers", ()))}
            await send(message)

        if scope["path"] not in ANY_HOST and not auth.is_own_host(scope):
            await respond_with_error_page(scope, complete, 400)
            return
        try:
            await self._application(scope, receive, complete)
        except Exception:
            # The server would answer in its own words, which name it.
            logger.exception("request.failed")
            if has_begun:
                raise
            await respond_with_error_page(scope, complete, 500)


def _is_slow(name: bytes, value: bytes) -> bool:
    """Say whether a header has quoted cookies: Python 3.11 takes them apart in time quadratic in
    their length, twenty seconds for the longest header."""
    return name == b"cookie" and b"\\" in value


def _quick(headers: Iterable[Header]) -> Iterator[Header]:
    """Yield the headers without quoted cookies. None of ours is one."""
    for name, value in headers:
        if _is_slow(name, value):
            kept = [cookie for cookie in value.split(b";") if b"\\" not in cookie]
            if kept:
                yield name, b";".join(kept)
        else:
            yield name, value


def _completed(scope: Any, given: Any) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with those it lacks."""
    headers = list(given)
    named = {name.lower() for name, _value in headers}
    if settings.DEBUG:
        named.add(b"content-security-policy")  # Django's pages for us have styles in them
    headers += [(name, value) for name, value in ALWAYS.items() if name not in named]
    if scope["scheme"] == "https" and b"strict-transport-security" not in named:
        headers += [(b"strict-transport-security", _hsts())] if settings.SECURE_HSTS_SECONDS else []
    return headers


def _hsts() -> bytes:
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        parts.append("includeSubDomains")
    if settings.SECURE_HSTS_PRELOAD:
        parts.append("preload")
    return "; ".join(parts).encode()
