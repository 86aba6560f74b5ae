"""Dialogs and locks of the page, its history, and windows that change while the chat is open."""

import time
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.host_pages.pages import HostPage
from tests.browser.people import TIMEOUT_MS, Visitor, box, until
from tests.browser.websites import host_page

PHONE = {"width": 390, "height": 700}
PORTRAIT = {"width": 600, "height": 960}
LANDSCAPE = {"width": 960, "height": 600}
TOUCH = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
OVERFLOW = "getComputedStyle(document.documentElement).overflowY"
IS_COVERED = "document.elementFromPoint(innerWidth - 200, innerHeight - 200).localName"


@pytest.fixture
def opened(server, chrome):
    """Return a function that opens a page that embeds the chat, with this HTML in its head."""
    with ExitStack() as sites:

        def open_page(head: str = "", **options: Any) -> Visitor:
            site = sites.enter_context(host_page(server.url, HostPage("", head=head)))
            page = chrome.context(**options).new_page()
            page.goto(f"{site}/first")
            vera = Visitor(page)
            expect(vera.launcher).to_be_visible()
            return vera

        yield open_page


def test_a_lock_that_the_page_lifts_while_the_chat_is_open_does_not_come_back(opened):
    vera = opened(**TOUCH)
    vera.page.evaluate("document.documentElement.style.overflow = 'hidden'")
    vera.opens()
    vera.page.evaluate("document.documentElement.style.overflow = ''")
    assert vera.page.evaluate(OVERFLOW) == "hidden"

    vera.view.get_by_role("button", name="Close the chat window").click()

    expect(vera.panel).to_be_hidden()
    assert vera.page.evaluate(OVERFLOW) == "visible"


def test_a_lock_that_the_page_sets_while_the_chat_is_open_stays(opened):
    vera = opened(**TOUCH)
    vera.opens()
    vera.page.evaluate("document.documentElement.style.overflow = 'hidden'")

    vera.view.get_by_role("button", name="Close the chat window").click()

    expect(vera.panel).to_be_hidden()
    assert vera.page.evaluate(OVERFLOW) == "hidden"
    assert (
        vera.page.evaluate("document.documentElement.getAttribute('style')") == "overflow: hidden;"
    )


DIALOG = (
    '<dialog id="theirs"><p>Cart</p><a href="/second" data-livechat-open="Help">Ask</a></dialog>'
)
IN_A_COMPONENT = """
    const theirs = document.querySelector("#theirs");
    const host = document.body.appendChild(document.createElement("div"));
    host.attachShadow({ mode: "open" }).append(theirs);
    theirs.showModal();
"""


@pytest.mark.parametrize("show", ["document.querySelector('#theirs').showModal()", IN_A_COMPONENT])
def test_a_chat_that_is_opened_in_a_modal_dialog_of_the_page_is_alive_above_it(opened, show):
    vera = opened(viewport=LANDSCAPE)
    vera.page.evaluate("html => document.body.insertAdjacentHTML('beforeend', html)", DIALOG)
    vera.page.evaluate(f"() => {{ {show} }}")

    vera.page.get_by_role("link", name="Ask").click()
    vera.is_connected()
    expect(vera.composer).to_have_value("Help")
    vera.composer.click()
    vera.composer.press("Enter")
    vera.reads("Help")

    vera.view.get_by_role("button", name="Close the chat window").click()
    expect(vera.panel).to_be_hidden()
    vera.page.get_by_role("link", name="Ask").click(trial=True)


def test_a_chat_that_is_opened_in_a_popover_of_the_page_is_above_it(opened):
    vera = opened(viewport=LANDSCAPE)
    vera.page.evaluate(
        """() => {
            document.body.insertAdjacentHTML("beforeend",
                `<div id="theirs" popover="manual" style="inset: 0; width: 100%; height: 100%">
                 <a href="/second" data-livechat-open>Ask</a></div>`);
            document.querySelector("#theirs").showPopover();
        }"""
    )
    vera.page.get_by_role("link", name="Ask").click()
    vera.is_connected()

    assert vera.page.evaluate(IS_COVERED) == "live-chat"


def test_a_chat_that_is_opened_over_a_full_screen_element_is_above_it(opened):
    vera = opened(viewport=LANDSCAPE)
    vera.page.evaluate("onclick = () => document.querySelector('main').requestFullscreen()")
    vera.page.get_by_text("Line 3 of").click()
    until(vera.page, "Boolean(document.fullscreenElement)")

    vera.page.evaluate("onclick = null; Livechat.open()")
    vera.is_connected()

    assert vera.page.evaluate(IS_COVERED) == "live-chat"
    vera.composer.click()


def test_a_tablet_that_is_turned_leaves_the_page_alive_and_back_closes_the_chat(opened):
    vera = opened(viewport=PORTRAIT)
    vera.opens()
    assert box(vera.panel)["width"] == PORTRAIT["width"]

    vera.page.set_viewport_size(LANDSCAPE)

    until(vera.page, "!document.querySelector('live-chat').shadowRoot.querySelector(':modal')")
    assert box(vera.panel)["width"] == 384
    vera.page.evaluate("onclick = () => { window.clicked = true }")
    vera.page.locator("footer").scroll_into_view_if_needed()
    vera.page.locator("main p").nth(50).click()
    assert vera.page.evaluate("clicked")
    assert vera.page.evaluate(OVERFLOW) == "visible"
    vera.goes_back()
    expect(vera.panel).to_be_hidden()
    assert vera.page.url.endswith("/first")


def test_a_window_that_becomes_narrow_is_filled_and_back_closes_the_chat(opened):
    vera = opened(viewport=LANDSCAPE)
    vera.opens()
    vera.composer.fill("Half a sen")

    vera.page.set_viewport_size(PORTRAIT)

    until(vera.page, "document.querySelector('live-chat').shadowRoot.querySelector(':modal')")
    assert box(vera.panel) == {"x": 0, "y": 0, **PORTRAIT}
    assert vera.composer.evaluate("box => box.ownerDocument.hasFocus()")
    expect(vera.composer).to_have_value("Half a sen")
    vera.goes_back()
    expect(vera.panel).to_be_hidden()
    assert vera.page.url.endswith("/first")


@pytest.fixture(scope="module")
def other_channel(server) -> str:
    server.manage(
        *("shell", "--no-imports", "-c"),
        "from livechat.models import Channel;"
        "Channel.objects.create(name='Other', slug='other', key='other')",
    )
    # Another process made it: the server notices at its next refresh.
    deadline = time.monotonic() + TIMEOUT_MS / 1_000
    while server.status("/widget/other/init?url=https://shop.example/") != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    return "other"


def test_a_page_changes_its_channel_in_one_task(opened, other_channel):
    vera = opened()
    add = """async (key) => {
        Livechat.destroy();
        const { src } = document.querySelector("script[src*=loader]");
        const line = Object.assign(document.createElement("script"), {
            src: src.replace("kettleandleaf", key) });
        document.body.append(line);
        await new Promise((loaded) => { line.onload = line.onerror = loaded });
    }"""
    vera.page.evaluate(add, other_channel)
    assert vera.page.evaluate("Livechat.key") == other_channel

    vera.page.evaluate(add, "kettleandleaf")
    vera.opens()

    assert vera.page.locator("live-chat").count() == 1


def test_a_second_channel_on_a_page_is_reported(opened, other_channel, chrome):
    chrome.expect("this page already has a chat of another channel")
    vera = opened()
    with vera.page.expect_console_message(lambda message: "another channel" in message.text):
        vera.page.evaluate(
            """(key) => {
                const { src } = document.querySelector("script[src*=loader]");
                document.body.append(Object.assign(document.createElement("script"), {
                    src: src.replace("kettleandleaf", key) }));
            }""",
            other_channel,
        )
    vera.opens()
