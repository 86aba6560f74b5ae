"""The effect of a channel's rules on the pages of its website."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import TIMEOUT_MS, Visitor, until

OPENS_MS = 6_000
"""Longer than the delay after which the demo opens a chat by itself."""


@pytest.fixture
def make_operators_available(server) -> None:
    """Make the operators online without a browser for each."""
    server.manage(
        *("shell", "--no-imports", "-c"),
        "import datetime as d; from django.utils import timezone; from livechat.models import *;"
        "later = timezone.now() + d.timedelta(seconds=60);"
        "Operator.objects.update(seen_at=later, active_at=later)",
    )


def answered(vera: Visitor) -> Visitor:
    """Wait until the page has the response of `init`."""
    vera.page.evaluate("new Promise(done => Livechat.on('ready', done))")
    return vera


def is_known(vera: Visitor) -> Visitor:
    """Wait until the server has noticed that operators are available."""
    ask = """async () => {
        const answer = await fetch("/widget/kettleandleaf/init?url=http://x.example/");
        return (await answer.json()).available;
    }"""
    for _ in range(100):
        if vera.page.evaluate(ask):
            break
        vera.page.wait_for_timeout(100)
    vera.page.reload()
    return vera


@pytest.fixture
def website(make_operators_available, vera, server):
    """Return a function that opens a page of the shop as a new visitor."""

    def go(path: str) -> Visitor:
        vera.page.goto(server.url + path)
        return answered(vera)

    is_known(vera)
    return go


def test_show_shows_the_button_and_nothing_more(website):
    vera = website("/demo/")

    expect(vera.launcher).to_be_visible()
    expect(vera.teaser).to_be_hidden()
    assert vera.page.evaluate("({...localStorage})") == {}


def test_hide_shows_nothing(website):
    vera = website("/demo/checkout/")

    expect(vera.launcher).to_be_hidden()


def test_a_notification_opens_the_chat_or_is_dismissed_for_this_visit(website):
    vera = website("/demo/pricing/")
    expect(vera.teaser).to_contain_text("Questions about tea? We are here.")

    vera.teaser.get_by_role("button", name="Dismiss").click()
    expect(vera.teaser).to_be_hidden()
    vera = website("/demo/pricing/")
    expect(vera.launcher).to_be_visible()
    vera.page.wait_for_timeout(500)
    expect(vera.teaser).to_be_hidden()

    vera.page.evaluate("sessionStorage.clear()")
    website("/demo/pricing/").teaser.get_by_text("Questions about tea?").click()
    vera.is_connected()
    expect(vera.teaser).to_be_hidden()


def test_a_chat_opens_by_itself_without_taking_the_focus_and_once_closed_never_again(website):
    vera = website("/demo/contact/")
    field = vera.page.locator("input, textarea, a").first
    field.focus()

    expect(vera.panel).to_be_visible(timeout=OPENS_MS)
    vera.is_connected()
    assert field.evaluate("node => node === document.activeElement")
    # The visitor has done nothing yet, so nothing is stored.
    assert vera.page.evaluate("({...localStorage})") == {}

    vera.launcher.click()
    expect(vera.panel).to_be_hidden()
    website("/demo/contact/")
    vera.page.wait_for_timeout(OPENS_MS)
    expect(vera.panel).to_be_hidden()
    assert vera.kept() == {"quiet": True}


def test_what_the_visitor_does_in_a_chat_that_opened_itself_is_kept(website):
    vera = website("/demo/contact/")
    expect(vera.panel).to_be_visible(timeout=OPENS_MS)

    vera.write("How do I brew this?")
    vera.reads("How do I brew this?")

    until(vera.page, "localStorage['livechat:kettleandleaf']?.includes('has_chat')")
    website("/demo/")
    expect(vera.panel).to_be_visible()
    vera.reads("How do I brew this?")


def test_on_a_telephone_nothing_covers_the_page_by_itself(visitor, make_operators_available):
    vera = is_known(visitor("/demo/contact/", viewport={"width": 390, "height": 844}))
    answered(vera)

    vera.page.wait_for_timeout(OPENS_MS)

    expect(vera.launcher).to_be_visible()
    expect(vera.panel).to_be_hidden()


def test_a_browser_that_saves_data_shows_the_button_alone(visitor, make_operators_available):
    vera = is_known(visitor())
    vera.page.add_init_script(
        "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"
    )
    vera.page.goto(vera.page.url + "pricing/")
    answered(vera)
    vera.page.wait_for_timeout(500)

    expect(vera.launcher).to_be_visible()
    expect(vera.teaser).to_be_hidden()


def test_a_rule_for_a_country_applies_to_visitors_from_there(website):
    vera = website("/demo/shop/?from=FR")
    vera.page.wait_for_timeout(OPENS_MS)
    expect(vera.panel).to_be_hidden()

    vera = website("/demo/shop/?from=JP")

    expect(vera.panel).to_be_visible(timeout=OPENS_MS)


def test_the_rule_changes_with_the_page_of_a_single_page_app(website):
    vera = website("/demo/finder/")
    expect(vera.launcher).to_be_visible()

    vera.page.evaluate("history.pushState({}, '', '/demo/finder/result')")
    expect(vera.teaser).to_be_visible()
    vera.page.evaluate("history.pushState({}, '', '/demo/checkout/')")
    expect(vera.launcher).to_be_hidden()
    vera.page.go_back()

    expect(vera.launcher).to_be_visible()


def test_a_timer_that_runs_ends_with_its_page(website):
    vera = website("/demo/contact/")

    vera.page.evaluate("history.pushState({}, '', '/demo/')")
    vera.page.wait_for_timeout(OPENS_MS)

    expect(vera.panel).to_be_hidden()


def test_a_visitor_in_a_conversation_keeps_the_button(website):
    vera = website("/demo/")
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    until(vera.page, "localStorage['livechat:kettleandleaf']?.includes('has_chat')")

    website("/demo/checkout/")

    expect(vera.launcher).to_be_visible()
    vera.reads("Hello")  # the chat was open, so it opens again


def test_while_no_operator_is_available_nothing_draws_attention(visitor):
    vera = answered(visitor("/demo/pricing/"))
    vera.page.wait_for_timeout(500)

    expect(vera.launcher).to_be_visible()
    expect(vera.teaser).to_be_hidden()


def test_the_button_follows_the_team_without_loading_the_page_anew(visitor, server, anna):
    server.manage(
        *("shell", "--no-imports", "-c"),
        "from livechat.models import Channel; Channel.objects.update(absence='hide_button')",
    )
    vera = visitor("/demo/")
    vera.page.wait_for_timeout(6_000)  # until the server notices what another process changed
    expect(vera.launcher).to_be_visible()

    anna.chooses("busy")

    asks_until_it_is_hidden(vera)


def test_a_channel_that_is_archived_while_its_page_is_open_takes_its_button_away(
    vera, server, chrome
):
    chrome.expect("404 (Not Found)")
    expect(vera.launcher).to_be_visible()
    server.manage(
        *("shell", "--no-imports", "-c"),
        "from livechat.models import Channel; Channel.objects.update(is_active=False)",
    )

    asks_until_it_is_hidden(vera)


def asks_until_it_is_hidden(vera: Visitor) -> None:
    """Visit the page again until the server has noticed the change."""
    deadline = time.monotonic() + TIMEOUT_MS / 1_000
    while vera.launcher.is_visible():
        assert time.monotonic() < deadline
        vera.page.evaluate("Livechat.page()")
        vera.page.wait_for_timeout(1_000)
