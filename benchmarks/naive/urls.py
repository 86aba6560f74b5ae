"""The widget's script and first request, served as in tutorials: by asynchronous views."""

import json

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from benchmarks.servers import ROOT

SOURCE = (ROOT / "static/livechat/loader.js").read_text()


async def loader(request: HttpRequest, key: str) -> HttpResponse:
    """Return a script like the product's, without any look-up; it is not compressed."""
    config = {
        "key": key,
        "frame": f"/widget/{key}/frame/",
        "init": f"/widget/{key}/init?",
        "panel": "/static/livechat/embed/panel.js",
        "name": "Channel",
        "theme": "auto",
        "position": "right",
        "offset": {"x": 20, "y": 20},
        "button_background": "#0b5fff",
        "button_foreground": "#ffffff",
    }
    script = SOURCE.replace("__CONFIG__", json.dumps(config))
    return HttpResponse(script, content_type="text/javascript")


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


urlpatterns = [
    path("widget/<slug:key>/loader.js", loader),
    path("widget/<slug:key>/init", init),
]
