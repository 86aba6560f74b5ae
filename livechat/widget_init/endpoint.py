"""What the loader asks on every page of a customer's website: ``GET /widget/<key>/init``.

A plain ASGI route before Django, answered from a snapshot in memory, because it is asked more often
than everything else together (decision 23). While the database is away it says what it last knew.

Query: ``url`` the page's address, ``lang`` its language; on a demonstration also ``address``, to be
taken for another address than one's own. Answers JSON (`Answer`); 403 for a website the channel
does not allow, 404 for no such channel, 429 for an address that asks too much, 503 before the first
snapshot.
"""

import asyncio
import contextlib
import ipaddress
import re
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import unquote_plus

import msgspec
import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from livechat import auth, events
from livechat.asgi_responses import JSON, error_body, respond
from livechat.bus import bus
from livechat.database import database_time
from livechat.domain import origins, rules, widget
from livechat.domain.ip_addresses import source_of
from livechat.domain.rules import Page
from livechat.domain.states import ButtonAction
from livechat.errors import LivechatError
from livechat.integrations.geoip import countries
from livechat.limiter import limiter
from livechat.services import widgets
from livechat.services.widgets import Widget

logger = structlog.stdlib.get_logger(__name__)

PATH = re.compile(r"/widget/([-a-zA-Z0-9_]{1,32})/init")
REFRESH_SECONDS = 5.0
"""How old a snapshot gets where no event tells of a change, as when an operator's lease ends."""
GATHER_SECONDS = 0.1
"""Changes come in twos and threes; one reading serves them."""
SHARE = 0.1
"""How much of the time is spent on reading at most: where there are thousands of operators it takes
a while, and when they all come in the morning each of them is a change."""
REMEMBER_SECONDS = 60.0
"""A website is noted down once in this time."""
MAX_SIGHTINGS = 1_000
"""Websites waiting to be noted down; who claims more of them is not noted."""
MAX_OF_A_CHANNEL = 10
"""The same, of one channel, between two snapshots."""
AWAY_SECONDS = 5
"""When to ask again while there is no snapshot yet."""
MAX_QUERY = 16_384
ASKED = ("url", "lang", "address")
MAX_ADDRESS = 45
ORIGIN = re.compile(rb"https?://[\x21-\x7e]{1,290}")

Run = Callable[..., Awaitable[Any]]


class Labels(msgspec.Struct, frozen=True):
    """What the button and the notification's cross are called, for who cannot see them."""

    open: str
    close: str
    dismiss: str


class Answer(msgspec.Struct, frozen=True):
    """What the widget does on this page. `timer` in seconds; `text` the notification;
    `again_in` seconds until the page should ask again; `labels` in the page's language."""

    action: ButtonAction
    timer: int
    text: str
    available: bool
    again_in: int
    labels: Labels


class Board:
    """The snapshot of this process, and what was seen since the last one."""

    def __init__(self) -> None:
        self.widgets: Mapping[str, Widget] | None = None
        self._sightings: dict[tuple[int, str], datetime] = {}
        self._noted: dict[tuple[int, str], float] = {}
        self._seen: Counter[int] = Counter()
        self._changed = asyncio.Event()

    def deliver(self, frame: str) -> None:
        """Hear from the bus that something changed."""
        self._changed.set()

    def saw(self, channel: int, origin: str) -> None:
        """Note that a page of a website asked for a channel's widget."""
        key = (channel, origin)
        now = time.monotonic()
        if now - self._noted.get(key, -REMEMBER_SECONDS) < REMEMBER_SECONDS:
            return
        if len(self._sightings) < MAX_SIGHTINGS and self._seen[channel] < MAX_OF_A_CHANNEL:
            self._seen[channel] += 1
            self._noted[key] = now
            self._sightings[key] = database_time.now()

    async def keep(self, run: Run) -> None:
        """Keep the snapshot fresh for ever; `run` calls a service in a thread.

        The first one is the caller's: whoever serves waits for it before he answers.
        """
        self._changed = asyncio.Event()
        bus.registry.join(self, events.WIDGETS)
        took = 0.0
        try:
            while True:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(REFRESH_SECONDS):
                        await self._changed.wait()
                        await asyncio.sleep(max(GATHER_SECONDS, took / SHARE))
                began = time.monotonic()
                await self.refresh(run)
                took = time.monotonic() - began
        finally:
            bus.registry.drop(self)

    async def refresh(self, run: Run) -> None:
        """Read the widgets anew and write down what was seen; keep both when that fails."""
        self._changed.clear()
        seen, self._sightings = self._sightings, {}
        self._seen.clear()
        kept = seen
        try:
            self.widgets = await run(widgets.snapshot)
            if seen:
                await run(widgets.remember, seen)
            kept = {}
        except LivechatError as error:
            logger.warning("widgets.stale", code=error.code)
        except Exception:  # the one who keeps this alive for ever; see `HeartbeatLoop.run`
            logger.exception("widgets.failed")
            kept = {}  # whatever it was, it must not come again every time
        waiting = {**kept, **self._sightings}
        self._sightings = dict(list(waiting.items())[-MAX_SIGHTINGS:])
        self._forget()

    def _forget(self) -> None:
        limit = time.monotonic() - REMEMBER_SECONDS
        self._noted = {key: at for key, at in self._noted.items() if at > limit}


board = Board()
"""This process's snapshot."""

_encode = msgspec.json.Encoder().encode
_HEADERS = (
    (b"content-type", JSON),
    (b"cache-control", b"no-store"),
    (b"vary", b"Origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


async def init(scope: Any, _receive: Any, send: Any, *, key: str) -> None:
    """Answer one request for the channel with this widget key."""
    refusal = limiter.request(source_of(auth.client_address(scope)), time.monotonic())
    if refusal is None:
        status, body, origin = _answer(scope, key)
    else:
        status, origin = refusal.status, ""
        body = error_body(refusal.code, refusal.seconds)
    headers = [*_HEADERS]
    if origin:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
    if status == 503 or refusal is not None:
        seconds = refusal.seconds if refusal else AWAY_SECONDS
        headers.append((b"retry-after", b"%d" % seconds))
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await respond(scope, send, status, body, headers=headers)


def _answer(scope: Any, key: str) -> tuple[int, bytes, str]:
    """Return status, body and the website that may read it."""
    origin, is_readable = _origin(scope)
    if scope["method"] not in ("GET", "HEAD"):
        return 405, error_body("method_not_allowed"), ""
    if not is_readable:
        return 403, error_body("website_not_allowed"), ""
    if board.widgets is None:
        return 503, error_body("unavailable", AWAY_SECONDS), origin
    asked = board.widgets.get(key)
    if asked is None:
        return 404, error_body("no_such_channel"), origin
    # No origin: not a browser, or a page of our own host, which does not name itself in a GET.
    if origin and not origins.is_allowed(asked.origins, origin) and not auth.is_own_origin(scope):
        return 403, error_body("website_not_allowed"), ""
    query = _query(scope["query_string"][:MAX_QUERY].decode("latin-1"))
    page = Page(
        url=rules.normal_url(query.get("url", "")),
        country=countries.of(_address(scope, query)) if asked.by_country else "",
        operator_available=asked.available,
    )
    found = widget.answer(asked.rules, page, asked.absence)
    if origin:
        board.saw(asked.channel, origin)
    language = query.get("lang", "")[:35]
    body = Answer(
        action=found.action,
        timer=found.timer_seconds,
        text=asked.text(language),
        available=found.available,
        again_in=found.again_in,
        labels=_labels(language),
    )
    return 200, _encode(body), origin


@lru_cache(maxsize=256)
def _labels(language: str) -> Labels:
    """Return the labels in `language`, or in the installation's where it is none of ours."""
    try:
        code = translation.get_supported_language_variant(language)
    except LookupError:
        code = settings.LANGUAGE_CODE
    with translation.override(code):
        return Labels(open=_("Open chat"), close=_("Close chat"), dismiss=_("Dismiss"))


def _query(text: str) -> dict[str, str]:
    """Return what is asked; the first of each. A general parser costs as much as all the rest."""
    found: dict[str, str] = {}
    for part in text.split("&"):
        name, _equals, value = part.partition("=")
        if name in ASKED and name not in found:
            found[name] = unquote_plus(value) if "%" in value or "+" in value else value
    return found


def _origin(scope: Any) -> tuple[str, bool]:
    """Return what the website calls itself, and whether that can be understood.

    Never cut: half a name is another website's.
    """
    found = [value for name, value in scope["headers"] if name == b"origin"]
    if not found:
        return "", True
    if len(found) > 1 or not ORIGIN.fullmatch(found[0]):
        return "", False
    return found[0].decode("ascii"), True


def _address(scope: Any, query: Mapping[str, str]) -> str:
    claimed = query.get("address", "") if settings.DEMO else ""
    if claimed and len(claimed) <= MAX_ADDRESS and "%" not in claimed:
        with contextlib.suppress(ValueError):
            return str(ipaddress.ip_address(claimed))
    return auth.client_address(scope)
