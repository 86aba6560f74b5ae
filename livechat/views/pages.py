"""Pages: the widget's loader and frame, the chat page, the dashboard, sign-in and sign-out."""

import contextlib
import gzip
import hashlib
import json
import posixpath
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlencode

import brotli
from csp.constants import SELF
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import get_supported_language_variant
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from livechat import wire
from livechat.database import database_time
from livechat.domain import colours, preferences
from livechat.errors import LivechatError
from livechat.models import Channel
from livechat.services import operators, visitors

SOURCES = Path(settings.BASE_DIR) / "static"
LOADER = SOURCES / "livechat/loader.js"
JAVASCRIPT = "text/javascript; charset=utf-8"
PLACEHOLDER = "__CONFIG__"
IMPORT = re.compile(r'^(?:import|export)\b[^";]*"(\.\.?/[^"]+)"', re.MULTILINE)


@require_safe
def loader(request: HttpRequest, key: str) -> HttpResponse:
    """The one script that a website embeds: draws the button, fetches the rest on demand."""
    try:
        channel = visitors.channel_of(key)
    except LivechatError:
        # Also a script: a browser would block an HTML page, and its console would not say why.
        response = HttpResponse("// There is no such channel.\n", JAVASCRIPT, status=404)
        response["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response
    config: dict[str, Any] = {
        "key": channel.key,
        # Paths only: any client can send another port in `Host`, and caches keep the response.
        "frame": f"/widget/{channel.key}/frame/",
        "init": f"/widget/{channel.key}/init?{_pretended(request)}",
        "panel": static("livechat/embed/panel.js"),
        "name": channel.name,
        "theme": channel.theme,
        "position": channel.button_position,
        "offset": {"x": channel.button_offset_x, "y": channel.button_offset_y},
        "button_background": channel.button_background_color,
        "button_foreground": _visible(channel.button_text_color, channel.button_background_color),
    }
    if request.is_secure():
        config["secure"] = True
    if channel.language:
        config["language"] = channel.language
    # JSON is JavaScript; "<" is escaped so that the text is safe inside a <script> as well.
    text = json.dumps(config).replace("<", "\\u003c")
    script = _loader_source().replace(PLACEHOLDER, text)
    encoding = _encoding(request.headers.get("Accept-Encoding", ""))
    body = _encoded(script, encoding)
    response = HttpResponse(body, JAVASCRIPT)
    if encoding:
        response["Content-Encoding"] = encoding
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    response["ETag"] = quote_etag(hashlib.sha256(body).hexdigest()[:32])
    # The same for every client: no session, no language.
    answer = get_conditional_response(request, etag=response["ETag"], response=response)
    return cast(HttpResponse, answer)


@require_safe
@xframe_options_exempt
@never_cache
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The chat in an iframe on the customer's page."""
    channel = _channel(key)
    with _language(request, channel):
        response = _chat(request, channel, "livechat/widget/frame.html")
    # What `csp_replace` sets; the decorator cannot know the channel. SELF: the Admin's own pages
    # and the demo are on this host.
    ancestors = [SELF, *channel.origins] if channel.origins else ["*"]
    response._csp_replace = {"frame-ancestors": ancestors}  # type: ignore[attr-defined]
    # Pages of other sites embed it: their opener and embedder policies must not block it. One with
    # an embedder policy only embeds frames that have one too.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cross-Origin-Embedder-Policy"] = "require-corp"
    return response


@require_safe
@never_cache
def chat(request: HttpRequest, slug: str) -> HttpResponse:
    """The direct chat link: the chat as a page of its own."""
    channel = Channel.objects.active().filter(slug=slug).first()
    if channel is None:
        raise Http404
    with _language(request, channel):
        response = _chat(request, channel, "livechat/chat.html")
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@login_required
@never_cache
def dashboard(request: HttpRequest) -> HttpResponse:
    """The operator's inbox."""
    assert request.user.pk is not None  # login_required
    actor = operators.staff_actor(request.user.pk)
    if not actor.may_enter:
        raise PermissionDenied
    language = translation.get_language() or "en"
    config = {
        "socket": "/ws/staff/",
        "user": actor.name,
        "id": str(request.user.pk),
        "logout": "/logout/",
        "admin": "/admin/" if getattr(request.user, "is_staff", False) else None,
        "language": language,
        "profile": "/profile/",
        "preferences": preferences.read(getattr(request.user, "preferences", None)).plain(),
    }
    context = {
        "config": config,
        "modules": _modules("livechat/dashboard/main.js"),
        "texts": _texts(language),
    }
    return render(request, "livechat/dashboard/inbox.html", context)


class SignIn(LoginView):
    """One sign-in page for dashboard, reports and Admin."""

    template_name = "livechat/login.html"
    redirect_authenticated_user = True

    def get_success_url(self) -> str:
        """Lead where the person wanted to go, if that is not the inbox that is not for them; else
        to the first page that is."""
        assert self.request.user.pk is not None  # signed in by now
        wanted = self.get_redirect_url()
        if operators.staff_actor(self.request.user.pk).may_enter:
            return wanted or reverse("dashboard")
        if wanted and not wanted.startswith(reverse("dashboard")):
            return wanted
        if getattr(self.request.user, "is_staff", False):
            return reverse("admin:index")
        return resolve_url(settings.LOGIN_REDIRECT_URL)


class SignOut(LogoutView):
    """Ends the login session and its sockets in every process (`consumers/session_watch.py`)."""


def _channel(key: str) -> Channel:
    try:
        return visitors.channel_of(key)
    except LivechatError:
        raise Http404 from None


def _chat(request: HttpRequest, channel: Channel, template: str) -> HttpResponse:
    language = translation.get_language() or "en"
    config = {
        "key": channel.key,
        "socket": f"/ws/visitor/{channel.key}/",
        "language": language,
        "channel": _plain(_public(channel, request)),
        "now": database_time.now().isoformat(),
    }
    context = {
        "config": config,
        "channel": channel,
        "address": request.build_absolute_uri(request.path),
        "modules": _modules("livechat/widget/main.js"),
        "texts": _texts(language),
    }
    return render(request, template, context)


@contextlib.contextmanager
def _language(request: HttpRequest, channel: Channel) -> Iterator[None]:
    """Activate the channel's language, else that of ``?lang=`` if it is supported."""
    asked = channel.language or request.GET.get("lang", "")
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(LookupError):
            stack.enter_context(translation.override(get_supported_language_variant(asked)))
        yield


def _visible(colour: str, background: str) -> str:
    """Return `colour` if it is readable on `background`, else black or white."""
    if colours.contrast(colour, background) >= colours.ICON:
        return colour
    return max("#000000", "#ffffff", key=lambda end: colours.contrast(end, background))


def _pretended(request: HttpRequest) -> str:
    """Return a query part for `init` with the IP address that a page pretends, else "".

    Only in a demonstration, to try rules with a country.
    """
    address = request.GET.get("address") if settings.DEMO else None
    return f"{urlencode({'address': address[:45]})}&" if address else ""


def _encoding(accepted: str) -> str:
    """Return the encoding with the shortest result that the browser accepts, "" for none."""
    parts = [part.replace(" ", "") for part in accepted.split(",")]
    refused = re.compile(r";q=0(\.0*)?$")
    offered = {part.partition(";")[0] for part in parts if not refused.search(part)}
    return next((name for name in _ENCODERS if name in offered), "")


@lru_cache(maxsize=256)
def _encoded(text: str, encoding: str) -> bytes:
    return _ENCODERS.get(encoding, bytes)(text.encode())


_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": brotli.compress,
    "gzip": partial(gzip.compress, mtime=0),
}


def _public(channel: Channel, request: HttpRequest) -> wire.PublicChannel:
    return visitors.channel_view(channel, database_time.now(), translation.get_language() or "")


def _texts(language: str) -> str:
    """Return the URL of the browser's texts in `language`; "" without any: English is built in."""
    name = f"livechat/languages/{language}.json"
    return static(name) if (SOURCES / name).exists() else ""


def _plain(struct: Any) -> Any:
    return json.loads(wire.encode(struct))


@cache
def _modules(entry: str) -> list[str]:
    """Return the URLs of all modules that `entry` imports, directly or not.

    The page names them, so that the browser fetches them at once instead of level by level.
    """
    found = [entry]
    for name in found:  # grows during the loop
        for path in IMPORT.findall((SOURCES / name).read_text()):
            imported = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
            if imported not in found:
                found.append(imported)
    return [static(name) for name in found[1:]]


@cache
def _minified_loader() -> str:
    path = Path(settings.STATIC_ROOT) / "livechat/loader.js"
    return path.read_text() if path.exists() else LOADER.read_text()


def _loader_source() -> str:
    return LOADER.read_text() if settings.DEBUG else _minified_loader()
