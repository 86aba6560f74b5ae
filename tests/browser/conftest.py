"""Fixtures of browser tests: a server for each test, people, and the browser's complaints."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    WebError,
    sync_playwright,
)

from tests.browser import environment
from tests.browser.environment import ServerPool, Template
from tests.browser.people import TIMEOUT_MS, Operator, Visitor
from tests.browser.reaction_times import reaction_times
from tests.machine.app import App
from tests.machine.workers import once

HERE = Path(__file__).parent
LIMIT_SECONDS = 240
"""Limit of one test. It ends tests that wait without a limit of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            in_others = HERE / "engines" in item.path.parents
            item.add_marker(pytest.mark.engines if in_others else pytest.mark.browser)
            # Without set-up shared by all tests, for which the first test waits.
            item.add_marker(pytest.mark.timeout(LIMIT_SECONDS, func_only=True))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the measured times. They are for information and fail no test."""
    if reaction_times.figures:
        terminalreporter.section("how it feels: medians in milliseconds or frames")
        for line in reaction_times.lines():
            terminalreporter.write_line(line)


@dataclass
class Chrome:
    """The browser. Each error or warning of a page fails the test, unless it was `expected`."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def context(self, **options: Any) -> BrowserContext:
        """Return a browser profile of its own, for another person or device."""
        usual = {"reduced_motion": "reduce", "locale": "en-GB", "timezone_id": "Europe/Berlin"}
        made = self.browser.new_context(**{**usual, **options})
        made.set_default_timeout(TIMEOUT_MS)
        made.on("console", self._hear_console)
        made.on("weberror", self._hear_error)
        return made

    def expect(self, complaint: str) -> None:
        """Ignore complaints that contain these words."""
        self.expected.append(complaint)

    def expect_a_dead_server(self) -> None:
        """Ignore complaints about connections and about responses that end in the middle."""
        self.expect("WebSocket connection to")
        self.expect("net::ERR_")

    def heard(self) -> list[str]:
        """Return the complaints that were not expected."""
        return [
            complaint
            for complaint in self.complaints
            if not any(expected in complaint for expected in self.expected)
        ]

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _hear_error(self, error: WebError) -> None:
        self.complaints.append(f"uncaught: {error.error.stack or error.error}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = environment.launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Return the folder of the demo, which is built once for all workers."""
    with once(tmp_path_factory, "template") as (folder, is_made):
        template = Template(folder) if is_made else environment.build(folder)
    environment.can_fork(template)  # before the start of any server with other settings
    return template


@pytest.fixture(scope="session")
def server_pool(
    template: Template, signed_in: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerPool]:
    """Provide copies of the template, made after the operators have signed in there."""
    server_pool = ServerPool(template, tmp_path_factory.mktemp("server_pool"))
    yield server_pool
    server_pool.close()


@pytest.fixture
def server(server_pool: ServerPool) -> Iterator[App]:
    """Provide a server with the demo shop, for this test only."""
    app = server_pool.next()
    yield app
    app.kill()
    log = app.log.read_text()
    assert "Traceback" not in log, log[-4000:]


@pytest.fixture
def chrome(chromium: Browser, server: App) -> Iterator[Chrome]:
    """Provide the browser.

    Its pages close before the server stops, because they would log errors.
    """
    chrome = Chrome(chromium)
    before = set(chromium.contexts)
    yield chrome
    for context in set(chromium.contexts) - before:
        context.close()
    assert chrome.heard() == []


@pytest.fixture
def visitor(server: App, chrome: Chrome) -> Callable[..., Visitor]:
    """Return a function that creates visitors: each has a browser, on the shop's first page."""

    def arrive(path: str = "/demo/", **options: Any) -> Visitor:
        page = chrome.context(**options).new_page()
        page.goto(server.url + path)
        return Visitor(page)

    return arrive


@pytest.fixture
def vera(visitor: Callable[..., Visitor]) -> Visitor:
    """A visitor of the shop who has not opened the chat yet."""
    return visitor()


@pytest.fixture(scope="session")
def signed_in(
    template: Template, chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Sign operators and administrator in once, in the template; return their cookies."""
    with once(tmp_path_factory, "cookies") as (folder, is_made):
        kept = folder / "cookies.json"
        if not is_made:
            kept.write_text(json.dumps(_cookies(template, chromium)))
        found: dict[str, Any] = json.loads(kept.read_text())
        return found


def _cookies(template: Template, chromium: Browser) -> dict[str, Any]:
    cookies: dict[str, Any] = {}
    app = App(template.folder, environ=environment.ENVIRON)
    app.start()
    try:
        for name in ("anna", "ben", "admin"):
            page = chromium.new_page()
            # Not to the dashboard: it would make the operator online for a minute.
            sign_in(page, f"{app.url}/login/?next=/demo/", name, template.passwords[name])
            page.wait_for_url("**/demo/")
            cookies[name] = page.context.storage_state()
            page.close()
    finally:
        app.stop()
    return cookies


def sign_in(page: Page, address: str, name: str, password: str) -> None:
    page.goto(address)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.fixture
def operator(signed_in: dict[str, Any], server: App, chrome: Chrome) -> Callable[..., Operator]:
    """Return a function that creates operators: signed in, with a connected inbox."""

    def open_page(name: str, **options: Any) -> Operator:
        page = chrome.context(storage_state=signed_in[name], **options).new_page()
        page.goto(f"{server.url}/dashboard/")
        somebody = Operator(page)
        somebody.is_connected()
        return somebody

    return open_page


@pytest.fixture
def anna(operator: Callable[..., Operator]) -> Operator:
    """An operator who is available, with an empty inbox."""
    return operator("anna")


@pytest.fixture
def ben(operator: Callable[..., Operator]) -> Operator:
    return operator("ben")
