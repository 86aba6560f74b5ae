"""``manage.py`` that measures CPU time per part of the server, and writes it to a file at the end.

Each part is a function that runs without a switch to another task, so the CPU time of its thread
before and after is its cost. Time in an inner part counts for the inner part only. The rest of the
process's time is the event loop, the kernel and all other code.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import local
from typing import Any

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

_spent: dict[str, int] = {}
_open = local()


def timed(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call`, wrapped to add its own CPU time to the part `name`."""

    def measured(*args: Any, **kwargs: Any) -> Any:
        inner_of_outer = getattr(_open, "inner", 0)
        _open.inner = 0
        began = time.thread_time_ns()
        try:
            return call(*args, **kwargs)
        finally:
            took = time.thread_time_ns() - began
            _spent[name] = _spent.get(name, 0) + took - _open.inner
            _open.inner = inner_of_outer + took

    return measured


def instrument() -> None:
    """Wrap the parts. Call it after the apps are loaded and before the consumers start."""

    from config.server import lifecycle
    from config.server.websocket_protocol import WebSocket
    from livechat import bus, events
    from livechat.consumers import base, group_commit, operator, send_buffer, visitor
    from livechat.services import messages

    for owner, attribute, name in (
        (WebSocket, "data_received", "WebSocket frames, in"),
        (send_buffer.SendBuffer, "_send_now", "WebSocket frames, out"),
        (visitor.VisitorConsumer, "decode", "decode and check"),
        (operator.OperatorConsumer, "decode", "decode and check"),
        (base.BaseConsumer, "post", "queue"),
        (base.BaseConsumer, "_answer", "acknowledge"),
        (group_commit.Writer, "write", "transaction, around the rest"),
        (messages._Batch, "gather", "lock and read"),
        (messages._Batch, "decide", "decide"),
        (messages._Batch, "apply", "insert and advance"),
        (events, "messages_posted", "encode for each audience"),
        (bus.Bus, "_dispatch", "bus, to sockets of the same process"),
        (bus.Bus, "_receive", "bus, from other processes"),
    ):
        call = getattr(owner, attribute)
        is_static = isinstance(vars(owner).get(attribute), staticmethod)
        wrapped = timed(name, call)
        setattr(owner, attribute, staticmethod(wrapped) if is_static else wrapped)
    stop = lifecycle.stop

    async def stop_and_write() -> None:
        await stop()
        write_down()

    lifecycle.stop = stop_and_write


def write_down() -> None:
    """Write the CPU seconds of each part to the file `COSTS_FILE` as JSON."""
    spent = {name: nanoseconds / 1e9 for name, nanoseconds in _spent.items()}
    Path(os.environ["COSTS_FILE"]).write_text(json.dumps(spent))


if __name__ == "__main__":
    import django

    django.setup()
    instrument()
    execute_from_command_line(["manage.py", *sys.argv[1:]])
