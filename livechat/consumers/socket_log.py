"""Log lines and metrics of a socket: when it was opened, refused or closed, and why."""

import time
from collections.abc import Mapping
from typing import Any

import structlog

from livechat import auth, metrics
from livechat.domain.ip_addresses import network_of

logger = structlog.stdlib.get_logger(__name__)

NO_CODE = 1006
"""Close code of a connection that ended without one."""


class SocketLog:
    """Logs and counts one socket of `kind`, visitor or staff."""

    def __init__(self, kind: str, scope: Mapping[str, Any]) -> None:
        self._kind = kind
        self._network = network_of(auth.client_address(scope))
        self._since = time.monotonic()

    def refused(self, reason: str) -> None:
        metrics.SOCKETS_REFUSED.labels(self._kind, reason).inc()
        logger.info("socket.refused", kind=self._kind, reason=reason, network=self._network)

    def opened(self) -> None:
        metrics.SOCKETS_OPENED.labels(self._kind).inc()
        logger.info("socket.opened", kind=self._kind, network=self._network)

    def closed(self, code: int) -> None:
        code = code or NO_CODE
        metrics.socket_closed(self._kind, code)
        seconds = round(time.monotonic() - self._since, 1)
        logger.info("socket.closed", kind=self._kind, code=code, seconds=seconds)
