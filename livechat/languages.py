"""The language of a chat, among those that the product is translated into."""

import re
from functools import lru_cache
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import HttpRequest

from livechat.domain import languages
from livechat.domain.languages import ChatLanguage

_LANG = re.compile(rf"(?:^|&)lang=([^&]{{0,{languages.MAX_WISH}}})")


def chat_language(*wishes: str) -> ChatLanguage:
    """Return the language of a chat; `wishes` are those of channel, page and browser, in this
    order, each in the syntax of ``Accept-Language``."""
    return _decided(*(wish[: languages.MAX_WISH] for wish in wishes))


def of_request(request: HttpRequest, channel_language: str = "") -> ChatLanguage:
    """Return the language of a chat by the ``?lang=`` and ``Accept-Language`` of a request."""
    meta = request.META
    page = of_query(meta.get("QUERY_STRING", ""))
    return chat_language(channel_language, page, meta.get("HTTP_ACCEPT_LANGUAGE", ""))


def of_query(query: str) -> str:
    """Return the first ``lang`` of a query string, "" without one. Never raises."""
    found = _LANG.search(query)
    return unquote_plus(found[1]) if found else ""


@lru_cache(maxsize=1024)  # `init` asks for every page view, nearly always with the same wishes
def _decided(*wishes: str) -> ChatLanguage:
    return languages.decide(wishes, dict(settings.LANGUAGES), settings.LANGUAGE_CODE)
