"""``/metrics``: the endpoint that Prometheus scrapes.

It is on the chat's port, protected by ``METRICS_TOKEN``. When ``PROMETHEUS_MULTIPROC_DIR`` is set
before the start, every process writes its metrics to that directory, and each process answers for
all of them.
"""

import asyncio
import hmac
import os
from typing import Any

from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from config.http.responses import respond_to_read
from config.monitoring import gauges, multiprocess_dir
from livechat import metrics as counters
from livechat.asgi_responses import error_body


async def metrics(scope: Any, _receive: Any, send: Any) -> None:
    """Answer one request; 401 without the token."""
    if not _has_token(scope):
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
