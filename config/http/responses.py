"""Responses that are sent before Django: small answers, error pages, and rejections that close
the connection."""

import asyncio
import contextlib
import io
from collections.abc import Iterable
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.utils import translation
from django.utils.translation import gettext as _

from config import error_pages
from livechat import languages
from livechat.asgi_responses import JSON, Header, error_body, respond
from livechat.limiter import Refusal

SAFE_METHODS = ("GET", "HEAD")
DRAIN_SECONDS = 2
DRAIN_BYTES = 4 * 1024 * 1024


async def respond_to_read(
    scope: Any,
    send: Any,
    status: int,
    body: bytes,
    content_type: bytes = JSON,
    headers: Iterable[Header] = (),
) -> None:
    """Send an uncached response to GET or HEAD; 405 for other methods."""
    if scope["method"] not in SAFE_METHODS:
        status, body, content_type = 405, error_body("method_not_allowed"), JSON
        headers = [(b"allow", b"GET, HEAD")]
    standard = [
        (b"content-type", content_type),
        (b"cache-control", b"private, no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await respond(scope, send, status, body, headers=[*standard, *headers])


async def respond_with_error_page(scope: Any, send: Any, status: int) -> None:
    """Send what `error_pages` renders: a page, or JSON for programs."""
    body, headers = _error_page(scope, status)
    await respond(scope, send, status, body, headers=headers)


async def reject(
    scope: Any,
    receive: Any,
    send: Any,
    status: int,
    code: str,
    *,
    retry_after: int | None = None,
    text: str = "",
    drain_bytes: int = DRAIN_BYTES,
) -> None:
    """Send an error in JSON, or `text`, and close the connection.

    `retry_after` in seconds; a browser that shows `text` reloads the page after that time.
    """
    headers = [
        (b"content-type", (b"text/plain" if text else JSON) + b"; charset=utf-8"),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    if retry_after is not None:
        headers.append((b"retry-after", b"%d" % retry_after))
        if text:
            headers.append((b"refresh", b"%d" % retry_after))
    body = text.encode() or error_body(code, retry_after)
    await _respond_and_close(scope, receive, send, status, body, headers, drain_bytes)


async def reject_with_error_page(
    scope: Any,
    receive: Any,
    send: Any,
    status: int,
    *,
    drain_bytes: int = DRAIN_BYTES,
    **context: Any,
) -> None:
    """Send what `error_pages` renders, and close the connection."""
    body, headers = _error_page(scope, status, **context)
    await _respond_and_close(scope, receive, send, status, body, headers, drain_bytes)


async def reject_over_limit(scope: Any, receive: Any, send: Any, refusal: Refusal) -> None:
    """Send 429 or 503: a text that reloads itself to browsers, JSON to programs."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    text = ""
    if "text/html" in headers.get(b"accept", ""):
        page = languages.of_query(scope["query_string"].decode("latin-1"))
        text = _busy_text(page, headers.get(b"accept-language", ""))
    await reject(
        scope,
        receive,
        send,
        refusal.status,
        refusal.code,
        retry_after=refusal.seconds,
        text=text,
    )


def _busy_text(*wishes: str) -> str:
    with translation.override(languages.chat_language(*wishes).shown):
        return _("High demand right now. This page retries automatically.")


def _error_page(scope: Any, status: int, **context: Any) -> tuple[bytes, list[Header]]:
    response = error_pages.answer(ASGIRequest(scope, io.BytesIO()), status, **context)
    return response.content, [(k.lower().encode(), v.encode()) for k, v in response.items()]


async def _respond_and_close(
    scope: Any,
    receive: Any,
    send: Any,
    status: int,
    body: bytes,
    headers: list[Header],
    drain_bytes: int,
) -> None:
    """Respond, read up to `drain_bytes` of the request's body, and close the connection.

    A connection that is closed while the client still sends is reset, and the client would not
    see the response.
    """
    headers = [*headers, (b"connection", b"close")]
    await respond(scope, send, status, body, headers=headers, more_body=True)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_SECONDS):
            while drain_bytes > 0:
                message = await receive()
                if not message.get("more_body"):
                    break
                drain_bytes -= len(message.get("body", b""))
    await send({"type": "http.response.body", "body": b""})
