"""The way into the inbox, and out of it."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_in


@pytest.fixture
def page(chrome):
    return chrome.context().new_page()


def test_a_wrong_password_is_said_to_be_wrong(page, server):
    sign_in(page, f"{server.url}/dashboard/", "anna", "not her password")

    expect(page.get_by_role("alert")).to_contain_text("correct username and password")
    expect(page.get_by_label("Username")).to_have_value("anna")
    expect(page.get_by_label("Password")).to_have_value("")


def test_who_signs_in_stands_where_he_wanted_to_go(page, server, template):
    sign_in(page, f"{server.url}/dashboard/", "anna", template.passwords["anna"])

    page.wait_for_url("**/dashboard/")
    expect(page.get_by_role("navigation", name="Inbox")).to_be_visible()


def test_who_does_not_answer_visitors_is_not_let_in(page, server, template, chrome):
    chrome.expect("403 (Forbidden)")
    sign_in(page, f"{server.url}/dashboard/", "analyst", template.passwords["analyst"])

    expect(page.get_by_role("heading")).to_have_text("This page is not for you")
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
