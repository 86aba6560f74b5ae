"""The outermost middleware, for HTTP and WebSockets alike.

Resolves the scheme behind a proxy, rejects foreign hosts, removes cookies that are slow to parse
and adds default headers to every response.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import structlog
from django.conf import settings

from config.http.responses import respond_with_error_page
from livechat import auth
from livechat.asgi_responses import Header

logger = structlog.stdlib.get_logger(__name__)

PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(self), browsing-topics=(), camera=(), display-capture=(), "
    "geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), serial=(), usb=(), xr-spatial-tracking=()"
)
"""Pages may use one feature of the browser: the inbox plays sounds."""

DENY_ALL_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""The Content Security Policy of responses that are not pages."""

DEFAULT_HEADERS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"permissions-policy": PERMISSIONS_POLICY.encode(),
    # Responses that may be cached say so. All others may depend on the user.
    b"cache-control": b"private, no-store",
    b"content-security-policy": DENY_ALL_CSP.encode(),
}
"""Added where a response does not have them."""

ANY_HOST_PATHS = frozenset({"/healthz", "/readyz"})
"""Load balancers ask for these by address, without a host name."""


class HostAndHeaders:
    """Answers 400 to requests for a foreign host, and 500 when the application raises."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        is_socket = scope["type"] == "websocket"
        if auth.came_over_tls(scope):
            scope = {**scope, "scheme": "wss" if is_socket else "https"}
        else:
            scope = {**scope, "scheme": "ws" if is_socket else "http"}
        if any(_is_slow_to_parse(name, value) for name, value in scope["headers"]):
            scope = {**scope, "headers": list(_without_slow_cookies(scope["headers"]))}
        if is_socket:
            await self._application(scope, receive, send)  # checks the host with the origin
        else:
            await self._respond(scope, receive, send)

    async def _respond(self, scope: Any, receive: Any, send: Any) -> None:
        has_started = False

        async def send_with_headers(message: Any) -> None:
            nonlocal has_started
            has_started = True
            if message["type"] == "http.response.start":
                message = {**message, "headers": with_defaults(scope, message.get("headers", ()))}
            await send(message)

        if scope["path"] not in ANY_HOST_PATHS and not auth.is_own_host(scope):
            await respond_with_error_page(scope, send_with_headers, 400)
            return
        try:
            await self._application(scope, receive, send_with_headers)
        except Exception:
            # The server's own response would name the server.
            logger.exception("request.failed")
            if has_started:
                raise
            await respond_with_error_page(scope, send_with_headers, 500)


def _is_slow_to_parse(name: bytes, value: bytes) -> bool:
    """Return whether a header has quoted cookies.

    Python 3.11 needs time quadratic in their length: twenty seconds for the longest header.
    """
    return name == b"cookie" and b"\\" in value


def _without_slow_cookies(headers: Iterable[Header]) -> Iterator[Header]:
    """Yield the headers without quoted cookies. Livechat sets none."""
    for name, value in headers:
        if _is_slow_to_parse(name, value):
            kept = [cookie for cookie in value.split(b";") if b"\\" not in cookie]
            if kept:
                yield name, b";".join(kept)
        else:
            yield name, value


def with_defaults(scope: Any, response_headers: Iterable[Header]) -> list[Header]:
    """Return a response's headers, completed by the defaults that they lack."""
    headers = list(response_headers)
    present = {name.lower() for name, _value in headers}
    if settings.DEBUG:
        present.add(b"content-security-policy")  # Django's debug pages have inline styles
    headers += [item for item in DEFAULT_HEADERS.items() if item[0] not in present]
    is_secure = scope["scheme"] == "https"
    if is_secure and settings.SECURE_HSTS_SECONDS and b"strict-transport-security" not in present:
        headers.append((b"strict-transport-security", _hsts()))
    return headers


def _hsts() -> bytes:
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        parts.append("includeSubDomains")
    if settings.SECURE_HSTS_PRELOAD:
        parts.append("preload")
    return "; ".join(parts).encode()
