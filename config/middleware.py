"""Django middleware of our own, in the order of `settings.MIDDLEWARE`."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from config import error_pages
from livechat import languages

CSP_BY_PREFIX = {
    # The Admin's theme (django-unfold) uses Alpine.js, which evaluates expressions in attributes
    # and sets inline styles.
    "/admin/": {
        "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": None,
        "trusted-types": None,
    },
    # The demo shop plays a customer's website: the loader adds a second script and a frame to it.
    "/demo/": {
        "frame-src": [SELF],
        "require-trusted-types-for": None,
        "trusted-types": None,
    },
}
"""Directives that replace those of `settings.CONTENT_SECURITY_POLICY`, by path prefix."""

SEARCH_PARAMETERS = ("q", "term")
"""Query parameters of the Admin's list search and of its autocomplete fields."""
MAX_SEARCH_LENGTH = 200
"""Characters."""

VISITOR_PREFIXES = ("/widget/", "/chat/")
"""Addresses for visitors, who are identified by a token: cookies are not read there."""


class ContentSecurityPolicy(CSPMiddleware):
    """Adds the Content Security Policy: strict everywhere, relaxed for the prefixes listed."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        for prefix, directives in CSP_BY_PREFIX.items():
            if request.path_info.startswith(prefix):
                response._csp_replace = directives  # type: ignore[attr-defined]  # csp's own hook
        return super().process_response(request, response)


class RejectNul(MiddlewareMixin):
    """Rejects requests with NUL bytes in the address, which PostgreSQL cannot store: 400."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            return error_pages.answer(request, 400)
        return None


class LimitSearch(MiddlewareMixin):
    """Rejects searches in the Admin that are too long: 400.

    Each word becomes a condition, and SQLite allows a thousand conditions in a statement.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path_info.startswith("/admin/"):
            searches = (request.GET.get(name, "") for name in SEARCH_PARAMETERS)
            if any(len(text) > MAX_SEARCH_LENGTH for text in searches):
                return error_pages.answer(request, 400)
        return None


class UserLanguage(MiddlewareMixin):
    """Activates the language that signed-in users chose in their profile, if it is installed.

    At addresses for visitors, activates the language of the chat, also for error pages.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(VISITOR_PREFIXES):
            request.LANGUAGE_CODE = languages.of_request(request).shown
            translation.activate(request.LANGUAGE_CODE)
            return
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        language = getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
