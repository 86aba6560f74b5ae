"""The widget's first request, served as in tutorials: by an asynchronous view."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


async def init(request: HttpRequest, key: str) -> JsonResponse:
    """Return a response like the product's, without any look-up."""
    return JsonResponse(
        {
            "action": "display_button",
            "timer": 0,
            "text": "Need help? Chat with us.",
            "available": True,
            "again_in": 120,
        }
    )


urlpatterns = [path("widget/<slug:key>/init", init)]
