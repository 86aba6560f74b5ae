"""Websites of other companies, on another host than the chat."""

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.browser.host_pages import pages
from tests.browser.host_pages.pages import HostPage

STRICT = (
    "default-src 'none'; script-src {chat}; connect-src {chat}; frame-src {chat}; img-src data:"
)
"""Exactly the policy that the Admin's Widget tab recommends."""

PAGE = """<!doctype html><html lang="en"><title>A strict page</title><h1>A strict page</h1>
    <link rel="icon" href="data:,">
    <script async src="{chat}/widget/kettleandleaf/loader.js"></script>"""


@dataclass(frozen=True)
class Answer:
    body: bytes
    type: str = "text/html"
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def website(chat: str, page: str = PAGE, policy: str = STRICT) -> Iterator[str]:
    """Serve a page that embeds the chat of `chat`; yield its address, on another host name."""
    headers = {"Cross-Origin-Opener-Policy": "same-origin"}
    if policy:
        headers["Content-Security-Policy"] = policy.format(chat=chat)
    answer = Answer(page.replace("{chat}", chat).encode(), headers=headers)
    with serving(lambda _path: answer) as origin:
        yield f"{origin}/page"


@contextmanager
def host_page(chat: str, kind: HostPage) -> Iterator[str]:
    """Serve a website of `host_pages.pages`; yield its origin. With `?plain` it has no chat."""

    def answer(path: str) -> Answer:
        path, _, query = path.partition("?")
        if path.startswith("/lib/"):
            file = pages.LIBRARIES / path.removeprefix("/lib/")
            return Answer(file.read_bytes(), "text/javascript")
        if query == "late":
            time.sleep(0.5)  # long after the rest of the page has loaded
        if path.endswith(".js"):
            return Answer((pages.HERE / path[1:]).read_bytes(), "text/javascript")
        page = kind.page(path, "" if query == "plain" else chat)
        return Answer(page.encode(), headers=kind.headers)

    with serving(answer) as origin:
        yield origin


@contextmanager
def serving(answer: Callable[[str], Answer]) -> Iterator[str]:
    """Serve what `answer` returns for a path; yield the origin."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answer(self.path)
            self.send_response(200)
            self.send_header("Content-Type", f"{found.type}; charset=utf-8")
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(found.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
