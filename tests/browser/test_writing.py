"""A text that cannot be sent is rejected with a reason, and no text is lost."""

import re

import pytest
from playwright.sync_api import expect

TOO_LONG_FOR_THE_SERVER = "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 3_000
"""3,000 characters here, 9,000 in the normal form that the server counts."""


def test_a_text_of_nothing_is_not_sent(vera):
    vera.opens()

    for text in ("   ", "\n\n", "\N{ZERO WIDTH SPACE}", "\N{BRAILLE PATTERN BLANK}"):
        vera.composer.fill(text)
        vera.composer.press("Enter")
        expect(vera.hint).to_have_text("Write something first.")
        expect(vera.composer).to_have_value(text)

    expect(vera.entries).to_have_count(1)  # the welcome


@pytest.mark.parametrize("send", ["click", "Enter"])
def test_a_text_that_is_sent_twice_in_a_hurry_is_sent_once_without_a_word(vera, anna, send):
    vera.opens()
    vera.write("Hello")
    anna.answers()

    for somebody, text in ((vera, "A question"), (anna, "An answer")):
        somebody.composer.fill(text)
        if send == "click":
            somebody.view.locator("message-composer .send").dblclick()
        else:
            somebody.composer.press("Enter")
            somebody.composer.press("Enter")
        expect(somebody.composer).to_have_value("")
        expect(somebody.hint).to_have_text("")

    for somebody in (vera, anna):
        somebody.reads("Hello", "A question", "An answer")


def test_a_text_that_is_too_long_is_kept_with_the_reason(vera):
    vera.opens()
    vera.composer.fill("x" * 7_990)
    expect(vera.hint).to_have_text("10 characters left")

    vera.composer.fill("x" * 8_001)
    vera.composer.press("Enter")
    expect(vera.hint).to_have_text("Too long by 1 character.")
    expect(vera.composer).to_have_value("x" * 8_001)
    expect(vera.entries).to_have_count(1)

    vera.composer.press("Backspace")
    vera.composer.press("Enter")
    vera.reads("x" * 8_000)
    expect(vera.composer).to_have_value("")


def test_what_the_server_refuses_stays_on_screen_with_reason_retry_and_delete(vera, anna):
    vera.opens()
    vera.write("Hello")
    vera.write(TOO_LONG_FOR_THE_SERVER)
    refused = vera.view.locator("li.entry[data-state=failed]")
    expect(refused.locator(".state")).to_contain_text("Not sent: the text is too long")

    vera.write("The next one goes through")
    refused.locator("[data-action=retry]").click()
    expect(refused.locator(".bubble")).to_have_text(TOO_LONG_FOR_THE_SERVER)
    vera.page.reload()
    vera.opens()
    expect(refused.locator(".state")).to_contain_text("Not sent: the text is too long")

    refused.locator("[data-action=delete]").click()
    vera.reads("Hello", "The next one goes through")
    anna.answers()
    anna.reads("Hello", "The next one goes through")


def test_lines_stay_lines_and_markup_stays_text(vera, anna):
    text = "<b>bold</b> & <script>alert(1)</script>\n\n  second line"
    vera.opens()

    vera.composer.press_sequentially("one")
    vera.composer.press("Shift+Enter")
    vera.composer.press_sequentially("two")
    vera.composer.press("Enter")
    vera.write(text)
    anna.answers()

    for somebody in (vera, anna):
        bubbles = somebody.view.locator("li.entry[data-author=visitor] .bubble")
        expect(bubbles).to_have_count(2)
        assert bubbles.all_inner_texts() == ["one\ntwo", text]
        assert bubbles.locator("*").count() == 0


def test_addresses_become_links_that_send_no_referrer(vera, anna):
    vera.opens()
    vera.write("See https://example.org/tea?a=1.")
    anna.answers()

    link = anna.view.locator(".bubble a")
    expect(link).to_have_attribute("href", "https://example.org/tea?a=1")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")


def test_many_texts_in_a_hurry_arrive_in_order(vera, anna):
    texts = [f"Number {number}" for number in range(1, 13)]
    vera.opens()

    vera.write(*texts)

    vera.reads(*texts)
    anna.answers()
    anna.reads(*texts)


def test_marks_and_bidi_controls_stay_within_their_message(vera, anna):
    flood = "tea" + "\N{COMBINING GRAVE ACCENT}" * 400
    turned = "\N{RIGHT-TO-LEFT OVERRIDE}gpj.eciovni"
    vera.opens()
    vera.write(flood, turned, "</script><img src=x onerror=alert(1)>", "The last")
    anna.answers()
    expect(anna.entry("The last")).to_be_visible()

    for somebody in (vera, anna):
        expect(somebody.view.locator(".bubble img, .bubble script")).to_have_count(0)
        bubbles = somebody.view.locator("li.entry[data-author=visitor] .bubble")
        expect(bubbles).to_have_count(4)
        for bubble in bubbles.all():
            assert bubble.get_attribute("dir") == "auto"
            expect(bubble).to_have_css("overflow-y", re.compile("^(clip|hidden)$"))
            assert bubble.evaluate("one => one.offsetHeight") < 100
