"""The chat on websites of all kinds (`tests.browser.host_pages`), in Firefox and WebKit."""

import pytest

from tests.browser.host_pages.pages import PAGES
from tests.browser.host_pages.test_kinds import LAYOUT
from tests.browser.websites import host_page

SHORT = {"plain", "astro", "zoomed html", "reset"}
LIMITS = {
    ("webkit", "moved html"): "WebKit moves the top layer too",
    ("webkit", "contained html"): "WebKit moves the top layer too",
}
"""Kinds on which the button is in the corner of the page, not of the window."""

CORNER = """(() => {
    const chat = document.querySelector("live-chat");
    const button = chat?.shadowRoot.querySelector("#launcher").getBoundingClientRect();
    if (!button) return false;
    const whole = chat.getBoundingClientRect();
    const x = button.x + button.width / 2;
    const y = button.y + button.height / 2;
    return Math.abs(button.width - 56) < 4  // it grows a little under the mouse
        && [whole.right - x, visualViewport.height - y].map(Math.round).join() === "48,48"
        && document.elementFromPoint(x, y)?.localName === "live-chat";
})()"""


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, id=kind.name, marks=[] if kind.name in SHORT else [pytest.mark.long])
        for kind in PAGES
    ],
)
def test_a_chat_lives_on_any_page_and_leaves_it_as_it_was(kind, engine, server, visitor, anna):
    with host_page(server.url, kind) as site:
        vera = visitor(f"{site}/first?plain")
        vera.on_page("document.querySelector('#where')")
        untouched = layout(vera)
        vera.driver.get(f"{site}/first")

        in_the_corner(vera, engine, kind)
        assert layout(vera) == untouched
        leave(vera)
        in_the_corner(vera, engine, kind)
        vera.driver.get(f"{site}/first")

        vera.opens()
        if (engine, kind.name) in LIMITS:
            return  # the driver clicks beside what it finds on a moved page
        vera.write("Hello")
        anna.picks("Hello")
        anna.reads("Hello")
        anna.write("Good morning")
        vera.reads("Hello", "Good morning")
        assert layout(vera) == untouched
        leave(vera)

        vera.is_connected()
        vera.write("Still here")
        vera.reads("Hello", "Good morning", "Still here")
        vera.closes_the_window()
        in_the_corner(vera, engine, kind)


def layout(vera):
    return vera.run(f"return ({LAYOUT})()")


def leave(vera):
    """Have the website show its second page in its own way, if it has one."""
    if vera.run("return 'leave' in window"):
        vera.run("leave()")
        vera.on_page("document.querySelector('#where')?.textContent === 'second'")


def in_the_corner(vera, engine, kind):
    """Expect the button in the corner of the window, above everything."""
    if (engine, kind.name) in LIMITS:
        vera.on_page("document.querySelector('live-chat')")
    else:
        vera.on_page(CORNER)
