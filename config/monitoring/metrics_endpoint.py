"""``/metrics``: the endpoint that Prometheus scrapes.

It is on the chat's port, protected by ``METRICS_TOKEN``, and on a port of its own
(``METRICS_PORT``). When ``PROMETHEUS_MULTIPROC_DIR`` is set before the start, every process writes
its metrics to that directory, and each process answers for all of them.
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

RETRY_SECONDS = 5.0
"""When a process tries again to take the port while another process has it."""


async def metrics(scope: Any, _receive: Any, send: Any) -> None:
    """Answer one request; 401 without the token, if one is configured."""
    if settings.METRICS_TOKEN and not _has_token(scope):
        body, headers = error_body("token_invalid"), [(b"www-authenticate", b"Bearer")]
        await respond_to_read(scope, send, 401, body, headers=headers)
        return
    await gauges.measure()
    await gauges.measure_conversations()
    counters.flush()
    body = await asyncio.to_thread(_generate)
    await respond_to_read(scope, send, 200, body, CONTENT_TYPE_LATEST.encode())


def _has_token(scope: Any) -> bool:
    given = [value for name, value in scope["headers"] if name == b"authorization"]
    expected = f"Bearer {settings.METRICS_TOKEN}".encode()
    return len(given) == 1 and hmac.compare_digest(given[0], expected)


def _generate() -> bytes:
    """Return the metrics of this process, or of all processes that share a directory."""
    if not os.environ.get(multiprocess_dir.VARIABLE):
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


# --- on a port of its own


class _Server(uvicorn.Server):
    """Runs beside the chat's server, in the same event loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the chat's server."""
        yield


async def serve(host: str, port: int) -> None:
    """Serve metrics there until cancelled. Of several processes one has the port, and answers for
    all of them."""
    while True:
        try:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listening = socket.create_server((host, port), family=family)
            break
        except (OSError, OverflowError):
            await asyncio.sleep(RETRY_SECONDS)
    config = uvicorn.Config(
        _metrics_only,
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


async def _metrics_only(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/metrics":
        await metrics(scope, receive, send)
    else:
        await respond_to_read(scope, send, 404, error_body("not_found"))
