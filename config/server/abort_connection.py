"""Ends a connection at once."""

import contextlib
import socket
import struct
from typing import Any

NO_LINGER = struct.pack("ii", 1, 0)
"""The socket option that makes the kernel reset the connection."""


def abort(transport: Any) -> None:
    """Reset a connection and discard what has not been sent.

    Without the socket option, the kernel keeps unsent data for minutes, or as long as the client
    announces a full receive window.
    """
    with contextlib.suppress(OSError, ValueError):  # the connection may have ended just now
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
    transport.abort()
