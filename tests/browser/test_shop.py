"""The demo shop and another company's site, used as a visitor uses them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.browser import environment
from tests.browser.people import Visitor
from tests.browser.test_accessibility import problems
from tests.config.demo.test_demo import PAGES
from tests.machine.app import App
from tests.machine.ports import free_port

WORDS = "The blue tin, please"


@pytest.fixture
def pair(template, tmp_path: Path) -> Iterator[tuple[App, str]]:
    """Provide a shop with its second site, and that site's address."""
    template.copy(tmp_path / "pair")
    beside = free_port()
    app = App(tmp_path / "pair", environ=environment.ENVIRON, second_site_port=beside)
    app.start()
    yield app, f"http://localhost:{beside}"
    app.kill()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_the_shop(visitor, scheme):
    vera = visitor(color_scheme=scheme)
    origin = vera.page.url.removesuffix("/demo/")
    for path in PAGES:
        vera.page.goto(origin + path)
        assert problems(vera.page) == [], path


def test_the_finder_goes_forth_and_back_without_loading_a_page(visitor):
    vera = visitor("/demo/finder/?from=JP")
    page = vera.page
    page.evaluate("window.same = true")

    page.get_by_role("link", name="In the evening").click()
    expect(page.get_by_role("heading", name="What effect would you like?")).to_be_focused()
    page.get_by_role("link", name="Surprise me").click()
    page.get_by_role("link", name="Strong").click()
    expect(page.get_by_role("heading", name="Smoked Pine")).to_be_visible()
    expect(page.locator("#demo-what")).to_contain_text("notification")
    page.go_back()
    expect(page.get_by_role("heading", name="How strong should it be?")).to_be_visible()

    assert page.url.endswith("/demo/finder/strength?from=JP&time=evening&mood=curious")
    assert page.evaluate("window.same")
    page.reload()
    expect(page.get_by_role("heading", name="How strong should it be?")).to_be_visible()


def test_a_pretended_country_goes_along(visitor):
    page = visitor("/demo/checkout/?item=taster").page

    page.get_by_label("Visit as if from").select_option("Egypt")
    expect(page).to_have_url(re.compile("from=EG"))
    page.get_by_role("link", name="Teas", exact=True).click()

    expect(page).to_have_url(page.url.split("/demo/")[0] + "/demo/shop/?from=EG")
    source = page.locator("script[src*=loader]").get_attribute("src")
    assert source is not None
    assert source.endswith("/loader.js?address=203.0.113.138")


def test_the_demo_bar_asks_for_dark_controls(vera):
    expect(vera.page.locator("#demo-from")).to_have_css("color-scheme", "dark")


def test_the_demo_bar_stays_folded(vera):
    tools = vera.page.get_by_label("Visit as if from")
    vera.page.locator(".demo-bar summary").click()
    expect(tools).to_be_hidden()

    vera.page.reload()

    expect(tools).to_be_hidden()


def test_another_company_embeds_the_chat_with_three_lines_of_policy(pair, chrome):
    _, site = pair
    vera = Visitor(chrome.context().new_page())
    vera.page.goto(site)

    vera.opens()
    vera.write(WORDS)

    vera.reads(WORDS)
    with urlopen(f"{site}/csp-reports") as answer:  # noqa: S310
        assert json.load(answer) == []


def test_a_hostile_page_cannot_read_the_chat(pair, chrome):
    _, site = pair
    vera = Visitor(chrome.context().new_page())
    vera.page.goto(f"{site}/hostile")
    vera.opens()
    vera.write(WORDS)
    vera.reads(WORDS)
    vera.page.wait_for_timeout(600)  # the page looks four times a second

    stolen = vera.page.evaluate("stolen")

    assert stolen != []
    assert [seen for seen in stolen if WORDS in seen or "Vera" in seen or "token" in seen] == []
