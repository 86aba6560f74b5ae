"""The ASGI application: what is answered without Django, static files, HTTP through Django,
sockets, start and stop."""

import os
from functools import partial
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django_application = get_asgi_application()

from channels.routing import URLRouter  # noqa: E402 - needs the apps to be loaded
from django.conf import settings  # noqa: E402
from servestatic import ServeStaticASGI  # noqa: E402
from structlog.contextvars import bind_contextvars  # noqa: E402

from config.http.admission import Admission  # noqa: E402
from config.http.body_auth import Senders  # noqa: E402
from config.http.body_limit import BodyLimit  # noqa: E402
from config.http.edge import FrontDoor  # noqa: E402
from config.http.request_log import counted, id_of, recorded  # noqa: E402
from config.monitoring import health, metrics_endpoint  # noqa: E402
from config.server import lifecycle  # noqa: E402
from livechat.consumers.base import BaseConsumer  # noqa: E402
from livechat.consumers.handshake import explain  # noqa: E402
from livechat.urls import websocket_urlpatterns  # noqa: E402
from livechat.widget_init.endpoint import PATH, init  # noqa: E402

# Before `collectstatic` there is nothing to serve; `runserver` serves the sources itself.
_pages = Admission(Senders(django_application))
http_application = BodyLimit(
    ServeStaticASGI(_pages, root=str(settings.STATIC_ROOT), prefix="static/", max_age=300)
    if settings.STATIC_ROOT.is_dir()
    else _pages
)
_sockets = URLRouter(websocket_urlpatterns)


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Dispatch by what is asked for. Starts the runtime with the first thing seen, because
    Daphne, unlike uvicorn, announces no start."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    if scope["type"] == "http" and scope["path"] == "/healthz":
        await _alive(scope, receive, send)
        return
    await lifecycle.start()
    await _front_door(scope, receive, send)


async def _inside(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        await _http(scope, receive, send)
    elif scope["type"] == "websocket":
        await websocket_application(scope, receive, send)


_front_door = FrontDoor(_inside)
_alive = FrontDoor(health.healthz)


async def _http(scope: Any, receive: Any, send: Any) -> None:
    path = scope["path"]
    if asked := PATH.fullmatch(path):
        await counted("init", partial(init, key=asked[1]), scope, receive, send)
    elif path == "/readyz":
        await health.readyz(scope, receive, send)
    elif path == "/metrics" and settings.METRICS_TOKEN:
        await metrics_endpoint.metrics(scope, receive, send)
    elif path.startswith("/ws/"):
        await explain(scope, send, is_draining=BaseConsumer.draining)
    elif path.startswith(settings.STATIC_URL):
        await counted("static", http_application, scope, receive, send)
    else:
        await recorded(http_application, scope, receive, send)


async def websocket_application(scope: Any, receive: Any, send: Any) -> None:
    bind_contextvars(socket=id_of(scope))
    try:
        await _sockets(scope, receive, send)
    except ValueError as error:
        # URLRouter has no other way to say "no such address"; before accept this is a 403.
        if not str(error).startswith("No route found"):
            raise
        await receive()
        await send({"type": "websocket.close"})


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await lifecycle.start()
            await send({"type": "lifespan.startup.complete"})
        else:
            await lifecycle.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return
