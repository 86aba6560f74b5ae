"""The front page of the installation, and the redirect from Admin's login page."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from livechat.models import User
from livechat.services import operators


@dataclass(frozen=True, slots=True)
class Place:
    """A link on the front page; `icon` names a drawing in its template."""

    icon: str
    title: str
    text: str
    address: str


@require_safe
@never_cache
def home(request: HttpRequest) -> HttpResponse:
    """Redirect users who may enter the dashboard to it; show all others the front page."""
    user = request.user
    if isinstance(user, User) and operators.staff_actor(user.pk).may_enter:
        return redirect("dashboard")
    return render(request, "front_page.html", {"places": _places(user), "demo": settings.DEMO})


def admin_login(request: HttpRequest) -> HttpResponse:
    """Redirect to the one sign-in page; 403 for users without access, to avoid a redirect loop."""
    user = request.user
    if user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect(reverse("login", query=request.GET))


def _places(user: User | AnonymousUser) -> list[Place]:
    """Return the links for a user without access to the dashboard, or who is not signed in."""
    places = []
    if settings.DEMO:
        places.append(Place("shop", _("Demo shop"), _("Chat as a visitor."), reverse("demo")))
    if not user.is_authenticated:
        text = _("Answer visitors as an operator.")
        places.append(Place("inbox", _("Inbox"), text, reverse("dashboard")))
    if not user.is_authenticated or user.is_staff:
        text = _("Channels, people and past conversations.")
        places.append(Place("admin", _("Administration"), text, reverse("admin:index")))
    return places
