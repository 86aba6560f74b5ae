"""Content Security Policy: strict everywhere, relaxed for the Admin alone."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

# The Admin's look (django-unfold) is built on Alpine.js, which evaluates expressions in
# attributes and sets inline styles.
ADMIN = {
    "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "frame-ancestors": [NONE],
}


class Middleware(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if request.path_info.startswith("/admin/"):
            response._csp_replace = ADMIN  # type: ignore[attr-defined]  # csp's own hook
        return super().process_response(request, response)
