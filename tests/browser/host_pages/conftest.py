"""One server and one operator for all tests of websites, which differ in their pages only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.environment import ServerPool
from tests.browser.people import TIMEOUT_MS, Operator
from tests.machine.app import App


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("host_pages"))


@pytest.fixture(scope="package")
def server(server_pool: ServerPool) -> Iterator[App]:
    app = server_pool.next()
    yield app
    app.kill()
    log = app.log.read_text()
    assert "Traceback" not in log, log[-4000:]


@pytest.fixture(scope="package")
def anna(server: App, chromium: Browser, signed_in: dict[str, Any]) -> Iterator[Operator]:
    context = chromium.new_context(storage_state=signed_in["anna"], reduced_motion="reduce")
    context.set_default_timeout(TIMEOUT_MS)
    page = context.new_page()
    page.goto(f"{server.url}/dashboard/")
    anna = Operator(page)
    anna.is_connected()
    yield anna
    context.close()
