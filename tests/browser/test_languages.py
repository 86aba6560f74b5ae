"""One language for button, notification, window and texts; operators are told the page's."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect

from tests.browser.people import Visitor, until
from tests.browser.test_inbox import WIDE
from tests.browser.websites import PAGE, website

AVAILABLE = """fetch("/widget/kettleandleaf/init").then(async (answer) => (
    await answer.json()).available)"""


@dataclass(frozen=True)
class Said:
    """What a visitor reads in one language: texts of the product, then texts of the channel."""

    open: str
    menu: str
    notification: str
    welcome: str
    placeholder: str


SAID = {
    "en": Said(
        "Open chat",
        "Menu",
        "Questions about tea? We are here.",
        "Welcome to Kettle & Leaf! What are you brewing today?",
        "Say something…",
    ),
    "de": Said(
        "Chat öffnen",
        "Menü",
        "Fragen zum Tee? Wir sind da.",
        "Willkommen bei Kettle & Leaf! Was gießen Sie heute auf?",
        "Schreiben Sie uns …",
    ),
    "ar": Said(
        "فتح الدردشة",
        "القائمة",
        "هل لديك سؤال عن الشاي؟ نحن هنا.",
        "أهلًا بك في Kettle & Leaf! أي شاي تحضّر اليوم؟",
        "اكتب لنا…",
    ),
}


@pytest.mark.parametrize(
    ("page", "browser", "shown", "told"),
    [
        ("de_DE", "en-GB", "de", "German (Germany)"),
        ("EN", "de-DE", "en", "English"),
        ("fr", "ar", "ar", "French"),
        ("iw", "it-IT", "en", "Hebrew"),
        ("", "de-DE", "de", "German (Germany)"),
        ("nonsense " + "x" * 4_000 + "\U0001f600", "ar", "ar", "Arabic"),
        ("\U0001f600" * 40, "de-DE", "de", "German (Germany)"),
    ],
    ids=["underscore", "capitals", "not_ours", "deprecated", "empty", "nonsense", "emoji"],
)
def test_the_whole_chat_is_in_one_language(server, chrome, operator, page, browser, shown, told):
    said = SAID[shown]
    anna = operator("anna", **WIDE)
    until(anna.page, AVAILABLE)  # else there is no notification
    html = PAGE.replace('lang="en"', f'lang="{page}"')
    with website(server.url, html) as address:
        vera = Visitor(chrome.context(locale=browser).new_page())
        vera.page.goto(address.replace("/page", "/demo/pricing"))

        expect(vera.launcher).to_have_accessible_name(said.open)
        expect(vera.teaser).to_contain_text(said.notification)
        vera.opens()
        expect(vera.view.locator("html")).to_have_attribute("lang", shown)
        # Connected: the texts that came with the page were replaced by those of the socket.
        expect(vera.view.locator("chat-panel")).to_contain_text(said.welcome)
        expect(vera.composer).to_have_attribute("placeholder", said.placeholder)
        expect(vera.view.get_by_role("button", name=said.menu, exact=True)).to_be_visible()

        vera.write("Hello")
        anna.answers()
        details = anna.page.locator("visitor-context")
        language = details.locator("dt", has_text=re.compile("^Language$"))
        expect(language.locator("xpath=following-sibling::dd[1]")).to_have_text(told)
