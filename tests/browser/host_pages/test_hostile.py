"""Pages that work against the chat, on purpose or not."""

import pytest
from playwright.sync_api import expect

from tests.browser.host_pages.pages import HostPage
from tests.browser.people import Visitor, until
from tests.browser.websites import host_page

REPAIRS = 10


@pytest.fixture
def arrive(server, chrome):
    """Return a function that opens a page with this script before the chat's line."""
    sites = []

    def arrive(script: str) -> Visitor:
        site = host_page(server.url, HostPage("", head=f"<script>{script}</script>"))
        sites.append(site)
        page = chrome.context().new_page()
        page.goto(f"{site.__enter__()}/first")
        return Visitor(page)

    yield arrive
    for site in sites:
        site.__exit__(None, None, None)


REMOVES = """
    removed = 0;
    new MutationObserver(() => {
        const chat = document.querySelector("live-chat");
        if (chat) { chat.%s; removed++; }
    }).observe(document, { childList: true, subtree: true });
"""


@pytest.mark.parametrize("how", ["remove()", "replaceWith('')", "parentNode.removeChild(chat)"])
def test_a_page_that_always_removes_the_chat_gets_its_way_with_one_line(arrive, chrome, how):
    chrome.expect("the page keeps removing the chat")
    vera = arrive(REMOVES % how)

    until(vera.page, f"removed === {REPAIRS + 1}")
    # Observers run before the next task.
    vera.page.evaluate("new Promise((done) => setTimeout(done))")

    assert vera.page.evaluate("removed") == REPAIRS + 1
    assert len([line for line in chrome.complaints if "keeps removing" in line]) == 1


def test_a_page_that_removes_the_chat_now_and_then_does_not_get_rid_of_it(arrive):
    vera = arrive("")
    expect(vera.launcher).to_be_visible()
    for path in ("a", "b", "c"):
        for _ in range(REPAIRS - 1):
            vera.page.evaluate("document.querySelector('live-chat').remove()")
            expect(vera.launcher).to_be_visible()
        with vera.page.expect_response("**/init?**"):
            vera.page.evaluate("path => history.pushState(null, '', path)", path)

    vera.opens()


MOVES = {
    "moved": "document.querySelector('main').append(chat)",
    "hidden": "chat.hidden = true; chat.style = 'display: none !important'",
    "emptied": "chat.replaceChildren(); chat.innerHTML = ''",
    "cloned": "document.body.append(chat.cloneNode(true)); chat.after(chat.cloneNode(true))",
    "popped": "document.querySelectorAll('[popover]').forEach((one) => one.hidePopover())",
    "restyled": "for (const name of [...chat.attributes]) chat.removeAttribute(name.name)",
}


@pytest.mark.parametrize("how", MOVES.values(), ids=MOVES)
def test_a_chat_that_a_page_moves_hides_or_clones_is_still_there(arrive, how):
    vera = arrive("")
    vera.opens()
    vera.page.evaluate(f"() => {{ const chat = document.querySelector('live-chat'); {how} }}")

    vera.is_connected()
    vera.write("Still here")
    vera.reads("Still here")
    assert (
        vera.page.evaluate("document.elementFromPoint(innerWidth - 40, innerHeight - 40).localName")
        == "live-chat"
    )
    clones = vera.page.locator("live-chat").evaluate_all(
        "all => all.filter((one) => !one.shadowRoot && one.checkVisibility()).length"
    )
    assert clones == 0


@pytest.mark.parametrize(
    "script",
    [
        "delete window.IntersectionObserver; delete window.ResizeObserver",
        "Object.defineProperty(window, 'visualViewport', { value: null })",
        "Object.defineProperty(window, 'visualViewport', { value: {} })",
        "delete window.requestIdleCallback; delete window.navigation",
        "for (const name of ['popover', 'showPopover', 'hidePopover'])"
        "delete HTMLElement.prototype[name]",
        "const attach = Element.prototype.attachShadow;"
        "Element.prototype.attachShadow = function () { return attach.call(this, {mode: 'open'}) }",
    ],
)
def test_a_page_that_takes_away_what_browsers_offer_has_a_chat(arrive, script):
    vera = arrive(script)
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    vera.view.get_by_role("button", name="Close the chat window").click()
    expect(vera.panel).to_be_hidden()
    expect(vera.launcher).to_have_attribute("aria-expanded", "false")


def test_a_page_without_shadow_roots_has_no_chat_and_one_line_that_says_so(arrive, chrome):
    chrome.expect("Livechat: TypeError: no shadow roots")
    vera = arrive(
        "Element.prototype.attachShadow = () => { throw new TypeError('no shadow roots') };"
        "window.Livechat ||= (...call) => new Promise((done) => Livechat.q.push([call, done]));"
        "Livechat.q ||= []; asked = Livechat('open').then(() => 'answered')"
    )

    assert vera.page.evaluate("asked") == "answered"
    assert len(chrome.complaints) == 1
    assert vera.page.evaluate("typeof Livechat") == "undefined"
