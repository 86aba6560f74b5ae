"""Signing in to the inbox, and signing out."""

import re
import time

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import sign_in
from tests.browser.people import Operator


@pytest.fixture
def page(chrome):
    return chrome.context().new_page()


def test_a_wrong_password_is_said_to_be_wrong(page, server):
    sign_in(page, f"{server.url}/dashboard/", "anna", "not her password")

    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    expect(page.get_by_label("Username")).to_have_value("anna")
    expect(page.get_by_label("Password")).to_have_value("")


def test_signing_in_leads_to_the_requested_page(page, server, template):
    sign_in(page, f"{server.url}/dashboard/", "anna", template.passwords["anna"])

    page.wait_for_url("**/dashboard/")
    expect(page.get_by_role("navigation", name="Inbox")).to_be_visible()


def test_a_user_who_does_not_answer_visitors_lands_where_they_may_read(page, server, template):
    page.goto(server.url)
    page.get_by_role("link", name="Inbox").click()
    sign_in(page, page.url, "analyst", template.passwords["analyst"])

    page.wait_for_url("**/admin/")
    expect(page.get_by_text("ended in the last seven days")).to_be_visible()


def test_a_user_who_does_not_answer_visitors_is_not_let_in(page, server, template, chrome):
    chrome.expect("403 (Forbidden)")
    sign_in(page, f"{server.url}/login/", "analyst", template.passwords["analyst"])
    page.wait_for_url("**/admin/")
    page.goto(f"{server.url}/dashboard/")

    expect(page.get_by_role("heading")).to_have_text("You do not have access to this page")
    page.get_by_role("link", name="Go to the start page").click()
    expect(page.get_by_text("You are signed in as analyst.")).to_be_visible()
    expect(page.get_by_role("link", name="Inbox")).to_have_count(0)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/login/")


def test_signing_out_in_one_tab_ends_the_others(anna, server):
    other = anna.page.context.new_page()
    other.goto(f"{server.url}/dashboard/")
    expect(other.locator("connection-strip")).to_have_attribute("data-status", "open")

    other.get_by_role("button", name="Your account").click()
    other.get_by_role("button", name="Sign out").click()

    other.wait_for_url("**/login/")
    anna.page.wait_for_url(re.compile(r"/login/\?next=%2Fdashboard%2F"))


def test_an_operator_signed_out_elsewhere_finds_the_draft_after_signing_in(
    anna, vera, server, template
):
    vera.opens()
    vera.write("Do you have green tea?")
    anna.answers()
    anna.composer.fill("We have six kinds, and the best of them is")
    other = anna.page.context.new_page()
    other.goto(f"{server.url}/dashboard/")
    navigations: list[str] = []
    anna.page.on("framenavigated", lambda frame: navigations.append(frame.url))

    other.get_by_role("button", name="Your account").click()
    other.get_by_role("button", name="Sign out").click()
    anna.page.wait_for_url(re.compile(r"/login/\?next=%2Fdashboard%2F"))
    other.wait_for_url("**/login/")

    assert len([url for url in navigations if "/login/" in url]) == 1
    sign_in(anna.page, anna.page.url, "anna", template.passwords["anna"])
    back = Operator(anna.page)
    back.is_connected()
    expect(back.composer).to_have_value("We have six kinds, and the best of them is")


def test_a_slow_way_out_is_not_cut_short_by_the_end_of_the_socket(anna):
    def slowly(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        time.sleep(1)  # meanwhile the server closes the socket, because the login session has ended
        route.fulfill(response=answer)

    anna.page.route("**/logout/", slowly)
    anna.page.get_by_role("button", name="Your account").click()
    anna.page.get_by_role("button", name="Sign out").click()

    anna.page.wait_for_url("**/login/")


def test_the_back_button_does_not_show_the_inbox_after_signing_out(anna):
    anna.page.get_by_role("button", name="Your account").click()
    anna.page.get_by_role("button", name="Sign out").click()
    anna.page.wait_for_url("**/login/")

    anna.page.go_back()

    anna.page.wait_for_url(re.compile(r"/login/"))
    expect(anna.page.locator("inbox-page")).to_have_count(0)


def test_signing_out_everywhere_ends_the_inbox_in_another_browser(
    anna, operator, server, template, chrome
):
    page = chrome.context().new_page()
    sign_in(page, f"{server.url}/profile/", "anna", template.passwords["anna"])
    page.wait_for_url("**/profile/")

    page.get_by_role("button", name="Sign out everywhere").click()

    page.wait_for_url("**/login/")
    anna.page.wait_for_url(re.compile(r"/login/\?next=%2Fdashboard%2F"))


def test_after_too_many_wrong_passwords_the_page_says_how_long_to_wait(
    page, server, template, chrome
):
    chrome.expect("429 (Too Many Requests)")
    for _ in range(5):
        sign_in(page, f"{server.url}/login/", "anna", "not her password")
        expect(page.get_by_role("alert")).to_be_visible()

    sign_in(page, f"{server.url}/login/", "anna", template.passwords["anna"])

    expect(page.get_by_role("heading")).to_have_text("Too many attempts")
    expect(page.get_by_text("Try again in 15 minutes.")).to_be_visible()


def test_a_form_that_another_tab_has_made_old_leads_on(page, server, template, chrome):
    chrome.expect("403 (Forbidden)")
    page.goto(f"{server.url}/login/?next=/profile/")
    other = page.context.new_page()
    sign_in(other, f"{server.url}/login/?next=/profile/", "anna", template.passwords["anna"])
    other.wait_for_url("**/profile/")

    page.get_by_label("Username").fill("anna")
    page.get_by_label("Password").fill(template.passwords["anna"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading")).to_have_text("This form has expired")
    page.get_by_role("link", name="Reload the page").click()

    page.wait_for_url("**/profile/")
