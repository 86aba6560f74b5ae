"""Admin's views besides lists and forms: search in the menu, autocomplete, and pages of apps."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied
from django.core.paginator import InvalidPage
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.sites import UnfoldAdminSite

from livechat.domain.search import fold, term_of

_pages: list[URLPattern] = []


def add_page(route: str, view: Callable[[HttpRequest], HttpResponse], name: str) -> None:
    """Add `view` at `route` below `/admin/`, for staff only. Call it while an app loads `admin`."""
    _pages.append(path(route, admin.site.admin_view(view), name=name))


def page(request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
    """Return a response that renders `template` inside Admin's layout."""
    frame = admin.site.each_context(request)
    return TemplateResponse(request, template, {**frame, "title": title, **context})


def search(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """Return unfold's search results. Raises Http404 for a page that does not exist."""
    try:
        found: HttpResponse = UnfoldAdminSite.search(admin.site, request, extra_context)
    except InvalidPage:
        raise Http404 from None
    return found


def search_menu(apps: list[dict[str, Any]], term: str) -> list[dict[str, str]]:
    """Return the lists of the Admin whose name, or whose app's name, contains a term.

    unfold's own function compares lower case, and its results cannot be cached in Redis as JSON.
    """
    term = term_of(term)
    return [
        {
            "title": str(model["name"]),
            "description": str(app["name"]),
            "link": str(model["admin_url"]),
            "icon": "tag",
        }
        for app in apps
        for model in app["models"]
        if any(term in fold(str(named["name"])) for named in (app, model))
    ]


class Suggestions(AutocompleteJsonView):
    """Autocomplete only for the fields that declare it; 403 for other fields.

    Django's view accepts every relation, and fails for reverse relations.
    """

    def process_request(self, request: HttpRequest) -> Any:
        asked = [request.GET.get(name) for name in ("app_label", "model_name", "field_name")]
        if asked not in _suggesting():
            raise PermissionDenied
        return super().process_request(request)


def suggestions(request: HttpRequest) -> HttpResponseBase:
    return Suggestions.as_view(admin_site=admin.site)(request)


def _suggesting() -> list[list[str | None]]:
    """Return app, model and name of the fields that declare autocomplete."""
    return [
        [form.model._meta.app_label, form.model._meta.model_name, name]
        for owner in admin.site._registry.values()
        for form in (owner, *owner.inlines)
        for name in form.autocomplete_fields
    ]


admin.site.extra_urls = lambda: _pages  # type: ignore[attr-defined]  # unfold's hook for pages
admin.site.search = search  # type: ignore[attr-defined]  # unfold's
admin.site._search_apps = search_menu  # type: ignore[attr-defined]  # unfold's
admin.site.autocomplete_view = suggestions  # type: ignore[method-assign, assignment]  # never streams
