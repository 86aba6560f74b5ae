"""Admin's menu, icon, style sheet and demo label: callbacks of `settings.UNFOLD`."""

from collections.abc import Callable
from typing import Any

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db.models import Model
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _

from chatbot.admin import may_see_chatbots
from livechat.admin.visibility import actor_of
from livechat.models import (
    CannedResponse,
    Channel,
    Conversation,
    Delivery,
    Expertise,
    Operator,
    Tag,
    User,
    Visitor,
    Webhook,
)
from reports.admin import may_see_report


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu; it has only the links that the user may open."""
    groups: list[tuple[str, list[dict[str, Any] | None]]] = [
        (
            _("Live Chat"),
            [
                _rows(request, _("Channels"), "storefront", Channel),
                _rows(request, _("Sessions"), "forum", Conversation),
                _rows(request, _("Visitors"), "person_search", Visitor),
                _page(request, _("Dashboard"), "headset_mic", "dashboard", _answers),
                _page(request, _("Your profile"), "account_circle", "profile", _answers),
            ],
        ),
        (
            _("Configuration"),
            [
                _page(
                    request, _("Chatbots"), "smart_toy", "admin:chatbot_chatbots", may_see_chatbots
                ),
                _rows(request, _("Canned Responses"), "quickreply", CannedResponse),
                _rows(request, _("Expertise"), "school", Expertise),
                _rows(request, _("Tags"), "sell", Tag),
                _rows(request, _("Webhooks"), "webhook", Webhook),
                _rows(request, _("Deliveries"), "outbox", Delivery),
            ],
        ),
        (
            _("Report"),
            [_page(request, _("Report"), "monitoring", "admin:reports_report", may_see_report)],
        ),
        (
            _("People"),
            [
                _rows(request, _("Operators"), "support_agent", Operator),
                _rows(request, _("Users"), "person", User),
                _rows(request, _("Groups"), "group", Group),
                _rows(request, _("Failed sign-ins"), "lock_clock", AccessAttempt),
            ],
        ),
    ]
    return [
        {"title": title, "separator": number > 0, "items": found}
        for number, (title, entries) in enumerate(groups)
        if (found := [entry for entry in entries if entry is not None])
    ]


def icon(request: HttpRequest) -> str:
    return static("livechat/icon.svg")


def style(request: HttpRequest) -> str:
    """Return Livechat's style sheet. It overrides unfold's rules, which are in cascade layers."""
    return static("livechat/admin-archive.css")


def environment(request: HttpRequest) -> list[str] | None:
    """Return the label of a demo, so that users do not mistake it for a real installation."""
    return [_("Demo"), "info"] if settings.DEMO else None


def _answers(request: HttpRequest) -> bool:
    return actor_of(request).may_enter


def _rows(
    request: HttpRequest, title: str, symbol: str, model: type[Model]
) -> dict[str, Any] | None:
    """Return the link to a list, or None if the user may not open it."""
    if not admin.site.get_model_admin(model).has_view_permission(request):
        return None
    options = model._meta
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")
    return _entry(request, title, symbol, address)


def _page(
    request: HttpRequest,
    title: str,
    symbol: str,
    name: str,
    may_see: Callable[[HttpRequest], bool],
) -> dict[str, Any] | None:
    return _entry(request, title, symbol, reverse(name)) if may_see(request) else None


def _entry(request: HttpRequest, title: str, symbol: str, address: str) -> dict[str, Any]:
    active = request.path.startswith(address)
    return {"title": title, "icon": symbol, "link": address, "active": active}
