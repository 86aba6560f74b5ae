"""Free ports on loopback."""

import os
import random
import socket

from tests.machine import workers

CANDIDATES = workers.share(range(20_000, 30_000), os.environ)
"""The ports of this worker only, so that a killed server finds its port free when it restarts."""

_given: set[int] = set()
"""Ports are given out once: the first owner may not listen yet, or may restart."""


def free_port() -> int:
    """Return a port of 127.0.0.1 on which no process listens. No port is returned twice.

    It is below the kernel's range for outgoing connections. Inside that range, a client that
    retries a killed server could get the server's own port, connect to itself, and block the
    restart.
    """
    for port in random.SystemRandom().sample(CANDIDATES, 100):
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.add(port)
            return port
    raise RuntimeError("No free port on 127.0.0.1 after 100 tries")
