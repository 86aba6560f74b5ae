"""Websites of other companies, on another host than the chat."""

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STRICT = (
    "default-src 'none'; script-src {chat}; connect-src {chat}; frame-src {chat}; img-src data:"
)
"""Exactly the policy that the Admin's Widget tab recommends."""

PAGE = """<!doctype html><html lang="en"><title>A strict page</title><h1>A strict page</h1>
    <link rel="icon" href="data:,">
    <script async src="{chat}/widget/kettleandleaf/loader.js"></script>"""


@contextmanager
def website(chat: str, page: str = PAGE, policy: str = STRICT) -> Iterator[str]:
    """Serve a page that embeds the chat of `chat`; yield its address, on another host name."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            if policy:
                self.send_header("Content-Security-Policy", policy.format(chat=chat))
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.end_headers()
            self.wfile.write(page.replace("{chat}", chat).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/page"
        finally:
            server.shutdown()
            thread.join()
