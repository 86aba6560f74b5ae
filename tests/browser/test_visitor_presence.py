"""Whether the visitor is still on the website, as an operator sees it."""

import re

from playwright.sync_api import Locator, expect

from tests.browser.people import Operator

LEFT = re.compile(
    r"Left the website at \d{1,2}:\d\d\. The visitor sees your reply when they come back\."
)

ROUND_MS = 40_000
"""Longer than the time after which another tab of the visitor would have sent something."""


def strip(anna: Operator) -> Locator:
    return anna.page.locator(".left-strip")


def context(anna: Operator) -> Locator:
    return anna.page.locator("visitor-context .whereabouts")


def test_an_operator_sees_whether_the_visitor_is_there_has_left_or_is_back(vera, anna):
    anna.page.set_viewport_size({"width": 1440, "height": 900})
    vera.opens()
    vera.write("Is anybody here?")

    mark = anna.rows("mine").get_by_role("img", name="On the website now")
    expect(mark).to_be_visible()
    anna.answers()
    expect(context(anna)).to_have_text("On the website now")
    expect(strip(anna)).to_be_hidden()

    address = vera.page.url
    vera.page.goto("about:blank")
    expect(strip(anna)).to_have_text(LEFT, timeout=ROUND_MS)
    expect(context(anna)).to_have_text(re.compile("Left the website at"))
    expect(anna.page.locator("visitor-context .facts dt").first).to_have_text("Last page")
    expect(mark).to_have_count(0)
    anna.write("I am, and I wait")

    vera.page.goto(address)
    expect(strip(anna)).to_be_hidden()
    expect(mark).to_be_visible()


def test_a_visitor_who_changes_pages_does_not_count_as_gone(vera, anna):
    vera.opens()
    vera.write("I look around")
    anna.answers()
    mark = anna.rows("mine").get_by_role("img", name="On the website now")
    expect(mark).to_have_count(1)
    anna.page.evaluate(
        """() => {
          const shown = () => document.querySelector(".left-strip:not([hidden])");
          const look = () => { window.sawHimLeave ||= Boolean(shown()); };
          new MutationObserver(look).observe(document.body, {
            attributes: true, childList: true, subtree: true,
          });
        }"""
    )

    vera.page.reload()
    vera.is_connected()
    anna.page.wait_for_timeout(6_000)

    expect(mark).to_have_count(1)
    assert not anna.page.evaluate("window.sawHimLeave")
