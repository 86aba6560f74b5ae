"""Which cookies of a browser reach the application."""

import http.cookies
from typing import Any

import pytest
from django.http import parse_cookie

from config.http.host_and_headers import HostAndHeaders
from tests.asgi import http_scope

WORST = b'theirs="' + b"\\" * 30_000 + b'"'
"""Other programs on the same domain may set cookies, which the browser sends too."""


async def passed(kind: str, *cookies: bytes) -> list[bytes]:
    """Return the cookie headers that an application behind `HostAndHeaders` receives."""
    seen: list[bytes] = []

    async def application(scope: Any, _receive: Any, _send: Any) -> None:
        seen.extend(value for name, value in scope["headers"] if name == b"cookie")

    async def nothing(*_: Any) -> None:
        """Stands for `receive` and `send`, which are not used."""

    scope = http_scope(path="/healthz") | {"type": kind}
    scope["headers"] += [(b"cookie", cookie) for cookie in cookies]
    await HostAndHeaders(application)(scope, nothing, nothing)
    return seen


@pytest.mark.parametrize("kind", ["http", "websocket"])
async def test_quoted_cookies_never_reach_the_reader_that_is_slow_with_them(kind, monkeypatch):
    read: list[str] = []
    monkeypatch.setattr(http.cookies, "_unquote", read.append)

    header = await passed(kind, b"sessionid=mine; " + WORST + b"; csrftoken=too", WORST)
    parse_cookie(b"; ".join(header).decode("latin-1"))

    assert read == ["mine", "too"]


async def test_other_cookies_stay_as_they_are():
    assert await passed("http", b'a="b c"; d=e', b"f") == [b'a="b c"; d=e', b"f"]
