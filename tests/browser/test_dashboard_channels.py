"""The dashboard's channels as cards, and canned responses chosen by keyboard and mouse."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.people import double_click

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

WORLD = """
from django.contrib.auth.models import Group
from livechat.models import CannedResponse, Channel, User
Channel.objects.create(name="Wholesale", slug="wholesale", header_background_color="#ffd400")
Channel.objects.create(name="Press", slug="press", may_join=False)
anna, ben = (User.objects.get(username=name) for name in ("anna", "ben"))
CannedResponse.objects.all().delete()  # those of the demo
def make(owner, shortcut, text):
    return CannedResponse.objects.create(owner=owner, shortcut=shortcut, substitution=text)
make(anna, "hello", "Good morning!\\nHow can we help?")
make(anna, "help-returns", "Send it back within 30 days.")
make(ben, "shipping", "We deliver within three days.").groups.add(*ben.groups.all())
make(ben, "secret", "hello from Ben alone")
"""

SET_ATTRIBUTES = """
from livechat.models import Visitor
attributes = {"plan": "<b>gold</b>", "newsletter": True, "complained": False, "cart": 49.9}
Visitor.objects.update(attributes=attributes)
"""

pytestmark = pytest.mark.usefixtures("world")


@pytest.fixture
def world(server):
    """Add two more channels, and canned responses of Anna and Ben."""
    server.manage("shell", "--verbosity", "0", "-c", WORLD)


def card(somebody, name):
    return somebody.page.locator(".channel-card").filter(has_text=name)


def button(somebody, name):
    return somebody.page.get_by_role("button", name=name, exact=True)


def responses(somebody):
    return somebody.page.locator("#canned-list [role=option]")


def opens_the_channels(somebody):
    somebody.page.get_by_role("link", name="Channels").click()
    expect(somebody.page.locator("inbox-page")).to_have_attribute("data-view", "channels")


def is_writing(anna, vera):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    expect(anna.composer).to_be_focused()


def test_channels_are_joined_and_left_by_their_cards(anna):
    opens_the_channels(anna)
    expect(card(anna, "Wholesale").locator("dd")).to_have_text(["0", "0"])
    expect(card(anna, "Kettle & Leaf").locator("dd")).to_have_text(["0", "1"])
    expect(card(anna, "Kettle & Leaf").locator(".badge")).to_be_visible()

    join = button(anna, "Join Wholesale")
    expect(join).to_have_attribute("data-action", "join-channel")
    join.focus()
    join.press("Enter")

    leave = button(anna, "Leave Wholesale")
    expect(leave).to_be_focused()
    expect(leave).to_have_attribute("data-action", "leave-channel")
    expect(card(anna, "Wholesale").locator(".badge")).to_be_visible()
    expect(card(anna, "Wholesale").locator("dd")).to_have_text(["0", "1"])
    leave.press("Space")
    expect(button(anna, "Join Wholesale")).to_be_focused()
    expect(card(anna, "Wholesale").locator("dd")).to_have_text(["0", "0"])


def test_a_double_click_on_a_card_joins_or_leaves_once(anna):
    opens_the_channels(anna)
    wholesale = card(anna, "Wholesale")
    badge = wholesale.locator(".badge")

    double_click(wholesale.get_by_role("button"), lambda: expect(badge).to_be_visible())
    expect(button(anna, "Leave Wholesale")).to_have_attribute("aria-busy", "false")
    expect(badge).to_be_visible()

    button(anna, "Leave Wholesale").click()
    expect(badge).to_be_hidden()


def test_a_channel_that_the_operator_may_not_join_says_why(anna):
    opens_the_channels(anna)

    expect(button(anna, "Join Press")).to_be_disabled()
    expect(card(anna, "Press").locator(".reason")).to_have_text("Only a manager can add you")


def test_a_refused_join_is_reported_to_the_operator(server, anna):
    opens_the_channels(anna)
    expect(button(anna, "Join Wholesale")).to_be_enabled()
    server.manage(
        *("shell", "--verbosity", "0", "-c"),
        "from livechat.models import Channel;"
        "Channel.objects.filter(slug='wholesale').update(may_join=False)",
    )

    button(anna, "Join Wholesale").click()

    expect(anna.page.locator(".notice")).to_have_text("You do not have permission to do this.")


def test_the_numbers_on_the_cards_follow_what_happens(vera, anna, ben):
    opens_the_channels(anna)
    shop = card(anna, "Kettle & Leaf")
    expect(shop.locator("dd")).to_have_text(["0", "2"])

    vera.opens()
    vera.write("Hello")
    expect(shop.locator("dd")).to_have_text(["1", "2"])
    ben.chooses("busy")
    expect(shop.locator("dd")).to_have_text(["1", "1"])

    vera.ends_the_chat()
    expect(shop.locator("dd")).to_have_text(["0", "1"])


@pytest.mark.parametrize("device", [{}, PHONE], ids=["desktop", "phone"])
def test_the_channels_are_a_page_with_a_way_back(operator, device):
    anna = operator("anna", **device)
    rail = anna.page.locator("inbox-rail")
    cards = anna.page.locator("channel-cards")
    opens_the_channels(anna)
    expect(rail.get_by_role("link", name="Channels")).to_have_attribute("aria-current", "page")
    expect(cards.get_by_role("list").get_by_role("listitem")).to_have_count(3)

    anna.page.go_back()
    expect(cards).to_be_hidden()
    anna.page.go_forward()
    expect(cards).to_be_visible()
    anna.page.reload()
    expect(card(anna, "Wholesale")).to_be_visible()
    rail.get_by_role("link", name="Inbox").click()
    expect(cards).to_be_hidden()
    expect(anna.section("mine")).to_be_visible()


def test_without_channels_it_says_so(server, operator):
    server.manage(
        *("shell", "--verbosity", "0", "-c"),
        "from livechat.models import Channel; Channel.objects.update(is_active=False)",
    )
    anna = operator("anna")

    opens_the_channels(anna)

    expect(anna.page.locator(".no-channels")).to_contain_text("There are no channels yet")


def test_a_response_is_picked_by_keyboard_and_sent(vera, anna):
    is_writing(anna, vera)
    anna.composer.press_sequentially("Well, :hel")
    expect(anna.composer).to_have_attribute("aria-expanded", "true")
    expect(responses(anna).locator(".shortcut")).to_have_text([":hello", ":help-returns"])
    expect(responses(anna).nth(0)).to_have_attribute("aria-selected", "true")

    anna.composer.press("ArrowDown")
    active = responses(anna).nth(1).get_attribute("id") or ""
    expect(anna.composer).to_have_attribute("aria-activedescendant", active)
    anna.composer.press("ArrowDown")
    anna.composer.press("Enter")

    expect(responses(anna)).to_have_count(0)
    expect(anna.composer).to_have_value("Well, Good morning!\nHow can we help?")
    expect(anna.composer).not_to_have_attribute("aria-expanded", "true")
    anna.composer.press("Control+z")
    expect(anna.composer).to_have_value("Well, :hel")
    anna.composer.press("Control+Shift+z")
    expect(anna.composer).to_have_value("Well, Good morning!\nHow can we help?")
    vera.reads("Hello")
    anna.composer.press("Enter")
    vera.reads("Hello", "Well, Good morning!\nHow can we help?")


def test_a_used_response_is_on_top_after_the_next_fetch(server, vera, anna):
    is_writing(anna, vera)
    anna.composer.press_sequentially(":shi")
    anna.composer.press("Tab")
    expect(anna.composer).to_have_value("We deliver within three days.")
    anna.composer.press("Enter")
    vera.reads("Hello", "We deliver within three days.")  # so that earlier messages are stored

    anna.page.reload()
    anna.is_connected()
    anna.composer.fill("")
    anna.composer.press_sequentially("::")

    expect(responses(anna).locator(".shortcut")).to_have_text(
        [":shipping", ":hello", ":help-returns"]
    )


def test_the_search_covers_contents_but_not_responses_of_others(vera, anna):
    is_writing(anna, vera)

    anna.composer.press_sequentially(":within")
    expect(responses(anna).locator(".shortcut")).to_have_text([":help-returns", ":shipping"])
    anna.composer.fill("")
    anna.composer.press_sequentially("::ben")

    expect(responses(anna)).to_have_count(0)


def test_what_only_looks_like_a_call_is_sent_as_it_is(vera, anna):
    texts = ["At 10:30", "Fine :)", ":D", "So: this", ":", "::nothing-like-it", ":hello"]
    is_writing(anna, vera)
    for text in texts:
        anna.composer.press_sequentially(text)
        if text == ":hello":
            expect(responses(anna)).to_have_count(1)
            anna.composer.press("Escape")
            expect(responses(anna)).to_have_count(0)
        anna.composer.press("Enter")

    vera.reads("Hello", *texts)


def test_the_mouse_picks_too_and_the_text_keeps_the_focus(vera, anna):
    is_writing(anna, vera)
    anna.page.locator(".modes [data-action=note]").click()
    anna.composer.press_sequentially("::")
    responses(anna).filter(has_text=":help-returns").click()

    expect(anna.composer).to_have_value("Send it back within 30 days.")
    expect(anna.composer).to_be_focused()
    anna.composer.press("Enter")
    note = anna.entry("Send it back within 30 days.")
    expect(note).to_be_visible()
    vera.reads("Hello")


def test_a_change_of_mode_or_chat_closes_the_list(vera, anna):
    is_writing(anna, vera)
    anna.composer.press_sequentially(":hel")
    expect(responses(anna)).to_have_count(2)

    anna.page.locator(".modes [data-action=note]").click()
    expect(responses(anna)).to_have_count(0)
    anna.page.locator(".modes [data-action=reply]").click()
    expect(anna.composer).to_have_value(":hel")
    expect(responses(anna)).to_have_count(0)
    anna.composer.press("l")
    expect(responses(anna)).to_have_count(1)


def test_nothing_is_picked_while_a_word_is_being_composed(vera, anna):
    is_writing(anna, vera)
    anna.composer.press_sequentially(":hel")
    expect(responses(anna)).to_have_count(2)

    anna.composer.dispatch_event("keydown", {"key": "Enter", "isComposing": True})

    expect(anna.composer).to_have_value(":hel")
    expect(responses(anna)).to_have_count(2)


def test_the_visitors_composer_knows_no_responses(vera):
    vera.opens()

    vera.write(":hello", "::")

    vera.reads(":hello", "::")


def test_attributes_that_the_website_sends_are_shown_as_text(server, vera, anna):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    expect(anna.page.locator("visitor-context .told")).to_have_count(0)

    server.manage("shell", "--verbosity", "0", "-c", SET_ATTRIBUTES)
    anna.page.reload()

    section = anna.page.locator("visitor-context .told")
    expect(section.locator("h3")).to_have_text("From the website")
    expect(section.locator("dt")).to_have_text(["plan", "newsletter", "complained", "cart"])
    expect(section.locator("dd")).to_have_text(["<b>gold</b>", "yes", "no", "49.9"])
    expect(section.locator("dd *")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_cards_and_list(vera, operator, scheme):
    anna = operator("anna", color_scheme=scheme)
    opens_the_channels(anna)
    expect(card(anna, "Wholesale")).to_be_visible()
    complaints = axe_violations(anna.page)
    anna.page.go_back()
    is_writing(anna, vera)
    anna.composer.press_sequentially("::")
    expect(responses(anna)).to_have_count(3)

    assert complaints + axe_violations(anna.page) == []


def axe_violations(page):
    """Return the violations that axe rates serious or critical, shortened."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]
