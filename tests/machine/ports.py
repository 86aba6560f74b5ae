"""Free ports on loopback."""

import os
import random
import socket

from tests.machine import workers

CANDIDATES = workers.share(range(20_000, 30_000), os.environ)
"""Of this worker alone: a server that was killed finds its port free when it comes back."""

_given: set[int] = set()
"""Whoever asked may not listen yet, or may come back."""


def free_port() -> int:
    """Return a port of 127.0.0.1 on which nobody listens, each only once.

    It lies below the range from which the kernel takes the ports of outgoing connections. There, a
    client that asks again and again for a killed server could get the server's own port, talk to
    itself, and keep the server from coming back.
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
