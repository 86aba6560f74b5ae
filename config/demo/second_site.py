"""The demo's second website, Harbour Cycles: shows the chat on the site of another company.

It has its own server on a second port, so that browsers treat it as another site. Like a customer's
website, it only knows the address of the chat and the key of its channel.
"""

import json
import os
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FILES = Path(__file__).parent / "harbour_cycles"
PAGES = {
    "/": ("shop.html", "text/html; charset=utf-8"),
    "/hostile": ("hostile.html", "text/html; charset=utf-8"),
    "/hostile.js": ("hostile.js", "text/javascript; charset=utf-8"),
    "/style.css": ("style.css", "text/css; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
MAX_REPORTS = 100
MAX_REPORT = 16_384
"""Bytes read of a report; those of browsers have a few hundred."""

RUNNING_AT = "DEMO_NEIGHBOUR_AT"
"""The environment variable with the site's address, for all processes while one serves the site."""


def running_at() -> str:
    """Return the site's address, or "" when it is not served."""
    return os.environ.get(RUNNING_AT, "")


@dataclass
class SecondSite:
    """The site as an ASGI application. `chat` is the origin of the chat, `key` the channel's key.
    `reports` holds the browsers' CSP reports, the newest last."""

    chat: str
    key: str
    reports: deque[Any] = field(default_factory=lambda: deque(maxlen=MAX_REPORTS))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        asked = scope["method"], scope["path"]
        if asked == ("POST", "/csp-report"):
            self._keep(await _body(receive))
            await _answer(send, 204, "text/plain", b"")
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, "text/plain", b"")
        elif scope["path"] == "/csp-reports":
            content = json.dumps(list(self.reports), indent=2).encode()
            await _answer(send, 200, "application/json", content)
        elif scope["path"] in PAGES:
            name, kind = PAGES[scope["path"]]
            await _answer(send, 200, kind, self._read(name), self._policy(scope["path"]))
        else:
            await _answer(send, 404, "text/plain", b"Page not found.")

    def _policy(self, path: str) -> str:
        """Return the site's CSP: the three directives that the chat needs, and the site's own."""
        own = " 'self'" if path == "/hostile" else ""
        return (
            f"default-src 'none'; script-src {self.chat}{own}; connect-src {self.chat}; "
            f"frame-src {self.chat}; style-src 'self'; img-src 'self'; report-uri /csp-report"
        )

    def _read(self, name: str) -> bytes:
        text = (FILES / name).read_text()
        return text.replace("__CHAT__", self.chat).replace("__KEY__", self.key).encode()

    def _keep(self, body: bytes) -> None:
        try:
            self.reports.append(json.loads(body))
        except (ValueError, RecursionError):
            self.reports.append({"unreadable": body[:200].decode(errors="replace")})


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        if len(body) < MAX_REPORT:
            body += message.get("body", b"")[: MAX_REPORT - len(body)]
        if not message.get("more_body"):
            return body


async def _answer(send: Any, status: int, kind: str, body: bytes, policy: str = "") -> None:
    headers = {
        "content-type": kind,
        "content-length": str(len(body)),
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "content-security-policy": policy or "default-src 'none'",
    }
    if status == 204:
        del headers["content-length"]
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})
