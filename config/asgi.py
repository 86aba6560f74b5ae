"""The ASGI application: HTTP, WebSockets, start-up and shutdown."""

import os
import re
from collections.abc import Callable
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
from config.http.auth_before_body import BodyAuth  # noqa: E402
from config.http.body_limit import BodyLimit  # noqa: E402
from config.http.host_and_headers import HostAndHeaders  # noqa: E402
from config.http.request_log import RequestLog, counting, request_id_of  # noqa: E402
from config.monitoring import health, metrics_endpoint  # noqa: E402
from config.server import lifecycle  # noqa: E402
from livechat.consumers.base import BaseConsumer  # noqa: E402
from livechat.consumers.handshake import explain  # noqa: E402
from livechat.urls import websocket_urlpatterns  # noqa: E402
from livechat.widget_init.endpoint import init  # noqa: E402
from livechat.widget_init.loader import loader  # noqa: E402

WIDGET = re.compile(r"/widget/([-a-zA-Z0-9_]+)/(init|loader\.js)")
"""The first requests of a page with the widget: the script, and what it does there."""


async def application(scope: Any, receive: Any, send: Any) -> None:
    """Dispatch by protocol.

    Every request and socket starts the process's tasks if they do not run yet, because Daphne,
    unlike uvicorn, sends no lifespan events. `/healthz` waits for nothing.
    """
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/healthz":
        await _healthz(scope, receive, send)
    else:
        await lifecycle.start()
        serve = _websocket if scope["type"] == "websocket" else http_application
        await serve(scope, receive, send)


class DirectRoutes:
    """Answers the addresses that must be fast, or must work when Django or the database does not.
    Passes all others on."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        if match := WIDGET.fullmatch(path):
            key, name = match.groups()
            if name == "init":
                await init(scope, receive, counting("init", send), key=key)
            else:
                await loader(scope, receive, counting("loader", send), key=key)
        elif path == "/readyz":
            await health.readyz(scope, receive, send)
        elif path == "/metrics" and settings.METRICS_TOKEN:
            await metrics_endpoint.metrics(scope, receive, send)
        elif path.startswith("/ws/"):
            await explain(scope, send, is_draining=BaseConsumer.draining)
        else:
            await self._application(scope, receive, send)


def _embeddable(headers: Any, _path: str, _url: str) -> None:
    """Let pages with an embedder policy load the second part of the loader."""
    headers["Cross-Origin-Resource-Policy"] = "cross-origin"


# Before `collectstatic` there is nothing to serve; `runserver` serves the sources itself.
_static_files = (
    [
        partial(
            ServeStaticASGI,
            root=str(settings.STATIC_ROOT),
            prefix="static/",
            max_age=300,
            add_headers_function=_embeddable,
        )
    ]
    if settings.STATIC_ROOT.is_dir()
    else []
)
HTTP_STACK: tuple[Callable[[Any], Any], ...] = (
    HostAndHeaders,  # resolves the scheme, rejects foreign hosts, adds default headers, answers 500
    DirectRoutes,  # loader, init, readiness, metrics, why a socket is refused
    RequestLog,  # request id, access log, counts
    BodyLimit,  # 413, 408
    *_static_files,
    Admission,  # rate limit, queue for Django's threads: 429, 503
    BodyAuth,  # 401 and the like before a large body is received
)
"""What an HTTP request passes before Django, outermost first. A WebSocket passes only
`HostAndHeaders`."""

http_application: Any = django_application
for _middleware in reversed(HTTP_STACK):
    http_application = _middleware(http_application)

_sockets = URLRouter(websocket_urlpatterns)


async def websocket_application(scope: Any, receive: Any, send: Any) -> None:
    """Run the consumer for this address; 403 when there is none."""
    bind_contextvars(socket=request_id_of(scope))
    try:
        await _sockets(scope, receive, send)
    except ValueError as error:
        # URLRouter raises nothing more specific for an unknown address.
        if not str(error).startswith("No route found"):
            raise
        await receive()
        await send({"type": "websocket.close"})  # before accept this is a 403


_websocket = HostAndHeaders(websocket_application)
_healthz = HostAndHeaders(health.healthz)


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
