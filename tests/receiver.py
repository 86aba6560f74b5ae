"""A real HTTP server on loopback that receives webhooks and can misbehave."""

import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

DRIP_SECONDS = 0.05


@dataclass(frozen=True)
class Received:
    """One request as received; header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Answer = Callable[["Handler"], None]
Decide = Callable[[Received], Answer]


class Handler(http.server.BaseHTTPRequestHandler):
    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = int(headers.get("content-length", 0))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True
            return  # the sender was killed while sending: ignore half a request
        request = Received(self.path, headers, body)
        with self.server.lock:
            self.server.received.append(request)
            answer = self.server.decide(request)
        self.close_connection = True
        answer(self)

    def log_message(self, *_args: object) -> None:
        """Log nothing: tests read the received requests."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, decide: Decide) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.decide = decide
        self.received: list[Received] = []
        self.lock = threading.Lock()

    def handle_error(self, *_args: object) -> None:
        """Ignore the error: in some tests, clients disconnect in the middle."""


@dataclass
class Receiver:
    """The server at `url`. It gives `answers` one after the other, then always `usual`."""

    server: Server
    scheme: str = "http"
    answers: list[Answer] = field(default_factory=list)
    usual: Answer = field(default_factory=lambda: status(204))

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/hook"

    @property
    def received(self) -> list[Received]:
        return self.server.received

    def events(self) -> list[str]:
        """Return the types of the received events, in order."""
        return [request.json["type"] for request in self.received]


@contextmanager
def receiving(
    *answers: Answer, decide: Decide | None = None, secured: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """Yield a receiver that gives these responses, or those that `decide` chooses."""
    server = Server(decide or (lambda _request: place.answers.pop(0) if place.answers else usual()))
    place = Receiver(server, "https" if secured else "http", list(answers))
    if secured:
        server.socket = secured.wrap_socket(server.socket, server_side=True)

    def usual() -> Answer:
        return place.usual

    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def status(code: int, **headers: str) -> Answer:
    """Return a response with a status and, where HTTP allows one, a short body."""

    def answer(handler: Handler) -> None:
        body = b"" if code in (204, 304) else b"<b>secret of the inside</b>"
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def raw(text: bytes) -> Answer:
    """Return a response of exactly these bytes, which need not be HTTP."""
    return lambda handler: _write(handler, text)


def hang_up(handler: Handler) -> None:
    """Close the connection without a response."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def hang(seconds: float) -> Answer:
    """Return a response that stays silent for `seconds`."""
    return lambda _handler: time.sleep(seconds)


def drip(head: bytes, drops: int) -> Answer:
    """Return a response that starts with `head` and continues byte by byte."""

    def answer(handler: Handler) -> None:
        _write(handler, head)
        for _ in range(drops):
            time.sleep(DRIP_SECONDS)
            _write(handler, b"x")

    return answer


def flood(head: bytes, size: int) -> Answer:
    """Return a response that starts with `head` and continues with `size` bytes."""
    return lambda handler: _write(handler, head + b"x" * size)


def _write(handler: Handler, text: bytes) -> None:
    handler.wfile.write(text)
    handler.wfile.flush()
