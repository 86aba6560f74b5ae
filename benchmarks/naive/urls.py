"""The widget's first question, answered as a tutorial would: an asynchronous view."""

from django.http import HttpRequest, JsonResponse
from django.urls import path


async def init(request: HttpRequest, key: str) -> JsonResponse:
    """Say the same as the product does, without looking anything up."""
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
