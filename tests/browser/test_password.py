"""An operator changes their password: the way from the profile, the effect on other browsers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.people import Operator
from tests.browser.test_accessibility import problems
from tests.machine.app import App

OTHER = "another long password 7"


@pytest.fixture
def page(chrome, server: App, signed_in: dict[str, Any]) -> Callable[..., Page]:
    """Return a function that opens Anna's page for a new password."""

    def open_page(**options: Any) -> Page:
        context: BrowserContext = chrome.context(storage_state=signed_in["anna"], **options)
        page = context.new_page()
        page.goto(f"{server.url}/profile/password/")
        return page

    return open_page


def fill(page: Page, old: str, new: str = OTHER, again: str | None = None) -> None:
    page.get_by_label("Old password").fill(old)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password confirmation").fill(again or new)
    page.get_by_role("button", name="Change password").click()


def test_a_new_password_is_chosen_and_the_inbox_in_another_browser_ends(
    chrome, server, template, signed_in, operator
):
    anna = operator("anna")
    page = chrome.context().new_page()
    sign_in(page, f"{server.url}/profile/", "anna", template.passwords["anna"])
    page.get_by_role("link", name="Change password").click()
    expect(page.get_by_label("Old password")).to_be_focused()
    expect(page.get_by_label("New password", exact=True)).to_have_accessible_description(
        re.compile("at least 12 characters")
    )

    fill(page, template.passwords["anna"])

    expect(page.get_by_role("status")).to_contain_text("Your password was changed.")
    anna.page.wait_for_url(re.compile(r"/login/\?next=%2Fdashboard%2F"))
    page.get_by_role("link", name="Your profile").click()
    expect(page.get_by_role("heading", name="Your profile")).to_be_visible()
    sign_in(anna.page, anna.page.url, "anna", OTHER)
    anna.page.wait_for_url("**/dashboard/")


def test_the_inbox_beside_it_in_the_same_browser_goes_on(operator, server, template):
    anna = operator("anna")
    page = anna.page.context.new_page()
    page.goto(f"{server.url}/profile/password/")

    fill(page, template.passwords["anna"])

    expect(page.get_by_role("status")).to_contain_text("Your password was changed.")
    # Anna's page may reload now, so check in another tab first whether she is still signed in.
    other = Operator(anna.page.context.new_page())
    other.page.goto(f"{server.url}/dashboard/")
    other.is_connected()
    anna.is_connected()


def test_what_is_refused_is_said_at_the_field_that_has_the_focus(page, template):
    here = page()

    fill(here, "not her password")
    old = here.get_by_label("Old password")
    expect(old).to_be_focused()
    expect(old).to_have_accessible_description(re.compile("incorrectly"))
    expect(old).to_have_value("")

    fill(here, template.passwords["anna"], "short")
    again = here.get_by_label("New password confirmation")
    expect(again).to_be_focused()
    expect(again).to_have_accessible_description(re.compile("too short"))


def test_after_too_many_wrong_passwords_the_page_says_how_long_to_wait(page, template, chrome):
    chrome.expect("429 (Too Many Requests)")
    here = page()
    for _ in range(5):
        fill(here, "not her password")
        expect(here.get_by_text("incorrectly")).to_be_visible()

    fill(here, template.passwords["anna"])

    expect(here.get_by_text("Try again in 15 minutes.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_where_a_password_is_changed(page, scheme):
    here = page(color_scheme=scheme)
    assert problems(here) == []

    fill(here, "not her password", "short")
    expect(here.get_by_role("alert")).to_be_visible()
    assert problems(here) == []


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_nothing_hangs_over_the_edge(page, width, locale):
    scheme = "dark" if width == 390 else "light"
    here = page(locale=locale, color_scheme=scheme, viewport={"width": width, "height": 800})

    assert here.evaluate("document.documentElement.scrollWidth") <= width
