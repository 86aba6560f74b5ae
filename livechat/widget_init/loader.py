"""``GET /widget/<key>/loader.js``: the one script that a website embeds.

A plain ASGI route before Django, like `init`. It responds from the same snapshot in memory.

Query: in a demonstration, ``address`` is the IP address that the page pretends in `init`. Errors:
404 for an unknown channel, 405 for other methods, 429 above the rate limit of an address, 503
without a snapshot. Their bodies are scripts too: a browser would block another type, and its
console would not say why.
"""

import asyncio
import gzip
import hashlib
import json
import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import brotli
from django.conf import settings
from django.templatetags.static import static
from django.utils.http import parse_etags

from livechat import auth
from livechat.asgi_responses import Header, respond
from livechat.domain import colours
from livechat.domain.ip_addresses import source_of
from livechat.limiter import limiter
from livechat.services.widgets import Look
from livechat.widget_init.query import parameters
from livechat.widget_init.snapshot import RETRY_SECONDS, snapshot

SOURCE = Path(settings.BASE_DIR) / "static/livechat/loader.js"
PLACEHOLDER = "__CONFIG__"
MAX_SCRIPTS = 2_048
"""Scripts kept in memory, at 4 to 12 KiB each. A channel has one for each encoding and scheme."""
MAX_ADDRESS = 45
REFUSED = re.compile(r";q=0(\.0*)?$")
JAVASCRIPT = (b"content-type", b"text/javascript; charset=utf-8")
FOR_ANY_SITE = (
    (b"cross-origin-resource-policy", b"cross-origin"),
    (b"access-control-allow-origin", b"*"),
)
CACHED = (
    (b"vary", b"Accept-Encoding"),
    (b"cache-control", b"public, max-age=300, stale-while-revalidate=86400"),
)


class Variant(NamedTuple):
    """What the script depends on.

    `address` is the pretended one, or "". `encoding` is a key of `_ENCODERS`, or "".
    """

    key: str
    look: Look
    is_secure: bool
    address: str
    encoding: str
    source: str


class Script(NamedTuple):
    """The encoded script, its ETag, and the headers of the response with it."""

    body: bytes
    etag: str
    headers: tuple[Header, ...]


_scripts: dict[Variant, Script] = {}
_thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="loader")


async def loader(scope: Any, _receive: Any, send: Any, *, key: str) -> None:
    """Respond to one request for the channel with this widget key."""
    refusal = limiter.request(source_of(auth.client_address(scope)), time.monotonic())
    if refusal is not None:
        await _fail(scope, send, refusal.status, "Too many requests.", _after(refusal.seconds))
        return
    if scope["method"] not in ("GET", "HEAD"):
        await _fail(scope, send, 405, "Use GET or HEAD.", (b"allow", b"GET, HEAD"))
        return
    widgets = await snapshot.current()
    if widgets is None:
        await _fail(scope, send, 503, "Not available yet.", _after(RETRY_SECONDS))
        return
    widget = widgets.get(key)
    if widget is None:
        await _fail(scope, send, 404, "There is no such channel.")
        return
    script = await _script(
        Variant(
            key=key,
            look=widget.look,
            is_secure=scope["scheme"] in auth.SECURE,
            address=parameters(scope).get("address", "")[:MAX_ADDRESS] if settings.DEMO else "",
            encoding=_encoding(_header(scope, b"accept-encoding")),
            source=SOURCE.read_text() if settings.DEBUG else _minified(),
        )
    )
    if _has_changed(script.etag, _header(scope, b"if-none-match")):
        await respond(scope, send, 200, script.body, headers=script.headers)
    else:
        etag = (b"etag", script.etag.encode())
        await respond(scope, send, 304, headers=[*CACHED, *FOR_ANY_SITE, etag])


async def _script(variant: Variant) -> Script:
    """Return the script from memory. A new one is made in a thread, because brotli takes 10 ms."""
    if (script := _scripts.get(variant)) is not None:
        return script
    return await asyncio.get_running_loop().run_in_executor(_thread, _remembered, variant)


def _remembered(variant: Variant) -> Script:
    """Return the script; make it if no earlier request has. There is one thread, so no lock."""
    if variant not in _scripts:
        if len(_scripts) >= MAX_SCRIPTS:
            del _scripts[next(iter(_scripts))]  # the oldest
        _scripts[variant] = _make(variant)
    return _scripts[variant]


def _make(variant: Variant) -> Script:
    # JSON is JavaScript; "<" is escaped so that the text is safe inside a <script> as well.
    config = json.dumps(_config(variant)).replace("<", "\\u003c")
    text = variant.source.replace(PLACEHOLDER, config)
    body = _ENCODERS.get(variant.encoding, bytes)(text.encode())
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = [JAVASCRIPT, *CACHED, *FOR_ANY_SITE, (b"etag", etag.encode())]
    if variant.encoding:
        headers.append((b"content-encoding", variant.encoding.encode()))
    return Script(body, etag, tuple(headers))


def _config(variant: Variant) -> dict[str, Any]:
    """Return the channel's settings for `static/livechat/loader.js` (`LoaderConfig`)."""
    key, look = variant.key, variant.look
    pretended = f"{urlencode({'address': variant.address})}&" if variant.address else ""
    config: dict[str, Any] = {
        "key": key,
        # Paths only: any client can send another port in `Host`, and caches keep the response.
        "frame": f"/widget/{key}/frame/",
        "init": f"/widget/{key}/init?{pretended}",
        "panel": static("livechat/embed/panel.js"),
        "name": look.name,
        "theme": look.theme,
        "position": look.position,
        "offset": {"x": look.offset_x, "y": look.offset_y},
        "button_background": look.background,
        "button_foreground": _visible(look.foreground, look.background),
    }
    if variant.is_secure:
        config["secure"] = True
    return config


def _visible(colour: str, background: str) -> str:
    """Return `colour` if it is readable on `background`, else black or white."""
    if colours.contrast(colour, background) >= colours.ICON:
        return colour
    return max("#000000", "#ffffff", key=lambda end: colours.contrast(end, background))


@cache
def _minified() -> str:
    path = Path(settings.STATIC_ROOT) / "livechat/loader.js"
    return (path if path.exists() else SOURCE).read_text()


def _encoding(accepted: str) -> str:
    """Return the encoding with the shortest result that the browser accepts, "" for none."""
    parts = [part.replace(" ", "") for part in accepted.split(",")]
    offered = {part.partition(";")[0] for part in parts if not REFUSED.search(part)}
    return next((name for name in _ENCODERS if name in offered), "")


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": partial(gzip.compress, mtime=0),
}


def _has_changed(etag: str, known: str) -> bool:
    """Return whether `etag` is not among those in the header ``If-None-Match``."""
    tags = parse_etags(known) if known else []
    # A proxy that compresses makes an ETag weak.
    return tags != ["*"] and etag not in [tag.removeprefix("W/") for tag in tags]


def _header(scope: Any, wanted: bytes) -> str:
    """Return a header, its repetitions joined by commas; "" without one."""
    return b",".join(value for name, value in scope["headers"] if name == wanted).decode("latin-1")


def _after(seconds: int) -> Header:
    return b"retry-after", b"%d" % seconds


async def _fail(scope: Any, send: Any, status: int, text: str, *headers: Header) -> None:
    body = f"// {text}\n".encode()
    await respond(scope, send, status, body, headers=[JAVASCRIPT, *FOR_ANY_SITE, *headers])
