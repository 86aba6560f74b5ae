"""The ASGI application of the naive design."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.naive.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402 - needs the apps loaded
from django.urls import path  # noqa: E402

from benchmarks.naive.consumers import ChatConsumer  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": django_application,
        "websocket": URLRouter([path("ws/<slug:room>/<slug:author>/", ChatConsumer.as_asgi())]),
    }
)
