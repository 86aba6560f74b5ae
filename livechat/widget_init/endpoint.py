"""``GET /widget/<key>/init``: the loader requests it on every page of a customer's website.

A plain ASGI route before Django. It responds from a snapshot in memory
(`docs/decisions/0019-init-asks-no-database.md`), also while the database is unavailable.

Query: ``url`` is the page's address, ``lang`` its language; in a demonstration, ``address``
replaces the client's IP address. The response is JSON (`InitResponse`). Errors: 403 for a website
that the channel does not allow, 404 for an unknown channel, 405 for other methods, 429 above the
rate limit of an address, 503 without a snapshot.
"""

import re
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
import structlog
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from livechat import auth, languages
from livechat.asgi_responses import JSON, error_body, respond
from livechat.domain import origins, rules, widget
from livechat.domain.enumerations import ButtonAction
from livechat.domain.ip_addresses import normal_address, source_of
from livechat.domain.rules import Page
from livechat.integrations.geoip import countries
from livechat.limiter import limiter
from livechat.widget_init.query import parameters
from livechat.widget_init.snapshot import RETRY_SECONDS, snapshot

logger = structlog.stdlib.get_logger(__name__)

ORIGIN = re.compile(rb"https?://[\x21-\x7e]{1,290}")


class Labels(msgspec.Struct, frozen=True):
    """Accessible names of the button (to open, to close) and of the notification's close button."""

    open: str
    close: str
    dismiss: str


class InitResponse(msgspec.Struct, frozen=True):
    """What the widget does on this page.

    `timer` is in seconds; `text` is the notification; the loader requests this again after
    `again_in` seconds; `text` and `labels` are in the language of the chat.
    """

    action: ButtonAction
    timer: int
    text: str
    available: bool
    again_in: int
    labels: Labels


_encode = msgspec.json.Encoder().encode
_HEADERS = (
    (b"content-type", JSON),
    (b"cache-control", b"no-store"),
    (b"vary", b"Origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)


async def init(scope: Any, _receive: Any, send: Any, *, key: str) -> None:
    """Respond to one request for the channel with this widget key."""
    refusal = limiter.request(source_of(auth.client_address(scope)), time.monotonic())
    if refusal is None:
        await snapshot.current()  # waits for the first
        status, body, origin = _answer(scope, key)
    else:
        status, origin = refusal.status, ""
        body = error_body(refusal.code, refusal.seconds)
    headers = [*_HEADERS]
    if origin:
        headers.append((b"access-control-allow-origin", origin.encode("latin-1")))
    if status == 503 or refusal is not None:
        seconds = refusal.seconds if refusal else RETRY_SECONDS
        headers.append((b"retry-after", b"%d" % seconds))
    if status == 405:
        headers.append((b"allow", b"GET, HEAD"))
    await respond(scope, send, status, body, headers=headers)


def _answer(scope: Any, key: str) -> tuple[int, bytes, str]:
    """Return status, body, and the origin that may read the response ("": none)."""
    origin, is_readable = _origin(scope)
    if scope["method"] not in ("GET", "HEAD"):
        return 405, error_body("method_not_allowed"), ""
    if not is_readable:
        return 403, error_body("website_not_allowed"), ""
    if snapshot.widgets is None:
        return 503, error_body("unavailable", RETRY_SECONDS), origin
    asked = snapshot.widgets.get(key)
    if asked is None:
        return 404, error_body("no_such_channel"), origin
    # No Origin header: no browser, or a page of this host (browsers omit it in same-origin GETs).
    if origin and not origins.is_allowed(asked.origins, origin) and not auth.is_own_origin(scope):
        return 403, error_body("website_not_allowed"), ""
    query = parameters(scope)
    page = Page(
        url=rules.normal_url(query.get("url", "")),
        country=countries.of(_address(scope, query)) if asked.by_country else "",
        operator_available=asked.available,
    )
    found = widget.answer(asked.rules, page, asked.absence)
    if origin:
        snapshot.note_website(asked.channel, origin)
    browser = auth.accept_language(scope)
    language = languages.chat_language(asked.language, query.get("lang", ""), browser).shown
    body = InitResponse(
        action=found.action,
        timer=found.timer_seconds,
        text=asked.texts[language],
        available=found.available,
        again_in=found.again_in,
        labels=_labels(language),
    )
    return 200, _encode(body), origin


@cache
def _labels(language: str) -> Labels:
    """Return the labels in `language`, one of those that the product is translated into."""
    with translation.override(language):
        return Labels(open=_("Open chat"), close=_("Close chat"), dismiss=_("Dismiss"))


def _origin(scope: Any) -> tuple[str, bool]:
    """Return the Origin header ("" without one), and whether it is valid.

    A long origin is invalid and never cut: the cut name could belong to another website.
    """
    found = [value for name, value in scope["headers"] if name == b"origin"]
    if not found:
        return "", True
    if len(found) > 1 or not ORIGIN.fullmatch(found[0]):
        return "", False
    return found[0].decode("ascii"), True


def _address(scope: Any, query: Mapping[str, str]) -> str:
    claimed = query.get("address", "") if settings.DEMO else ""
    return normal_address(claimed) or auth.client_address(scope)
