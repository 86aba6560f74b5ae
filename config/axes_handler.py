"""The handler of django-axes, which runs before the password check and can prevent it."""

from collections.abc import Mapping
from typing import Any

from axes.handlers.base import AbstractAxesHandler, AxesBaseHandler
from django.http import HttpRequest, HttpResponse

from config import error_pages
from livechat import auth
from livechat.errors import RateLimited
from livechat.services import login_attempts


class Handler(AbstractAxesHandler, AxesBaseHandler):
    """Counts attempts with `services.login_attempts` and stores the result on the request."""

    def is_allowed(
        self, request: HttpRequest, credentials: Mapping[str, Any] | None = None
    ) -> bool:
        """Count an attempt and return whether its password may be checked."""
        try:
            login_attempts.begin(_name(credentials), auth.source_of_attempts(request))
        except RateLimited as refused:
            request.sign_in_wait = round(refused.retry_after)  # type: ignore[attr-defined]
            return False
        request.sign_in_counted = True  # type: ignore[attr-defined]
        return True

    def user_login_failed(
        self, sender: Any, credentials: Any, request: Any = None, **_: Any
    ) -> None:
        """No-op: the attempt was counted before."""

    def user_logged_in(self, sender: Any, request: HttpRequest, user: Any, **_: Any) -> None:
        if getattr(request, "sign_in_counted", False):
            login_attempts.succeeded(user.get_username(), auth.source_of_attempts(request))

    def user_logged_out(self, sender: Any, request: Any, user: Any, **_: Any) -> None:
        """No-op: sign-outs are not recorded."""

    def post_save_access_attempt(self, instance: object, **_: Any) -> None:
        """No-op: axes reports rows that we created ourselves."""

    def post_delete_access_attempt(self, instance: object, **_: Any) -> None:
        """No-op, for the same reason."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        return 0  # `is_allowed` decides


def locked_out(request: HttpRequest, *_of_axes: object) -> HttpResponse:
    """Answer 429. The response is the same whether the account exists or not."""
    return error_pages.too_many_attempts(request, getattr(request, "sign_in_wait", 60))


def _name(credentials: Mapping[str, Any] | None) -> str:
    return str((credentials or {}).get("username") or "")
