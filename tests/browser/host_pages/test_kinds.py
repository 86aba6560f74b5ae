"""The chat on websites that are built in all kinds of ways (`pages`)."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.host_pages.pages import PAGES
from tests.browser.people import Visitor, until
from tests.browser.websites import host_page

WINDOW = {"width": 1000, "height": 700}
LAYOUT = """() => {
    const { documentElement: html, body } = document;
    const where = (one) => {
        const { x, y, width, height } = one.getBoundingClientRect();
        return [one.localName, x, y + scrollY, width, height, one.getAttribute("style")].join();
    };
    const shown = [html, body, ...body.querySelectorAll(":not(script)")].map(where);
    return [scrollX, html.scrollWidth, html.scrollHeight, ...shown];
}"""


@pytest.mark.parametrize("kind", PAGES, ids=lambda kind: kind.name)
def test_a_chat_lives_on_any_page_and_leaves_it_as_it_was(kind, server, chrome, anna):
    with host_page(server.url, kind) as site:
        page = chrome.context(viewport=WINDOW).new_page()
        page.goto(f"{site}/first?plain")
        until(page, "Boolean(document.querySelector('#where'))")
        untouched = page.evaluate(LAYOUT)
        page.goto(f"{site}/first")
        vera = Visitor(page)

        in_the_corner(vera)
        assert page.evaluate(LAYOUT) == untouched
        leave(page)
        in_the_corner(vera)
        page.goto(f"{site}/first")

        vera.opens()
        vera.write(f"Hello, {kind.name}")
        anna.rows("mine").filter(has_text=f"Hello, {kind.name}").click()
        anna.reads(f"Hello, {kind.name}")
        anna.write("Good morning")
        vera.reads(f"Hello, {kind.name}", "Good morning")
        assert page.evaluate(LAYOUT) == untouched
        page.mouse.move(200, 200)
        page.mouse.wheel(0, 300)
        until(page, "scrollY + document.body.scrollTop === 300")
        leave(page)

        expect(vera.panel).to_be_visible()
        vera.is_connected()
        vera.write("Still here")
        vera.reads(f"Hello, {kind.name}", "Good morning", "Still here")
        vera.view.get_by_role("button", name="Close the chat window").click()
        in_the_corner(vera)
        page.goto(f"{site}/first")
        in_the_corner(vera)
        assert page.evaluate(LAYOUT) == untouched
        anna.closes()


def leave(page: Page) -> None:
    """Have the website show its second page in its own way, if it has one."""
    if page.evaluate("'leave' in window"):
        page.evaluate("void leave()")
        expect(page.locator("#where")).to_have_text("second")


def in_the_corner(vera: Visitor) -> None:
    """Expect the button in the corner of the window, above everything."""
    expect(vera.launcher).to_be_visible()
    found = vera.launcher.bounding_box()
    assert found == {"x": 924, "y": 624, "width": 56, "height": 56}
    until(vera.page, "document.elementFromPoint(950, 650)?.localName === 'live-chat'")
