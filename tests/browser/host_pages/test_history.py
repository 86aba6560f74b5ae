"""*Back* closes a chat that fills the screen, and the page around it notices nothing."""

import pytest
from playwright.sync_api import expect

from tests.browser.host_pages.pages import PAGES, HostPage
from tests.browser.people import HAS_STEP, Visitor, until
from tests.browser.websites import host_page

TOUCH = {"viewport": {"width": 390, "height": 700}, "is_mobile": True, "has_touch": True}
ROUTERS = [kind for kind in PAGES if kind.name in ("plain", "turbo", "htmx", "astro")]
WATCH = """() => {
    window.heard = [];
    for (const name of ["popstate", "hashchange", "pagehide"])
        addEventListener(name, () => heard.push(name), { capture: true });
    window.navigation?.addEventListener("navigate", () => heard.push("navigate"));
    window.paragraph = document.querySelector("main p");
    scrollTo(0, 400);
}"""
STATE = "[location.href, JSON.stringify(history.state), scrollY, paragraph.isConnected, heard]"


@pytest.fixture
def arrive(server, chrome):
    """Return a function that opens a website of this kind on a phone, at its second page."""
    sites = []

    def arrive(kind: HostPage) -> Visitor:
        site = host_page(server.url, kind)
        sites.append(site)
        page = chrome.context(**TOUCH).new_page()
        page.goto(f"{site.__enter__()}/first")
        vera = Visitor(page)
        expect(vera.launcher).to_be_visible()
        if kind.name == "astro":
            page.evaluate("void leave()")
        else:
            # After a click by a script Chromium at times counts an entry less.
            page.locator("#go").tap()
        expect(page.locator("#where")).to_have_text("second")
        expect(vera.launcher).to_be_visible()
        # htmx scrolls when it has finished.
        until(page, "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
        page.evaluate(WATCH)
        return vera

    yield arrive
    for site in sites:
        site.__exit__(None, None, None)


def closes(vera: Visitor) -> None:
    vera.view.get_by_role("button", name="Close the chat window").click()


@pytest.mark.parametrize("kind", ROUTERS, ids=lambda kind: kind.name)
def test_back_closes_the_chat_and_the_page_hears_and_fetches_nothing(kind, arrive):
    vera = arrive(kind)
    before, length = vera.page.evaluate(f"[{STATE}, history.length]")
    vera.opens()
    assert vera.page.evaluate(f"[{STATE}, history.length]") == [before, length + 1]
    requests: list[str] = []
    vera.page.on("request", lambda request: requests.append(request.url))

    vera.goes_back()
    expect(vera.panel).to_be_hidden()
    vera.launcher.click()
    expect(vera.panel).to_be_visible()
    closes(vera)
    expect(vera.panel).to_be_hidden()
    until(vera.page, f"!{HAS_STEP}")

    assert vera.page.evaluate(f"[{STATE}, history.length]") == [before, length + 1]
    assert [url for url in requests if vera.page.url.startswith(url.rpartition("/")[0])] == []
    vera.goes_back()
    expect(vera.page).to_have_url(vera.page.url.replace("/second", "/first"))


def test_a_chat_that_is_opened_again_at_once_stays_open_and_back_closes_it(arrive):
    vera = arrive(HostPage(""))
    vera.opens()
    closes(vera)
    vera.page.evaluate("Livechat.open()")
    vera.page.evaluate("Livechat.open()")
    until(vera.page, HAS_STEP)

    expect(vera.panel).to_be_visible()
    vera.goes_back()
    expect(vera.panel).to_be_hidden()
    assert vera.page.evaluate("heard") == []


def test_a_chat_that_was_closed_by_back_stays_closed_at_forward_and_opens_again(arrive):
    vera = arrive(HostPage(""))
    vera.opens()
    length = vera.page.evaluate("history.length")
    vera.goes_back()
    expect(vera.panel).to_be_hidden()

    vera.page.evaluate("history.forward()")
    until(vera.page, HAS_STEP)
    expect(vera.panel).to_be_hidden()
    vera.opens()
    vera.goes_back()

    expect(vera.panel).to_be_hidden()
    assert vera.page.evaluate("[heard, history.length]") == [[], length]


def test_closing_the_chat_does_not_undo_what_the_page_did_meanwhile(arrive):
    vera = arrive(HostPage(""))
    vera.opens()
    vera.page.evaluate("history.pushState({ filter: 1 }, '', '/second?filter')")

    closes(vera)
    expect(vera.panel).to_be_hidden()

    vera.page.evaluate("new Promise((done) => setTimeout(done, 300))")
    assert vera.page.url.endswith("/second?filter")
    vera.launcher.click()
    vera.goes_back()
    expect(vera.panel).to_be_hidden()
    assert vera.page.evaluate("[heard, history.state]") == [["navigate"], {"filter": 1}]


def test_back_closes_a_chat_whose_element_the_page_took_away(arrive):
    vera = arrive(HostPage(""))
    vera.opens()
    vera.page.evaluate("document.querySelector('live-chat').remove()")
    vera.is_connected()
    until(vera.page, HAS_STEP)

    vera.goes_back()

    expect(vera.panel).to_be_hidden()
    assert vera.page.url.endswith("/second")


def test_back_closes_a_chat_on_a_page_that_came_back_from_the_cache(arrive):
    vera = arrive(HostPage(""))
    vera.opens()
    vera.page.evaluate("location.href = '/first'")
    expect(vera.page.locator("#where")).to_have_text("first")
    vera.goes_back()
    expect(vera.page.locator("#where")).to_have_text("second")
    if vera.panel.is_hidden():
        # This browser has loaded the page anew.
        vera.opens()
    vera.goes_back()

    expect(vera.panel).to_be_hidden()
    assert vera.page.url.endswith("/second")
