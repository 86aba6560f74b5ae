"""Serves the demo's second site (`second_site.SecondSite`) on its own port, beside the chat."""

import asyncio
import contextlib
import os
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn

from config.demo import second_site
from config.demo.data import CHANNEL_KEY


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the chat's server."""
        yield


@contextlib.contextmanager
def serving(
    host: str, port: int, *, chat_port: int, tell: Callable[[str], object]
) -> Iterator[None]:
    """Serve the site in a thread until the block ends. If its port is taken, only say so."""
    listening = _listen(host, port)
    if listening is None:
        tell(f"Port {port} is in use. The demo runs without its second site")
        yield
        return
    address = f"http://localhost:{port}/"
    os.environ[second_site.RUNNING_AT] = address
    tell(f"The demo's second site is at {address}")
    server = _Server(_configuration(chat_port))
    thread = threading.Thread(target=asyncio.run, args=(server.serve(sockets=[listening]),))
    with listening:
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()
            del os.environ[second_site.RUNNING_AT]


def _listen(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError):
        return None


def _configuration(chat_port: int) -> uvicorn.Config:
    return uvicorn.Config(
        second_site.SecondSite(chat=f"http://127.0.0.1:{chat_port}", key=CHANNEL_KEY),
        http="h11",
        ws="none",
        lifespan="off",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=2,
    )
