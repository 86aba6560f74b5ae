"""An operator's profile: by mouse, by keyboard, without JavaScript, and its settings' effect."""

import io
import re
from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import until
from tests.browser.test_accessibility import problems
from tests.machine.app import App


@pytest.fixture
def profile(chrome, server: App, signed_in: dict[str, Any]) -> Callable[..., Page]:
    """Return a function that opens the profile of an operator."""

    def open_page(name: str = "anna", **options: Any) -> Page:
        page: Page = chrome.context(storage_state=signed_in[name], **options).new_page()
        page.goto(f"{server.url}/profile/")
        return page

    return open_page


def picture(colour: str = "#804020") -> dict[str, Any]:
    out = io.BytesIO()
    PIL.Image.new("RGB", (640, 400), colour).save(out, "JPEG")
    return {"name": "me.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def save(page: Page) -> None:
    page.get_by_role("button", name="Save").click()


def is_saved(page: Page) -> None:
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()


def test_a_new_name_and_picture_are_what_visitors_and_the_inbox_show(profile, operator, vera):
    page = profile()
    shown = page.locator("[data-shown-name]")
    face = page.locator("[data-face] img")
    old = face.get_attribute("src")
    name = page.get_by_label("Online Chat Name")
    name.fill("")
    expect(shown).to_have_text("Anna Lindqvist")
    name.fill("Annie")
    expect(shown).to_have_text("Annie")
    page.get_by_label("Picture", exact=True).set_input_files(picture())
    expect(face).to_have_attribute("src", re.compile("^blob:"))

    save(page)

    is_saved(page)
    address = face.get_attribute("src") or ""
    assert address.startswith("/avatars/")
    assert address != old
    until(page, "document.querySelector('[data-face] img').naturalWidth === 192")
    anna = operator("anna")
    vera.opens()
    vera.write("Hello")
    anna.answers()
    anna.write("Good morning")
    header = vera.view.locator("chat-header")
    expect(header).to_contain_text("Annie")
    expect(header.locator(f"img[src='{address}']").first).to_be_visible()


def test_a_picture_is_removed_and_letters_stand_there(profile):
    page = profile()

    page.get_by_label("Remove the picture").check()
    expect(page.locator("[data-face]")).to_have_text("A")
    save(page)

    is_saved(page)
    expect(page.locator("[data-face]")).to_have_text("A")
    expect(page.get_by_label("Remove the picture")).to_have_count(0)


def test_what_is_refused_is_said_at_the_field_that_has_the_focus(profile):
    page = profile()
    broken = {"name": "a.png", "mimeType": "image/png", "buffer": b"<svg></svg>"}
    page.get_by_label("Picture", exact=True).set_input_files(broken)
    page.get_by_label("Online Chat Name").fill("Annie")

    save(page)

    field = page.get_by_label("Picture", exact=True)
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(re.compile("This file type is not supported"))
    expect(page.get_by_label("Online Chat Name")).to_have_value("Annie")
    assert problems(page) == []


def test_all_of_it_can_be_done_by_keyboard(profile):
    page = profile()
    languages = page.get_by_role("group", name="Online Chat Language")

    page.get_by_role("searchbox", name="Find a language").focus()
    page.keyboard.type("fran")
    # Ticked languages stay visible: English, German, then the results.
    expect(languages.get_by_role("checkbox")).to_have_count(3)
    for key in ("Tab", "Tab", "Tab", "Space"):
        page.keyboard.press(key)
    expect(languages.get_by_role("checkbox", name=re.compile("French"))).to_be_checked()
    page.get_by_label("Volume").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.get_by_label("Quiet hours").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    expect(page.get_by_label("From", exact=True)).to_be_focused()
    page.get_by_label("From", exact=True).fill("21:30")
    page.get_by_label("Online Chat Name").press("Enter")

    is_saved(page)
    expect(languages.get_by_role("checkbox", name=re.compile("French"))).to_be_checked()
    expect(page.get_by_label("Volume")).to_have_value("5")
    expect(page.get_by_label("From", exact=True)).to_have_value("21:30")


def test_every_sound_can_be_tried(profile):
    page = profile()
    page.evaluate(
        """() => {
            window.tones = [];
            window.seen = [];
            new MutationObserver(changes => {
                for (const { target } of changes) {
                    if (target.className === "playing") window.seen.push(target.textContent);
                }
            }).observe(document.body, { subtree: true, attributeFilter: ["class"] });
            const start = OscillatorNode.prototype.start;
            OscillatorNode.prototype.start = function (...when) {
                window.tones.push(this.frequency.value);
                return start.apply(this, when);
            };
        }"""
    )

    received: list[float] = []
    for button in page.get_by_role("button", name=re.compile("^Test")).all():
        button.click()
        is_heard = f"window.tones.length > {len(received)}"
        until(page, f"{is_heard} || !document.querySelector('[data-blocked]').hidden")
        if not page.evaluate(is_heard):  # its audio was not ready, and the page asks to try again
            button.click()
            until(page, is_heard)
        assert (button.text_content() or "") in page.evaluate("window.seen")
        received = page.evaluate("window.tones")

    assert len(set(received)) >= 5
    expect(page.locator("[data-blocked]")).to_be_hidden()


@pytest.mark.parametrize(
    ("answer", "message", "helped"),
    [("granted", "Allowed in this browser.", False), ("denied", "Blocked in this browser.", True)],
)
def test_the_browser_is_asked_whether_it_shows_notifications(profile, answer, message, helped):
    page = profile()
    # Not every headless browser can show the question: some deny the permission from the start.
    page.add_init_script(
        f"""
            let now = "default";
            Object.defineProperty(Notification, "permission", {{ get: () => now }});
            Notification.requestPermission = async () => (now = "{answer}");
        """
    )
    page.reload()
    box = page.locator("[data-permission]")
    expect(box).to_contain_text("Not yet allowed in this browser.")

    box.get_by_role("button", name="Allow in this browser").click()

    expect(box.get_by_role("status")).to_have_text(message)
    expect(box.get_by_role("button")).to_have_count(0)
    expect(box.locator("[data-hint]")).to_be_visible(visible=helped)


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("Object.defineProperty(window, 'isSecureContext', { value: false })", "only over https"),
        ("delete window.Notification; navigator.standalone = false", "Add to Home Screen"),
        ("delete window.Notification", "does not support notifications"),
    ],
)
def test_a_browser_without_notifications_says_why(profile, script, message):
    page = profile()
    page.add_init_script(script)
    page.reload()

    box = page.locator("[data-permission]")
    expect(box.get_by_role("status")).to_contain_text(message)
    expect(box.get_by_role("button")).to_have_count(0)


def test_without_javascript_everything_but_trying_can_be_done(profile):
    page = profile(java_script_enabled=False)
    expect(page.get_by_role("button", name=re.compile("^Test"))).to_have_count(0)

    page.get_by_label("Online Chat Name").fill("Annie")
    page.get_by_label("Picture", exact=True).set_input_files(picture())
    page.get_by_role("checkbox", name="A colleague mentions you").uncheck()
    page.get_by_label("Quiet hours").check()
    page.get_by_label("To", exact=True).fill("06:15")
    save(page)

    is_saved(page)
    expect(page.locator("[data-shown-name]")).to_have_text("Annie")
    expect(page.get_by_role("checkbox", name="A colleague mentions you")).not_to_be_checked()
    expect(page.get_by_label("To", exact=True)).to_have_value("06:15")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_the_profile(profile, scheme):
    page = profile(color_scheme=scheme)
    assert problems(page) == []

    page.get_by_label("Quiet hours").check()
    page.get_by_label("To", exact=True).fill("22:00")
    save(page)
    expect(page.get_by_text("Your changes were not saved")).to_be_visible()
    assert problems(page) == []


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("locale", ["en-GB", "ar"])
def test_nothing_hangs_over_the_edge(profile, width, locale):
    page = profile(locale=locale, viewport={"width": width, "height": 800})

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_picture_of_more_than_5_mb_is_made_smaller_by_the_browser(profile):
    page = profile()
    out = io.BytesIO()
    PIL.Image.new("RGB", (1400, 1400), "#804020").save(out, "BMP")
    large = {"name": "me.bmp", "mimeType": "image/bmp", "buffer": out.getvalue()}
    field = page.get_by_label("Picture", exact=True)
    field.set_input_files(large)
    until(page, "document.querySelector('#id_picture').files[0]?.name === 'me.jpg'")

    save(page)
    is_saved(page)


def test_a_picture_that_the_browser_cannot_read_is_reported_before_it_is_sent(profile):
    page = profile()
    heic = {
        "name": "me.heic",
        "mimeType": "image/heic",
        "buffer": b"\0\0\0\x18ftypheic" + b"\0" * 99,
    }
    page.get_by_label("Picture", exact=True).set_input_files(heic)

    expect(page.locator(".picture [role=alert]")).to_contain_text("Choose a JPEG, PNG or WebP")
    assert page.evaluate("document.querySelector('#id_picture').files.length") == 0
