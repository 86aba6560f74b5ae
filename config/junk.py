"""Refuses addresses that no page of ours has."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from config import error_pages

SEARCHES = ("q", "term")
"""What Django's Admin calls the search of a list, and of a field that completes what is typed."""
MAX_SEARCH = 200
"""Characters of a search."""


class RefuseNul(MiddlewareMixin):
    """Answers 400 to an address with a NUL, which PostgreSQL cannot compare with anything."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            return error_pages.answer(request, 400)
        return None


class RefuseLongSearch(MiddlewareMixin):
    """Answers 400 to a search in the Admin for a text that is too long.

    Each of its words becomes a condition, of which SQLite takes a thousand in a statement.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info.startswith("/admin/"):
            searched = (request.GET.get(name, "") for name in SEARCHES)
            if any(len(text) > MAX_SEARCH for text in searched):
                return error_pages.answer(request, 400)
        return None
