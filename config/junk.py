"""What no address of ours ever holds."""

from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.utils.deprecation import MiddlewareMixin


class RefuseNul(MiddlewareMixin):
    """Answers 400 to an address with a NUL, which PostgreSQL cannot compare with anything."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if "%00" in request.META.get("QUERY_STRING", "") or "\0" in request.path_info:
            return HttpResponseBadRequest("The address holds a character that is none.")
        return None
