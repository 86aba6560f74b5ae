"""The widget on another company's page, and what it costs that page."""

import json
import re
import time
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import brotli
from playwright.sync_api import expect

from tests.browser.people import TIMEOUT_MS, Visitor, until
from tests.browser.websites import website
from tests.machine.app import App

BUDGETS = json.loads((Path(__file__).parents[2] / "benchmarks/budgets.json").read_text())
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


def test_a_site_that_is_not_on_the_list_has_no_button_and_cannot_show_the_chat(server, chrome):
    chrome.expect("blocked by CORS policy")
    chrome.expect("403 (Forbidden)")
    chrome.expect("net::ERR_FAILED")
    chrome.expect("frame-ancestors")
    allow(server, "https://kettle-and-leaf.example")
    with website(server.url) as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)
        until(vera.page, "typeof Livechat === 'function'")
        vera.page.wait_for_timeout(500)

        expect(vera.launcher).to_be_hidden()

        # If the page opens the window anyway, it has no chat.
        vera.page.evaluate("Livechat.open()")
        expect(vera.panel).to_be_visible()
        expect(vera.composer).to_have_count(0)


def test_a_site_on_the_list_shows_the_chat(server, chrome):
    with website(server.url) as address:
        allow(server, address.removesuffix("/page"))
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)

        vera.opens()

        expect(vera.composer).to_be_visible()


def allow(server: App, origins: str) -> None:
    """Allow only these origins to embed the demo's channel; return when the server knows.

    Another process changes the row, and there is no Redis: the server notices at its next refresh.
    """
    server.manage(
        *("shell", "--no-imports", "-c"),
        f"from livechat.models import Channel; Channel.objects.update(allowed_origins={origins!r})",
    )
    deadline = time.monotonic() + TIMEOUT_MS / 1_000
    while is_allowed(server, "https://stranger.example"):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def is_allowed(server: App, origin: str) -> bool:
    asked = Request(f"{server.url}/widget/kettleandleaf/init?url={origin}/")  # noqa: S310
    asked.add_header("Origin", origin)
    try:
        with urlopen(asked):  # noqa: S310
            return True
    except HTTPError as error:
        return error.code != 403


def test_an_archived_channel_is_said_to_be_gone(vera, server, chrome):
    chrome.expect_a_dead_server()
    chrome.expect("404 (Not Found)")
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    server.kill()
    server.manage(
        *("shell", "--no-imports", "-c"),
        "from livechat.models import Channel; Channel.objects.update(is_active=False)",
    )

    server.start()

    expect(vera.strip).to_have_text("This chat is not available here.")


def test_a_page_opens_the_chat_by_script(vera):
    vera.page.evaluate("Livechat.open()")
    vera.is_connected()
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
    framed = [name for name in loaded if re.search(r"\.(js|css)$", name)]
    panel = [name for name in vera.page.evaluate(LOADED) if "/embed/panel." in name]
    weighed = sorted(framed + panel)

    preloaded = re.findall(r'rel="modulepreload" href="([^"]+)"', page)
    modules = {urlsplit(name).path for name in framed if name.endswith(".js")}
    assert len(panel) == 1
    assert modules - set(preloaded) == {
        path for path in modules if re.search(r"/widget/main\.[0-9a-f]{12}\.js$", path)
    }
    assert set(preloaded) < modules
    for name in weighed:
        assert re.search(r"\.[0-9a-f]{12}\.(js|css)$", name), name
        assert not re.search(rb"^\s*(//|/\*\*)", fetch(name)[1], re.MULTILINE), name
    total = sum(fetch(name)[0] for name in weighed)
    assert total <= BUDGETS["first open"]["bytes"], f"{total} bytes"


def test_before_a_click_there_are_two_small_requests_and_no_connection(vera, server):
    source = vera.page.locator("script[src*=loader]").get_attribute("src")
    expect(vera.launcher).to_be_visible()

    assert source
    assert fetch(server.url + urlsplit(source).path)[0] <= BUDGETS["loader.js"]["bytes"]
    loaded = vera.page.evaluate(LOADED)
    asked = [urlsplit(name).path for name in loaded if "/widget/" in name or "/ws/" in name]
    assert asked == [urlsplit(source).path, "/widget/kettleandleaf/init"]
    assert not [name for name in loaded if "/embed/" in name]
    size = vera.page.evaluate(
        "performance.getEntriesByType('resource')"
        ".find(one => one.name.includes('/init?')).transferSize"
    )
    assert size <= BUDGETS["init"]["bytes"]


def fetch(address: str) -> tuple[int, bytes]:
    """Return the number of bytes transferred for a file, and the file."""
    request = Request(address, headers={"Accept-Encoding": "br, gzip"})  # noqa: S310
    with urlopen(request) as response:  # noqa: S310
        body = response.read()
        packed = response.headers.get("Content-Encoding") == "br"
    return len(body), brotli.decompress(body) if packed else body
