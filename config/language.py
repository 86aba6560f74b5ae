"""In which language staff are spoken to."""

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

OF_VISITORS = ("/widget/", "/chat/")
"""Doors of visitors, who are known by a token: cookies are not read there."""


class UsersLanguage(MiddlewareMixin):
    """Speaks the language of a signed-in user's profile, where he has chosen one of ours."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path_info.startswith(OF_VISITORS):
            return
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        language = getattr(request.user, "language", "")
        if language in dict(settings.LANGUAGES):
            translation.activate(language)
            request.LANGUAGE_CODE = language
