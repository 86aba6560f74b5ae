"""Pages of the Admin that are no list of rows: what is to come, told honestly."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from livechat.admin.visibility import actor_of, may_read_some


def may_see_chatbots(request: HttpRequest) -> bool:
    return actor_of(request).is_manager


def may_see_report(request: HttpRequest) -> bool:
    actor = actor_of(request)
    return actor.is_manager or actor.is_analyst


def chatbots(request: HttpRequest) -> HttpResponse:
    """Say that there are none yet."""
    if not may_see_chatbots(request):
        raise PermissionDenied
    return _page(request, "admin/livechat/chatbots.html", _("Chatbots"))


def report(request: HttpRequest) -> HttpResponse:
    """Say what can be seen already."""
    if not may_see_report(request):
        raise PermissionDenied
    return _page(request, "admin/livechat/report.html", _("Report"))


def _page(request: HttpRequest, template: str, title: str) -> HttpResponse:
    context = {
        **admin.site.each_context(request),
        "title": title,
        "has_archive": may_read_some(actor_of(request)),
    }
    return TemplateResponse(request, template, context)


def addresses() -> list[URLPattern]:
    """Return the pages' addresses, below `/admin/`."""
    return [
        path("chatbots/", admin.site.admin_view(chatbots), name="livechat_chatbots"),
        path("report/", admin.site.admin_view(report), name="livechat_report"),
    ]


admin.site.extra_urls = addresses  # type: ignore[attr-defined]  # unfold's hook for pages
