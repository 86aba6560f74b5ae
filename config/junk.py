"""What no address of ours ever holds."""

from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from config import error_pages


class RefuseNul(MiddlewareMixin):
    """Answers 400 to an address with a NUL, which PostgreSQL cannot compare with anything."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            return error_pages.answer(request, 400)
        return None
