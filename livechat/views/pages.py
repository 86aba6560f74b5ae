"""Pages: the widget's frame, the chat page, the dashboard, sign-in and sign-out."""

import json
import posixpath
import re
from functools import cache
from pathlib import Path

from csp.constants import SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render, resolve_url
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from livechat import languages, wire
from livechat.database import database_time
from livechat.domain import preferences
from livechat.errors import LivechatError
from livechat.models import Channel
from livechat.services import operators, visitors

SOURCES = Path(settings.BASE_DIR) / "static"
IMPORT = re.compile(r'^(?:import|export)\b[^";]*"(\.\.?/[^"]+)"', re.MULTILINE)


@require_safe
@xframe_options_exempt
@never_cache
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The chat in an iframe on the customer's page."""
    channel = _channel(key)
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
    response = _chat(request, channel, "livechat/chat.html")
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
@login_required
@never_cache
@csp_replace({"trusted-types": ["notification-worker"]})  # starts the service worker, nothing else
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


@require_safe
@never_cache
def notification_worker(request: HttpRequest) -> HttpResponse:
    """The inbox's service worker, which may only serve pages below its own address.

    The browser requests it again at most once a day, and the same for all users.
    """
    script = (SOURCES / "livechat/dashboard/notification-worker.js").read_bytes()
    return HttpResponse(script, content_type="text/javascript")


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
    language = languages.of_request(request, channel.language)
    public = visitors.channel_view(channel, database_time.now(), language.shown)
    config = {
        "key": channel.key,
        "socket": f"/ws/visitor/{channel.key}/",
        "language": language.shown,
        "languages": language.wish,
        "channel": json.loads(wire.encode(public)),
        "now": database_time.now().isoformat(),
    }
    context = {
        "config": config,
        "channel": channel,
        "address": request.build_absolute_uri(request.path),
        "modules": _modules("livechat/widget/main.js"),
        "texts": _texts(language.shown),
    }
    with translation.override(language.shown):
        return render(request, template, context)


def _texts(language: str) -> str:
    """Return the URL of the browser's texts in `language`; "" without any: English is built in."""
    name = f"livechat/languages/{language}.json"
    return static(name) if (SOURCES / name).exists() else ""


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
