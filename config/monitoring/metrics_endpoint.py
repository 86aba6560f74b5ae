"""``/metrics``: what was counted, as Prometheus reads it.

On the chat's own port behind ``METRICS_TOKEN``, or on a port of its own (``METRICS_PORT``). With
``PROMETHEUS_MULTIPROC_DIR`` set before the start every process counts in files of that folder, and
whoever is asked answers for all.
"""

import asyncio
import contextlib
import hmac
import os
import socket
from collections.abc import Iterator
from typing import Any

import structlog
import uvicorn
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from config.http.responses import respond_to_read
from config.monitoring import gauges, multiprocess_dir
from livechat import metrics as counters
from livechat.asgi_responses import error_body

logger = structlog.stdlib.get_logger(__name__)

AGAIN_SECONDS = 5.0
"""How long a process waits for the port that another one has, to take its place when it ends."""


async def metrics(scope: Any, _receive: Any, send: Any) -> None:
    """Answer one request; 401 without the token, where there has to be one."""
    if settings.METRICS_TOKEN and not _shows_token(scope):
        body, headers = error_body("token_invalid"), [(b"www-authenticate", b"Bearer")]
        await respond_to_read(scope, send, 401, body, headers=headers)
        return
    await gauges.look()
    await gauges.look_at_conversations()
    counters.flush()
    body = await asyncio.to_thread(_text)
    await respond_to_read(scope, send, 200, body, CONTENT_TYPE_LATEST.encode())


def _shows_token(scope: Any) -> bool:
    shown = [value for name, value in scope["headers"] if name == b"authorization"]
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    return len(shown) == 1 and hmac.compare_digest(shown[0], wanted)


def _text() -> bytes:
    """Return the figures of this process, or of all those that count in the same folder."""
    if not os.environ.get(multiprocess_dir.FOLDER):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


# --- a port of its own


class _Server(uvicorn.Server):
    """Serves beside the chat in the same event loop; signals are the chat's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(host: str, port: int) -> None:
    """Serve metrics there for ever. Of several processes one has the port, and answers for all."""
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family)
            break
        except (OSError, OverflowError):
            await asyncio.sleep(AGAIN_SECONDS)
    config = uvicorn.Config(
        _alone,
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    logger.info("metrics.served", port=port)
    with listening:
        try:
            await server.serve(sockets=[listening])
        finally:
            server.should_exit = True


async def _alone(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/metrics":
        await metrics(scope, receive, send)
    else:
        await respond_to_read(scope, send, 404, error_body("not_found"))
