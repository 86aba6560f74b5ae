"""Fixtures of tests in Firefox and WebKit: browsers, which tests share, and people in them."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from tests.browser import environment
from tests.browser.engines.engine import launched
from tests.browser.engines.people import Operator, Visitor
from tests.browser.environment import Template
from tests.machine.app import App
from tests.machine.workers import once

HERE = Path(__file__).parent
DESKTOP = (1280, 900)
Browsers = Callable[..., WebDriver]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each engine a process of its own, because a process starts each browser once."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group(item.callspec.params["engine"]))  # type: ignore[attr-defined]


@pytest.fixture(params=["firefox", "webkit"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def launched_browsers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browsers]:
    """Provide a function that returns the browser of a person; it is started when first needed."""
    browsers: dict[str, WebDriver] = {}
    with ExitStack() as stack:

        def browser(engine: str, person: str, *, is_dark: bool = False) -> WebDriver:
            name = f"{engine}-{person}{'-dark' * is_dark}"
            if name not in browsers:
                folder = tmp_path_factory.mktemp(name) / "profile"
                browsers[name] = stack.enter_context(launched(engine, folder, is_dark=is_dark))
            return browsers[name]

        yield browser


@pytest.fixture
def browser(engine: str, launched_browsers: Browsers, server: App) -> Iterator[Browsers]:
    """Provide a function that returns the browser of a person in this engine, without cookies.

    Other storage is empty too, because it belongs to an origin, and each server has its own.
    """
    used: list[WebDriver] = []

    def open_browser(person: str, size: tuple[int, int] = DESKTOP, **options: Any) -> WebDriver:
        driver = launched_browsers(engine, person, **options)
        driver.set_window_rect(0, 0, *size)
        driver.get(f"{server.url}/healthz")
        driver.delete_all_cookies()
        used.append(driver)
        return driver

    yield open_browser
    for driver in used:
        driver.switch_to.default_content()
        driver.get("about:blank")  # pages would report a server that stops


@pytest.fixture(scope="session")
def signed_in(template: Template, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Sign in once, in the template; return the key of the login session of each person."""
    with once(tmp_path_factory, "keys") as (folder, is_made):
        kept = folder / "keys.json"
        if not is_made:
            kept.write_text(json.dumps(_keys(template)))
        found: dict[str, str] = json.loads(kept.read_text())
        return found


def _keys(template: Template) -> dict[str, str]:
    app = App(template.folder, environ=environment.ENVIRON)
    app.start()
    try:
        return {name: _key(app, name, template.passwords[name]) for name in ("anna", "admin")}
    finally:
        app.stop()


def _key(app: App, name: str, password: str) -> str:
    """Sign in over HTTP."""
    cookies = CookieJar()
    client = build_opener(HTTPCookieProcessor(cookies))
    address = f"{app.url}/login/"
    with client.open(address) as response:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', response.read().decode())
    assert found
    form = {"csrfmiddlewaretoken": found[1], "username": name, "password": password}
    # Not to the inbox: the operator would be online for a minute.
    with client.open(address, urlencode(form | {"next": "/demo/"}).encode()) as response:
        assert response.url == f"{app.url}/demo/"
    [key] = [str(cookie.value) for cookie in cookies if cookie.name == "sessionid"]
    return key


@pytest.fixture
def visitor(browser: Browsers, server: App) -> Callable[..., Visitor]:
    """Return a function that creates a visitor, on a page of the shop or at another address."""

    def arrive(address: str = "/demo/", **options: Any) -> Visitor:
        driver = browser("visitor", **options)
        driver.get(server.url + address if address.startswith("/") else address)
        return Visitor(driver)

    return arrive


@pytest.fixture
def operator(browser: Browsers, server: App, signed_in: dict[str, str]) -> Callable[..., Operator]:
    """Return a function that opens a page for a signed-in operator, usually the inbox."""

    def open_page(
        name: str = "anna", path: str = "/dashboard/", language: str = "en", **options: Any
    ) -> Operator:
        driver = browser("operator", **options)
        driver.add_cookie({"name": "django_language", "value": language, "path": "/"})
        driver.add_cookie({"name": "sessionid", "value": signed_in[name], "path": "/"})
        driver.get(server.url + path)
        return Operator(driver)

    return open_page


@pytest.fixture
def anna(operator: Callable[..., Operator]) -> Operator:
    """An operator who is available, with an empty inbox."""
    anna = operator()
    anna.is_connected()
    return anna
