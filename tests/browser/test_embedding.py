"""The widget on a stranger's page, and what it costs him."""

import gzip
import http.server
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from playwright.sync_api import expect

from tests.browser.people import Visitor

FIRST_OPEN_BYTES = 30_000
LOADER_BYTES = 3_000
LOADED = "performance.getEntriesByType('resource').map(entry => entry.name)"


TELL_VIOLATIONS = """
    addEventListener("securitypolicyviolation", event => console.error(event.violatedDirective))
"""
FORBID_STORAGE = """
    const forbidden = () => { throw new DOMException("Access is denied", "SecurityError"); };
    Object.defineProperty(window, "localStorage", { get: forbidden });
    LockManager.prototype.request = LockManager.prototype.query = async () => forbidden();
"""


def test_a_page_with_a_strict_policy_embeds_the_widget_without_complaint(server, chrome, anna):
    with website(server.url) as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)
        vera.page.evaluate(TELL_VIOLATIONS)
        vera.opens()
        vera.write("Hello from far away")

        vera.reads("Hello from far away")
        anna.answers()
        anna.reads("Hello from far away")
        expect(anna.page.locator("visitor-context")).to_contain_text("A strict page")
        assert vera.page.context.cookies() == []

        vera.page.reload()
        vera.opens()
        vera.reads("Hello from far away")


def test_where_all_storage_is_forbidden_the_chat_lasts_as_long_as_its_page(visitor, anna):
    vera = visitor("/demo/shop/")
    vera.page.add_init_script(FORBID_STORAGE)
    vera.page.reload()

    vera.opens()
    vera.write("Remember me not")
    anna.answers()
    anna.write("We shall try")

    vera.reads("Remember me not", "We shall try")


def test_a_site_that_is_not_on_the_list_cannot_show_the_chat(server, chrome):
    chrome.expect("frame-ancestors")
    server.manage(
        *("shell", "--no-imports", "-c"),
        "from livechat.models import Channel;"
        "Channel.objects.update(allowed_origins='https://kettle-and-leaf.example')",
    )
    with website(server.url) as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)

        vera.launcher.click()

        expect(vera.panel).to_be_visible()
        expect(vera.composer).to_have_count(0)


def test_an_archived_channel_is_said_to_be_gone(vera, server, chrome):
    chrome.expect("WebSocket connection to")
    chrome.expect("404 (Not Found)")
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    server.kill()
    server.manage(
        *("shell", "--no-imports", "-c"),
        "from livechat.models import Channel; Channel.objects.update(is_active=False)",
    )
    chrome.expect("net::ERR_CONNECTION_REFUSED")

    server.start()

    expect(vera.strip).to_have_text("This chat is not available here.")


def test_a_page_opens_the_chat_by_script(vera):
    vera.page.evaluate("Livechat.open()")
    vera.is_connected()
    assert vera.page.evaluate("Object.keys(Livechat).sort()") == ["close", "open", "toggle"]

    vera.page.evaluate("Livechat.toggle()")
    expect(vera.panel).to_be_hidden()


def test_two_snippets_on_a_page_make_one_chat(vera):
    vera.page.evaluate(
        """() => new Promise(done => {
            const again = document.createElement("script");
            again.src = document.querySelector("script[src*=loader]").src;
            again.onload = done;
            document.body.append(again);
        })"""
    )

    assert vera.page.locator("live-chat").count() == 1


def test_the_first_opening_is_light_hashed_minified_and_asked_for_at_once(vera, server):
    with vera.page.expect_response(lambda response: "/frame/" in response.url) as frame:
        vera.opens()
    page = frame.value.text()
    loaded = vera.frame.evaluate(LOADED)
    weighed = sorted(name for name in loaded if re.search(r"\.(js|css)$", name))

    preloaded = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
    modules = {urlsplit(name).path for name in weighed if name.endswith(".js")}
    assert modules - set(preloaded) == {
        path for path in modules if re.search(r"/widget/main\.[0-9a-f]{12}\.js$", path)
    }
    assert set(preloaded) < modules
    for name in weighed:
        assert re.search(r"\.[0-9a-f]{12}\.(js|css)$", name), name
        assert not re.search(rb"^\s*(//|/\*\*)", fetch(name)[1], re.MULTILINE), name
    total = sum(fetch(name)[0] for name in weighed)
    assert total <= FIRST_OPEN_BYTES, f"{total} bytes"


def test_the_loader_is_small_and_opens_no_connection(vera, server):
    source = vera.page.locator("script[src*=loader]").get_attribute("src")

    assert source
    assert len(gzip.compress(fetch(source)[1])) <= LOADER_BYTES
    loaded = vera.page.evaluate(LOADED)
    assert [name for name in loaded if "/widget/" in name or "/ws/" in name] == [source]


def fetch(address: str) -> tuple[int, bytes]:
    """Return how many bytes travel for a file, and the file."""
    request = Request(address, headers={"Accept-Encoding": "gzip"})  # noqa: S310
    with urlopen(request) as response:  # noqa: S310
        body = response.read()
        packed = response.headers.get("Content-Encoding") == "gzip"
    return len(body), gzip.decompress(body) if packed else body


@contextmanager
def website(chat: str) -> Iterator[str]:
    """Serve a page of somebody else that allows the chat and nothing more; yield its address."""
    policy = f"default-src 'none'; script-src {chat}; frame-src {chat}; img-src data:"
    page = f"""<!doctype html><html lang="en"><title>A strict page</title><h1>A strict page</h1>
        <link rel="icon" href="data:,">
        <script async src="{chat}/widget/kettleandleaf/loader.js"></script>"""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.end_headers()
            self.wfile.write(page.encode())

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
