"""HTTP without a server: one request to an ASGI application, and its response."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Self

HOST = "testserver"
CLIENT = "192.0.2.1"
PART_BYTES = 65_536
"""A longer body comes in parts of this size, as from a server."""
TIMEOUT_SECONDS = 30
"""For responses that must come; the computer may be busy."""


def http_scope(
    method: str = "GET",
    path: str = "/",
    *,
    query: bytes = b"",
    headers: Mapping[str, str] | None = None,
    client: str = CLIENT,
) -> dict[str, Any]:
    """Return the scope of a request. `headers` may replace the host."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [
            (name.encode(), value.encode("latin-1"))
            for name, value in {"host": HOST, **(headers or {})}.items()
        ],
        "client": (client, 5000),
        "server": (HOST, 80),
    }


class Exchange:
    """A request and the response so far.

    The body comes as fast as the application asks for it, or, if `is_held_back`, only after
    `send_body`. Then the client stays connected until `disconnect`.
    """

    def __init__(
        self,
        application: Any,
        method: str = "GET",
        path: str = "/",
        *,
        query: bytes = b"",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        client: str = CLIENT,
        is_held_back: bool = False,
    ) -> None:
        self.scope = http_scope(method, path, query=query, headers=headers, client=client)
        self.received = 0
        """Bytes of the body that the application has received."""
        self._application = application
        self._body = body
        self._may_send = asyncio.Event()
        self._is_body_complete = False
        self._disconnected = asyncio.Event()
        self._sent: list[Any] = []
        if not is_held_back:
            self.send_body()

    @property
    def status(self) -> int:
        """The status of the response; 0 before it begins."""
        return int(self._sent[0]["status"]) if self._sent else 0

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode("latin-1") for name, value in self._sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self._sent[1:])

    @property
    def json(self) -> Any:
        """The value of a body in JSON; None for an empty one."""
        return json.loads(self.body) if self.body else None

    def send_body(self) -> None:
        self._may_send.set()

    def disconnect(self) -> None:
        self._disconnected.set()
        self._may_send.set()

    async def run(self) -> Self:
        """Return when the application has responded. Raises what it raises."""
        return await self.start().finish()

    def start(self) -> Self:
        """Let the application respond in a task."""
        self._task = asyncio.create_task(self._application(self.scope, self._receive, self._send))
        return self

    async def finish(self) -> Self:
        """Wait until the task of `start` ends. A connected client must have got one response."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            await self._task
        if self._sent or not self._disconnected.is_set():
            first, *others = [message["type"] for message in self._sent]
            assert first == "http.response.start"
            assert set(others) == {"http.response.body"}
            assert not self._sent[-1].get("more_body", False)
        return self

    async def _receive(self) -> Any:
        await self._may_send.wait()
        if self._is_body_complete:
            await self._disconnected.wait()
        if self._disconnected.is_set():
            return {"type": "http.disconnect"}
        part = self._body[self.received : self.received + PART_BYTES]
        self.received += len(part)
        self._is_body_complete = self.received == len(self._body)
        return {"type": "http.request", "body": part, "more_body": not self._is_body_complete}

    async def _send(self, message: Any) -> None:
        self._sent.append(message)
