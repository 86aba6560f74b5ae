"""Telephones, keyboards, dark mode, and languages written from right to left."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import box

PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}


@pytest.fixture
def caller(visitor):
    """A visitor with a telephone."""
    return visitor(**PHONE)


TABLET = {**PHONE, "viewport": {"width": 1180, "height": 820}}
HELD_MS = 60


def tap_keys(person, *keys):
    """Type on a keyboard on the screen, as Android's reports it: keys have no code."""
    session = person.page.context.new_cdp_session(person.page)
    for key in keys:
        if key == "Enter":
            pressed = {"key": key, "code": "", "windowsVirtualKeyCode": 13, "text": "\r"}
            session.send("Input.dispatchKeyEvent", {"type": "keyDown", **pressed})
            session.send("Input.dispatchKeyEvent", {"type": "keyUp", **pressed, "text": ""})
        else:
            session.send("Input.insertText", {"text": key})


def test_enter_sends_on_a_tablet_with_a_real_keyboard_only(visitor, operator):
    anna, vera = operator("anna", **TABLET), visitor(**TABLET)
    vera.opens()
    vera.composer.fill("Hello")
    vera.view.get_by_role("button", name="Send").tap()
    anna.answers()
    anna.composer.tap()

    for person in (vera, anna):
        tap_keys(person, "one", "Enter", "two")
        expect(person.composer).to_have_value("one\ntwo")
        person.composer.press("!", delay=HELD_MS)
        person.composer.press("Enter", delay=HELD_MS)
        expect(person.composer).to_have_value("")
        tap_keys(person, "three", "Enter")
        expect(person.composer).to_have_value("three\n")
        person.composer.press("Control+Enter")

    for person in (vera, anna):
        person.reads("Hello", *2 * ("one\ntwo!", "three"))


def test_on_a_telephone_the_chat_fills_the_screen_and_the_button_sends(caller, operator):
    anna = operator("anna", **PHONE)
    caller.launcher.tap()
    caller.is_connected()
    assert box(caller.panel) == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert caller.view.locator("html").evaluate("root => root.scrollWidth") == 390

    caller.composer.tap()
    tap_keys(caller, "one", "Enter", "two")
    caller.view.get_by_role("button", name="Send").tap()
    caller.reads("one\ntwo")
    below = box(caller.composer)
    assert below["y"] + below["height"] <= 844

    anna.rows("mine").tap()
    anna.reads("one\ntwo")
    expect(anna.section("mine")).to_be_hidden()
    anna.composer.fill("Three")
    anna.page.get_by_role("button", name="Send").tap()
    caller.reads("one\ntwo", "Three")
    anna.page.get_by_role("link", name="Back to the list").tap()
    expect(anna.section("mine")).to_be_visible()

    caller.view.get_by_role("button", name="Close the chat window").tap()
    expect(caller.panel).to_be_hidden()


def test_the_page_behind_a_full_screen_chat_neither_scrolls_nor_takes_the_focus(caller):
    caller.opens()
    overflow = "getComputedStyle(document.documentElement).overflowY"
    assert caller.page.evaluate(overflow) == "hidden"

    for _ in range(8):
        caller.page.keyboard.press("Tab")
        assert caller.page.evaluate("document.activeElement.localName") in {"live-chat", "body"}

    caller.launcher.evaluate("Livechat.close()")
    assert caller.page.evaluate(overflow) == "visible"


def test_the_keyboard_is_enough(vera, anna):
    keyboard = vera.page.keyboard
    vera.launcher.focus()
    keyboard.press("Enter")
    vera.is_connected()
    expect(vera.composer).to_be_focused()

    keyboard.type("Without a mouse")
    keyboard.press("Enter")
    vera.reads("Without a mouse")
    expect(vera.composer).to_be_focused()

    keyboard.press("Escape")
    expect(vera.panel).to_be_hidden()
    expect(vera.launcher).to_be_focused()

    anna.rows("mine").focus()
    anna.page.keyboard.press("Enter")
    expect(anna.composer).to_be_focused()
    anna.page.keyboard.type("Likewise")
    anna.page.keyboard.press("Enter")
    anna.reads("Without a mouse", "Likewise")


def test_escape_closes_the_menu_before_it_closes_the_chat(vera):
    vera.opens()
    vera.write("Hello")
    menu = vera.view.get_by_role("button", name="Menu")
    menu.press("Enter")
    expect(menu).to_have_attribute("aria-expanded", "true")

    vera.page.keyboard.press("Escape")
    expect(menu).to_have_attribute("aria-expanded", "false")
    expect(vera.panel).to_be_visible()
    vera.page.keyboard.press("Escape")
    expect(vera.panel).to_be_hidden()


def test_in_the_dark_everything_is_dark(visitor, operator):
    vera, anna = visitor(color_scheme="dark"), operator("anna", color_scheme="dark")
    vera.opens()

    for view in (vera.view, anna.view):
        assert brightness(view.locator("body"), "backgroundColor") < 60
        assert brightness(view.locator("body"), "color") > 180


def test_where_people_write_from_the_right_the_chat_is_mirrored(visitor, operator):
    vera, anna = visitor(), operator("anna", locale="ar")
    vera.page.add_init_script("window.LivechatSettings = {language: 'ar'}")
    vera.page.reload()
    vera.opens()
    vera.write("مرحبا")
    anna.answers()
    anna.write("Hello")
    vera.reads("مرحبا", "Hello")

    for somebody in (vera, anna):
        root = somebody.view.locator("html")
        expect(root).to_have_attribute("dir", "rtl")
        expect(root).to_have_attribute("lang", "ar")
    own, other = (box(vera.entry(text)) for text in ("مرحبا", "Hello"))
    assert own["x"] < other["x"]
    assert box(anna.view.locator("inbox-rail"))["x"] > 1_000


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_screen(visitor, operator, width):
    size = {"viewport": {"width": width, "height": 640}}
    vera, anna = visitor(**size), operator("anna", **size)
    vera.opens()
    vera.write("https://example.org/" + "a" * 300)
    anna.answers()

    overhang = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for frame in (vera.page.main_frame, vera.frame, anna.page.main_frame):
        assert frame.evaluate(overhang) == 0


def brightness(locator, name):
    """Return the brightness of a computed colour, 0 to 255."""
    colour = locator.evaluate("(element, name) => getComputedStyle(element)[name]", name)
    parts = [float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    return sum(parts) / 3
