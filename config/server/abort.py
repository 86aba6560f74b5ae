"""How a connection is ended for good."""

import contextlib
import socket
import struct
from typing import Any

AT_ONCE = struct.pack("ii", 1, 0)


def cut(transport: Any) -> None:
    """End a connection now and keep nothing of it: what has not been sent is thrown away.

    Without the option the kernel would keep what the other side has not taken, for minutes, or for
    as long as he answers that he cannot take it.
    """
    with contextlib.suppress(OSError, ValueError):  # it may have ended by itself just now
        plain = transport.get_extra_info("socket")
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    transport.abort()
