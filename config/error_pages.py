"""Error responses: a page for people, JSON for programs.

The pages need no database, no collected static files and no context. Their style is inline, and the
Content Security Policy allows it by its hash.
"""

import base64
import hashlib
import sys
from functools import cache
from typing import Any

import rcssmin
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.http import escape_leading_slashes
from django.utils.translation import gettext_lazy as _

from livechat import languages

CODES = {
    400: "invalid",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
    429: "rate_limited",
    500: "failed",
    503: "unavailable",
}
TEXTS = {
    400: (
        _("Invalid request"),
        _(
            "The server could not process this request. Check the address, or go back and try "
            "again."
        ),
    ),
    403: (_("You do not have access to this page"), ""),
    404: (
        _("Page not found"),
        _("Check the address. The page may have been moved or deleted."),
    ),
    413: (
        _("The upload is too large"),
        _("Nothing was saved. Go back and choose smaller files or enter less text."),
    ),
    429: (
        _("Too many attempts"),
        _(
            "Too many sign-ins with a wrong password came from your network. To protect "
            "accounts, sign-in from your network is blocked for a while."
        ),
    ),
    500: (
        _("Something went wrong"),
        _("An error occurred on the server and was logged. Try again in a moment."),
    ),
    503: (
        _("Temporarily unavailable"),
        _("The chat cannot reach its database right now. Try again in a minute."),
    ),
}
FORM_TOO_OLD = (
    _("This form has expired"),
    _(
        "The form was open for too long, or you signed in or out in another tab. Nothing was "
        "saved. Reload the page and repeat your changes."
    ),
)
PROGRAMS = ("/api/", "/files/", "/transcripts/", "/avatars/", "/dashboard/files/")
STYLES = ("tokens.css", "error.css")
RETRY_SECONDS = 5


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403. Signed-in users see their user name and can sign in with another account."""
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return answer(request, 403, signed_in_as=user.get_username())
    return answer(request, 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form with an outdated CSRF token, with a link to load it again."""
    again = escape_leading_slashes(request.get_full_path())
    return answer(request, 403, texts=FORM_TOO_OLD, again=again)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return answer(request, 404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 when the database does not respond."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = answer(request, 503)
        response["Retry-After"] = str(RETRY_SECONDS)
        return response
    return answer(request, 500)


def too_many_attempts(request: HttpRequest, wait_seconds: int) -> HttpResponse:
    """Answer 429 to a client that has to wait before its next password."""
    minutes = -(-wait_seconds // 60)
    response = answer(request, 429, minutes=minutes, again=reverse(settings.LOGIN_URL))
    response["Retry-After"] = str(wait_seconds)
    return response


def answer(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    """Return the response with this status, in the client's language.

    `context` adds to the page: `texts`, `again`, `signed_in_as`, `minutes`.
    """
    if not hasattr(request, "LANGUAGE_CODE"):  # the request did not reach LocaleMiddleware
        request.LANGUAGE_CODE = languages.of_request(request).shown
        with translation.override(request.LANGUAGE_CODE):
            return answer(request, status, **context)
    if _is_program(request):
        response: HttpResponse = JsonResponse({"error": {"code": CODES[status]}}, status=status)
        response["Content-Type"] = "application/json; charset=utf-8"
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    else:
        style, policy = _style()
        title, text = context.pop("texts", TEXTS[status])
        page = {"status": status, "title": title, "text": text, "style": style, **context}
        # The template needs the request only for the CSRF token of the sign-out form.
        form = request if "signed_in_as" in context else None
        response = HttpResponse(render_to_string("error.html", page, form), status=status)
        response["Content-Security-Policy"] = policy
        response["Vary"] = "Accept-Language, Cookie"
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "DENY"
    return response


def _is_program(request: HttpRequest) -> bool:
    """Return whether the client expects JSON, by its path or its Accept header."""
    if request.path_info.startswith(PROGRAMS):
        return True
    if request.path_info.startswith("/widget/") and not request.path_info.endswith("/frame/"):
        return True
    accepted = request.headers.get("Accept", "")
    return "json" in accepted and "html" not in accepted


@cache
def _style() -> tuple[str, str]:
    """Return the style of the pages, and the policy that allows nothing else."""
    folder = settings.BASE_DIR / "static/livechat/css"
    style: str = rcssmin.cssmin("".join((folder / name).read_text() for name in STYLES))
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
        "trusted-types 'none'"
    )
    return style, policy
