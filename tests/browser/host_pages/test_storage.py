"""Browsers that let the frame store nothing: *block third-party cookies*, private windows."""

import json

import pytest
from playwright.sync_api import expect

from tests.browser.host_pages.pages import HostPage
from tests.browser.people import Visitor, until
from tests.browser.websites import host_page

FORBIDDEN = """
    const forbidden = () => { throw new DOMException("Access is denied", "SecurityError"); };
    for (const name of ["localStorage", "sessionStorage"])
        Object.defineProperty(window, name, { get: forbidden });
    LockManager.prototype.request = LockManager.prototype.query = async () => forbidden();
"""
IN_THE_FRAME = f"if (location.pathname.startsWith('/widget/')) {{ {FORBIDDEN} }}"
KEPT = "JSON.parse(localStorage['livechat:kettleandleaf'] ?? '{}')"
PROMISE = "You can keep browsing"
LATER = "our reply will be here"
LOST = "This chat is lost when you leave this page."


@pytest.fixture
def arrive(server, chrome):
    """Return a function that opens a page of a website in a browser that runs this script."""
    with host_page(server.url, HostPage("")) as site:

        def arrive(script: str) -> Visitor:
            page = chrome.context().new_page()
            page.add_init_script(script)
            page.goto(f"{site}/first")
            return Visitor(page)

        yield arrive


def test_a_conversation_goes_on_from_page_to_page(arrive, anna):
    vera = arrive(IN_THE_FRAME)
    vera.opens()
    vera.write("Keep this")
    anna.rows("mine").filter(has_text="Keep this").click()
    anna.write("We do")
    vera.reads("Keep this", "We do")
    expect(vera.view.get_by_text(LOST)).to_have_count(0)
    until(vera.page, f"Boolean({KEPT}.key)")
    first = vera.page.evaluate(f"{KEPT}.key")

    for path in ("second", "first"):
        vera.page.goto(vera.page.url.rpartition("/")[0] + f"/{path}")
        vera.is_connected()
        vera.reads("Keep this", "We do")
        until(vera.page, f"{KEPT}.key !== {json.dumps(first)}")
    vera.write("Still here")
    anna.reads("Keep this", "We do", "Still here")

    vera.ends_the_chat()
    until(vera.page, f"!{KEPT}.key")


@pytest.mark.parametrize("change", ["key => key + 'x'", "key => ''", "key => 'x'.repeat(4000)"])
def test_a_key_that_was_tampered_with_begins_a_new_chat(arrive, anna, change):
    vera = arrive(IN_THE_FRAME)
    vera.opens()
    vera.write(f"Tampered with by {change}")
    until(vera.page, f"Boolean({KEPT}.key)")
    vera.page.evaluate(
        f"() => {{ const kept = {KEPT}; kept.key = ({change})(kept.key);"
        " localStorage['livechat:kettleandleaf'] = JSON.stringify(kept); }"
    )

    vera.page.reload()

    vera.opens()
    vera.reads()
    until(vera.page, f"!{KEPT}.key && !{KEPT}.has_chat")


def test_without_consent_no_key_is_kept_and_nothing_is_promised(arrive):
    vera = arrive(IN_THE_FRAME + "; window.LivechatSettings = { consent: false }")
    vera.opens()
    vera.write("Forget me")
    vera.reads("Forget me")

    expect(vera.view.get_by_text(LOST)).to_be_visible()
    assert vera.page.evaluate("localStorage.length") == 0
    vera.page.reload()
    vera.opens()
    vera.reads()


def test_where_the_page_can_store_nothing_either_the_window_says_so(arrive):
    vera = arrive(FORBIDDEN)
    vera.opens()
    expect(vera.view.get_by_text(LATER)).to_have_count(0)
    vera.write("Forget me")
    vera.reads("Forget me")

    expect(vera.view.get_by_text(LOST)).to_be_visible()
    expect(vera.view.get_by_text(PROMISE)).to_have_count(0)
