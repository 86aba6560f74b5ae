"""Pages: the widget's loader and frame, the dashboard, signing in."""

import json
import posixpath
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from livechat import visitor_view, wire
from livechat.errors import LivechatError
from livechat.models import Channel
from livechat.services import assignment, operators, visitors

SOURCES = Path(settings.BASE_DIR) / "static"
LOADER = SOURCES / "livechat/loader.js"
PLACEHOLDER = "__CONFIG__"
IMPORT = re.compile(r'^(?:import|export)\b[^"]*"(\.[^"]+)"', re.MULTILINE)


@require_safe
def loader(request: HttpRequest, key: str) -> HttpResponse:
    """The one script a website embeds: draws the launcher, opens the frame on demand."""
    channel = _channel(key)
    view = _public(channel, request)
    config = {
        "key": channel.key,
        "origin": f"{request.scheme}://{request.get_host()}",
        "frame": request.build_absolute_uri(f"/widget/{channel.key}/frame/"),
        "name": view.name,
        "button_text": view.button_text,
        "button_background": view.button_background,
        "button_foreground": view.button_foreground,
        "header_background": view.header_background,
        "header_text": view.header_text,
        "available": view.available,
        "action": "display_button",
    }
    # JSON is JavaScript; "<" is escaped so that the text is safe inside a <script> as well.
    text = json.dumps(config).replace("<", "\\u003c")
    response = HttpResponse(
        _loader_source().replace(PLACEHOLDER, text), content_type="text/javascript; charset=utf-8"
    )
    response["Cache-Control"] = "public, max-age=300, stale-while-revalidate=86400"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
@xframe_options_exempt
@never_cache
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The chat itself, in an iframe on the customer's page."""
    channel = _channel(key)
    language = translation.get_language() or "en"
    config = {
        "key": channel.key,
        "socket": f"/ws/visitor/{channel.key}/",
        "language": language,
        "channel": _plain(_public(channel, request)),
    }
    context = {"config": config, "channel": channel, "modules": _modules("livechat/widget/main.js")}
    response = render(request, "livechat/widget/frame.html", context)
    # What `csp_replace` sets; the decorator cannot know the channel.
    response._csp_replace = {"frame-ancestors": channel.origins or ["*"]}  # type: ignore[attr-defined]
    # Opened by pages of other sites: their opener and embedder policies must not lock it out.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
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
    config = {
        "socket": "/ws/staff/",
        "user": actor.name,
        "id": str(request.user.pk),
        "logout": "/logout/",
        "admin": "/admin/" if getattr(request.user, "is_staff", False) else None,
        "language": translation.get_language() or "en",
    }
    context = {"config": config, "modules": _modules("livechat/dashboard/main.js")}
    return render(request, "livechat/dashboard/inbox.html", context)


class SignIn(LoginView):
    """One sign-in page for dashboard, reports and Admin."""

    template_name = "livechat/login.html"
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Ends the session; open sockets of it are closed by the pulse."""


def _channel(key: str) -> Channel:
    try:
        return visitors.channel_of(key)
    except LivechatError:
        raise Http404 from None


def _public(channel: Channel, request: HttpRequest) -> wire.PublicChannel:
    return visitor_view.channel(
        channel,
        available=assignment.is_anybody_available(channel, timezone.now()),
        language=translation.get_language() or "",
    )


def _plain(struct: Any) -> Any:
    return json.loads(wire.encode(struct))


@cache
def _modules(entry: str) -> list[str]:
    """Return the addresses of all modules that `entry` imports, directly or not.

    The page names them, so that the browser fetches them at once instead of level by level.
    """
    found = [entry]
    for name in found:  # grows while it is walked
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
