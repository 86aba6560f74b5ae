"""Content Security Policy: strict everywhere, relaxed for the Admin alone."""

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware
from django.http import HttpRequest, HttpResponseBase

NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
"""For what is no page."""

OF_PLACES = {
    # The Admin's look (django-unfold) is built on Alpine.js, which evaluates expressions in
    # attributes and sets inline styles.
    "/admin/": {
        "script-src": [SELF, UNSAFE_EVAL, UNSAFE_INLINE],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": None,
        "trusted-types": None,
    },
    # The shop plays a customer's site: the loader adds its second script and the frame there.
    "/demo/": {
        "frame-src": [SELF],
        "require-trusted-types-for": None,
        "trusted-types": None,
    },
}
"""What other policies replace, by the beginning of the address."""


class Middleware(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        for place, directives in OF_PLACES.items():
            if request.path_info.startswith(place):
                response._csp_replace = directives  # type: ignore[attr-defined]  # csp's own hook
        return super().process_response(request, response)
