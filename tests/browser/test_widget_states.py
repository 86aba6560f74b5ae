"""Every state of the chat for a visitor: what it says, what they can do, what axe finds."""

import json
import re
import time
from collections.abc import Callable
from contextlib import ExitStack
from urllib.request import urlopen

import pytest
from playwright.sync_api import Locator, WebSocket, expect
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.browser import environment
from tests.browser.people import HAS_STEP, TIMEOUT_MS, Visitor, box, until
from tests.browser.test_accessibility import problems
from tests.browser.test_devices import PHONE, brightness
from tests.machine.app import App

SUGGESTIONS = "Where is my order?\nDo you deliver abroad?"
HINT = "tea@kettle-and-leaf.example"
FORBID_STORAGE = """
    const forbidden = () => { throw new DOMException("Access is denied", "SecurityError"); };
    for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get: forbidden });
    }
    LockManager.prototype.request = LockManager.prototype.query = async () => forbidden();
"""
A_DAY_AHEAD = """
    const Real = Date;
    const ahead = 86_400_000;
    window.Date = class extends Real {
        constructor(...parts) {
            if (parts.length) super(...parts); else super(Real.now() + ahead);
        }
        static now() { return Real.now() + ahead; }
    };
"""
COUNT_SOUNDS = """
    window.sounded = 0;
    const start = OscillatorNode.prototype.start;
    OscillatorNode.prototype.start = function (...when) {
        window.sounded += 1;
        return start.apply(this, when);
    };
"""
LOOK_AWAY = """away => {
    const state = away ? "hidden" : "visible";
    for (const [name, value] of [["hidden", away], ["visibilityState", state]]) {
        Object.defineProperty(document, name, { configurable: true, get: () => value });
    }
    document.dispatchEvent(new Event("visibilitychange"));
}"""
ANSWERED = """
import datetime as d
from django.utils import timezone
from livechat.models import Channel, Conversation
from tests import factories
who = [factories.visitor(Channel.objects.get()) for _ in range(6)]
for one in who:
    row = factories.conversation(one)
    Conversation.objects.filter(pk=row.pk).update(
        opened_at=timezone.now() - d.timedelta(seconds=110), answered_at=timezone.now())
"""

IN_THE_LOADER = {"theme", "button_background_color", "button_text_color"}


@pytest.fixture
def channel(server) -> Callable[..., None]:
    """Return a function that changes the demo's channel; it returns when the loader knows it."""

    def loader() -> bytes:
        with urlopen(f"{server.url}/widget/kettleandleaf/loader.js") as response:  # noqa: S310
            body: bytes = response.read()
            return body

    def change(**fields: str) -> None:
        waits = bool(IN_THE_LOADER & fields.keys())
        before = loader() if waits else b""
        server.manage(
            *("shell", "--no-imports", "-c"),
            f"from livechat.models import Channel; Channel.objects.update(**{fields!r})",
        )
        # Another process changes the row, and there is no Redis: the server reads it seconds later.
        deadline = time.monotonic() + TIMEOUT_MS / 1_000
        while waits and loader() == before:
            assert time.monotonic() < deadline
            time.sleep(0.1)

    return change


def menu(vera: Visitor) -> None:
    vera.view.get_by_role("button", name="Menu").click()
    expect(vera.view.get_by_role("menu")).to_be_visible()


def notice(vera: Visitor, kind: str) -> Locator:
    return vera.view.locator(f"chat-notices .notice.{kind}")


# ---------------------------------------------------------------------- before the first message


def test_a_visitor_who_opens_the_chat_is_greeted_and_may_choose_the_first_message(
    vera, anna, channel
):
    channel(suggestions=SUGGESTIONS, privacy_link="https://example.org/privacy", translations={})
    vera.opens()
    greeting = vera.view.locator("chat-greeting")
    expect(greeting.get_by_role("heading")).to_contain_text("Welcome to Kettle & Leaf!")
    expect(greeting.get_by_role("button")).to_have_text(
        ["Where is my order?", "Do you deliver abroad?"]
    )
    expect(greeting.get_by_role("link", name="Privacy")).to_have_attribute("target", "_blank")
    expect(vera.composer).to_be_focused()
    assert problems(vera.frame) == []

    greeting.get_by_role("button", name="Do you deliver abroad?").click()

    vera.reads("Do you deliver abroad?")
    expect(greeting).to_be_hidden()
    anna.answers()
    anna.reads("Do you deliver abroad?")


def test_the_greeting_promises_what_recent_visitors_have_seen(visitor, anna, server):
    server.manage("shell", "--no-imports", "-c", ANSWERED)

    vera = visitor()
    vera.opens()

    expect(vera.view.get_by_text("Usually replies within 2 minutes")).to_be_visible()


def test_an_operator_whose_picture_cannot_be_loaded_is_shown_by_initials(visitor, anna, chrome):
    chrome.expect("net::ERR_FAILED")
    vera = visitor()
    for page in (vera.page, anna.page):
        page.context.route("**/avatars/**", lambda route: route.abort())
    vera.page.reload()
    anna.page.reload()

    vera.opens()
    faces = vera.view.locator(".faces").filter(visible=True)
    expect(faces.first).to_contain_text("A")
    vera.write("Hello")
    anna.answers()
    anna.write("Good morning")
    vera.reads("Hello", "Good morning")
    expect(vera.view.locator(".entry.other .avatar").last).to_have_text("A")
    expect(vera.view.locator("img[src*=avatars]")).to_have_count(0)
    expect(anna.page.locator("inbox-rail .account .avatar")).to_have_text("A")


def test_without_operators_the_greeting_says_what_happens_to_a_message(vera, channel):
    channel(contact_hint=HINT)
    vera.opens()
    expect(vera.view.locator("chat-greeting")).to_contain_text("We are away right now.")
    expect(vera.view.locator("chat-greeting")).to_contain_text(HINT)
    assert problems(vera.frame) == []

    vera.write("Then I write")

    expect(notice(vera, "waiting")).to_contain_text("Message received")
    expect(notice(vera, "waiting")).to_contain_text(HINT)
    assert problems(vera.frame) == []


# ---------------------------------------------------------------------- waiting and ending


def test_a_waiting_visitor_sees_for_how_long_and_may_leave_or_end(vera, anna):
    anna.chooses("busy")
    vera.opens()
    vera.write("Is anybody there?")

    expect(notice(vera, "waiting").locator(".clock")).to_have_text(re.compile(r"^0:0[2-9]$"))
    expect(notice(vera, "waiting")).to_contain_text("Our reply will be here")
    assert problems(vera.frame) == []

    notice(vera, "waiting").get_by_role("button", name="End chat").click()
    vera.view.get_by_role("button", name="Cancel").click()
    notice(vera, "waiting").get_by_role("button", name="End chat").click()
    vera.view.locator("chat-header .confirm .danger").click()
    vera.sees_line("You ended the chat")
    expect(notice(vera, "waiting")).to_have_count(0)


def test_an_answer_ends_the_waiting(vera, anna):
    anna.chooses("busy")
    vera.opens()
    vera.write("Is anybody there?")
    expect(notice(vera, "waiting")).to_be_visible()

    anna.picks("waiting")
    anna.action("take").click()

    expect(notice(vera, "waiting")).to_have_count(0)


def test_an_ended_chat_names_the_person_who_ended_it_and_what_can_be_done(vera, anna):
    vera.opens()
    vera.write("Thank you")
    anna.answers()
    anna.closes()

    ended = vera.view.locator(".ended")
    expect(ended).to_contain_text("Anna ended the chat.")
    expect(ended.get_by_role("button", name="Download transcript")).to_be_visible()
    assert problems(vera.frame) == []
    ended.get_by_role("button", name="Start a new chat").click()
    expect(vera.view.locator("chat-greeting")).to_be_visible()
    expect(vera.composer).to_be_focused()


@pytest.mark.parametrize("name", ["Download transcript (text)", "Download transcript (web page)"])
def test_the_transcript_is_downloaded(vera, anna, name, tmp_path):
    vera.opens()
    vera.write("Please send me this")
    anna.answers()
    anna.write("With pleasure")
    vera.reads("Please send me this", "With pleasure")

    menu(vera)
    with vera.page.expect_download() as coming:
        vera.view.get_by_role("menuitem", name=name).click()
    coming.value.save_as(tmp_path / "transcript")

    text = (tmp_path / "transcript").read_text()
    assert "Please send me this" in text
    assert "With pleasure" in text
    expect(vera.view.get_by_role("menu")).to_be_hidden()


# ---------------------------------------------------------------------- when something is wrong


def test_a_visitor_who_writes_too_fast_sees_how_long_to_wait(chrome, template, tmp_path):
    template.copy(tmp_path / "slow")
    app = App(tmp_path / "slow", environ={**environment.ENVIRON, "MESSAGES_PER_SECOND": "0.2"})
    app.start()
    try:
        page = chrome.context().new_page()
        page.goto(f"{app.url}/demo/")
        vera = Visitor(page)
        vera.opens()
        texts = [f"Line {number}" for number in range(1, 13)]
        vera.write(*texts)

        expect(notice(vera, "fast")).to_contain_text("You are sending messages very fast.")
        expect(notice(vera, "fast").locator(".clock")).to_have_text(re.compile(r"^0:0\d$"))
        assert problems(vera.frame) == []
        expect(vera.entry("Line 1")).to_have_attribute("data-state", "sent")
        expect(vera.strip).to_be_hidden()
        page.close()
    finally:
        app.kill()


def test_a_visitor_of_a_full_server_sees_so_and_is_connected_automatically(
    chrome, template, tmp_path
):
    chrome.expect("WebSocket connection to")
    chrome.expect("the server responded with a status of 503")
    template.copy(tmp_path / "full")
    app = App(tmp_path / "full", environ={**environment.ENVIRON, "MAX_SOCKETS": "10"})
    app.start()
    try:
        page = chrome.context().new_page()
        with ExitStack() as others:
            address = f"{app.socket_url}/ws/visitor/kettleandleaf/"
            for number in range(9):
                other = others.enter_context(connect(address, origin=Origin(app.url), proxy=None))
                other.send(json.dumps({"type": "hello", "version": 1, "tab": str(number)}))
            page.goto(f"{app.url}/demo/")
            vera = Visitor(page)
            vera.launcher.click()
            expect(vera.strip).to_have_text(
                "High demand right now. The chat reconnects automatically; your messages are saved."
            )
            assert problems(vera.frame) == []
            vera.write("Hello")
            expect(vera.entry("Hello")).to_have_attribute("data-state", "pending")

        # Other visitors have left. Half a minute is the longest Retry-After.
        expect(vera.entry("Hello")).to_have_attribute("data-state", "sent", timeout=40_000)
        expect(vera.strip).to_be_hidden()
        page.close()
    finally:
        app.kill()


def test_a_server_that_is_away_for_long_is_admitted(vera, server, chrome, channel):
    chrome.expect_a_dead_server()
    channel(contact_hint=HINT)
    vera.opens()
    vera.composer.press_sequentially("Hello")
    vera.is_prepared()
    server.kill()
    vera.composer.press("Enter")

    expect(notice(vera, "down")).to_contain_text("your messages are saved", timeout=30_000)
    expect(notice(vera, "down")).to_contain_text(HINT)

    server.start()
    expect(notice(vera, "down")).to_have_count(0)
    vera.reads("Hello")


def test_a_chat_that_is_not_available_says_where_else_to_go(vera, server, chrome, channel):
    chrome.expect_a_dead_server()
    chrome.expect("404 (Not Found)")
    channel(contact_hint=HINT)
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    vera.is_prepared()
    server.kill()
    channel(is_active=False)
    server.start()

    expect(vera.strip).to_have_text("This chat is not available here.")
    expect(notice(vera, "down")).to_contain_text(HINT)
    expect(vera.composer).to_be_hidden()
    assert problems(vera.frame) == []


def test_a_visitor_with_an_invalid_token_starts_anew_and_sees_a_notice(vera, chrome):
    vera.opens()
    vera.write("Remember me")
    expect(vera.entry("Remember me")).to_contain_text("Sent")
    vera.frame.evaluate("localStorage['livechat:token:kettleandleaf'] = 'nonsense'")

    vera.page.reload()
    vera.is_connected()

    expect(notice(vera, "lost")).to_contain_text("earlier chat is no longer available")
    expect(vera.view.locator("chat-greeting")).to_be_visible()
    assert problems(vera.frame) == []
    vera.write("Then again")
    vera.reads("Then again")
    expect(notice(vera, "lost")).to_have_count(0)


def test_where_nothing_may_be_stored_that_is_said(visitor, anna):
    vera = visitor("/demo/shop/")
    vera.page.add_init_script(FORBID_STORAGE)
    vera.page.reload()
    vera.opens()

    expect(notice(vera, "unkept")).to_contain_text("lost when you leave this page")
    assert problems(vera.frame) == []
    vera.write("Remember me not")
    vera.reads("Remember me not")


def test_a_chat_that_is_used_elsewhere_can_be_used_here_and_keeps_the_draft(vera):
    hellos: list[str] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: hellos.append(str(frame)))

    vera.page.on("websocket", listen)
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    vera.composer.press_sequentially("Half a sen")
    token = vera.stored()["livechat:token:kettleandleaf"]
    hello = {**json.loads(next(one for one in hellos if '"hello"' in one)), "token": token}

    vera.frame.evaluate(
        """hello => {
            const address = location.origin.replace("http", "ws") + "/ws/visitor/kettleandleaf/";
            const socket = new WebSocket(address);
            socket.onopen = () => socket.send(JSON.stringify(hello));
        }""",
        hello,
    )

    expect(vera.strip).to_contain_text("This chat is open in another window.")
    expect(vera.composer).to_be_hidden()
    assert problems(vera.frame) == []
    vera.view.get_by_role("button", name="Use it here").click()
    vera.is_connected()
    vera.reads("Hello")
    expect(vera.composer).to_have_value("Half a sen")


def test_an_unsent_text_survives_a_reload_and_only_that(vera):
    vera.opens()
    vera.composer.press_sequentially("Not yet sent")
    vera.page.reload()
    vera.opens()
    expect(vera.composer).to_have_value("Not yet sent")

    vera.composer.press("Enter")
    vera.reads("Not yet sent")
    vera.page.reload()
    vera.is_connected()
    expect(vera.composer).to_have_value("")


def test_a_device_whose_clock_is_a_day_ahead_still_shows_the_right_waiting_time(visitor, anna):
    anna.chooses("busy")
    vera = visitor()
    vera.page.add_init_script(A_DAY_AHEAD)
    vera.page.reload()
    vera.opens()
    vera.write("What time is it?")

    expect(notice(vera, "waiting").locator(".clock")).to_have_text(re.compile(r"^0:0\d$"))
    expect(vera.view.locator("li.day")).to_have_count(0)


# ---------------------------------------------------------------------- the menu


def test_the_menu_is_worked_with_keys(vera):
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    button = vera.view.get_by_role("button", name="Menu")
    button.press("Enter")
    expect(vera.view.get_by_role("menuitemcheckbox", name="Sound")).to_be_focused()
    assert problems(vera.frame) == []

    vera.page.keyboard.press("ArrowUp")
    expect(vera.view.get_by_role("menuitem", name="End chat")).to_be_focused()
    vera.page.keyboard.press("Home")
    vera.page.keyboard.press("ArrowDown")
    expect(vera.view.get_by_role("menuitemradio", name="Normal text")).to_be_focused()
    vera.page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(vera.panel).to_be_visible()

    button.press("Enter")
    vera.page.keyboard.press("End")
    vera.page.keyboard.press("Enter")
    expect(vera.view.get_by_role("button", name="Cancel")).to_be_focused()
    vera.page.keyboard.press("Enter")
    expect(button).to_be_focused()


def test_text_size_and_sound_are_remembered(vera):
    vera.opens()
    menu(vera)
    vera.view.get_by_role("menuitemradio", name="Very large text").click()
    vera.view.get_by_role("menuitemcheckbox", name="Sound").click()
    assert problems(vera.frame) == []

    vera.page.reload()
    vera.launcher.click()
    vera.is_connected()
    menu(vera)

    expect(vera.view.get_by_role("menuitemradio", name="Very large text")).to_be_checked()
    expect(vera.view.get_by_role("menuitemcheckbox", name="Sound")).not_to_be_checked()
    root = vera.view.locator("html")
    assert root.evaluate("root => getComputedStyle(root).zoom") == "1.3"
    assert root.evaluate(
        "root => root.scrollHeight <= innerHeight && root.scrollWidth <= innerWidth"
    )
    below = box(vera.composer)
    outer = box(vera.panel)
    assert below["y"] + below["height"] <= outer["y"] + outer["height"]


@pytest.mark.parametrize("muted", [False, True])
def test_an_answer_is_heard_while_the_chat_is_closed_unless_it_is_muted(visitor, anna, muted):
    vera = visitor()
    vera.page.add_init_script(COUNT_SOUNDS)
    vera.page.reload()
    vera.opens()
    if muted:
        menu(vera)
        vera.view.get_by_role("menuitemcheckbox", name="Sound").click()
        vera.page.keyboard.press("Escape")
    vera.write("Call me back")
    vera.reads("Call me back")
    anna.answers()
    anna.write("I see you")
    vera.reads("Call me back", "I see you")
    assert vera.frame.evaluate("sounded") == 0

    vera.launcher.click()
    anna.write("Ring ring")
    expect(vera.teaser).to_contain_text("1 unread message")
    if not muted:
        until(vera.frame, "sounded > 0")
    else:
        vera.page.wait_for_timeout(1_500)
        assert vera.frame.evaluate("sounded") == 0


# ---------------------------------------------------------------------- around the window


def test_a_new_answer_is_shown_beside_the_button_until_it_is_dismissed(vera, anna):
    vera.opens()
    vera.write("I am going")
    anna.answers()
    vera.launcher.click()
    anna.write("One moment")
    expect(vera.teaser).to_contain_text("Anna")
    expect(vera.teaser).to_contain_text("1 unread message")
    assert "One moment" not in vera.page.evaluate(
        "document.querySelector('live-chat').shadowRoot.textContent"
    )
    assert problems(vera.page) == []

    vera.teaser.get_by_role("button", name="Dismiss").click()
    expect(vera.teaser).to_be_hidden()
    anna.write("Here it is")
    expect(vera.teaser).to_contain_text("2 unread messages")
    vera.teaser.get_by_text("2 unread messages").click()

    expect(vera.panel).to_be_visible()
    expect(vera.teaser).to_be_hidden()


def test_a_browser_that_saves_data_shows_the_number_alone(visitor, anna):
    vera = visitor()
    vera.page.add_init_script(
        "Object.defineProperty(navigator, 'connection', {value: {saveData: true}})"
    )
    vera.page.reload()
    vera.opens()
    vera.write("Hello")
    anna.answers()
    vera.launcher.click()
    anna.write("Good morning")

    expect(vera.launcher).to_have_accessible_name("Open chat, 1 unread message")
    expect(vera.teaser).to_be_hidden()


def test_the_title_of_a_hidden_page_counts_unread_messages(vera, anna):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    vera.launcher.click()
    title = vera.page.title()
    vera.page.evaluate(LOOK_AWAY, True)
    anna.write("One")
    anna.write("Two")

    expect(vera.page).to_have_title(f"(2) {title}")

    vera.page.evaluate(LOOK_AWAY, False)
    assert vera.page.title() == title


def test_the_window_can_be_made_wider_where_there_is_room(vera):
    vera.opens()
    panel = box(vera.panel)
    assert (panel["width"], panel["height"]) == (384, 616)  # on a page 720 pixels high

    wider = vera.view.get_by_role("button", name="Wider window")
    wider.click()
    expect(wider).to_have_attribute("aria-pressed", "true")
    expect(vera.panel).to_have_css("width", "640px")
    wider.click()
    expect(vera.panel).to_have_css("width", "384px")


def test_on_a_telephone_back_closes_the_chat_and_leaves_the_page(visitor, server):
    caller = visitor(**PHONE)
    caller.page.goto(f"{server.url}/demo/shop/")
    caller.page.evaluate("history.replaceState({router: 7}, '')")
    before = caller.page.evaluate("history.length")
    caller.launcher.tap()
    caller.is_connected()
    expect(caller.view.get_by_role("button", name="Wider window")).to_be_hidden()
    assert caller.page.evaluate("history.state") == {"router": 7}

    caller.goes_back()
    expect(caller.panel).to_be_hidden()
    assert caller.page.evaluate("history.state") == {"router": 7}
    assert caller.page.url.endswith("/demo/shop/")

    # Closed by its own button, it leaves no history entry either.
    caller.launcher.tap()
    caller.view.get_by_role("button", name="Close the chat window").tap()
    expect(caller.panel).to_be_hidden()
    until(caller.page, f"!{HAS_STEP}")
    assert caller.page.evaluate("history.state") == {"router": 7}
    assert caller.page.evaluate("history.length") <= before + 1
    caller.goes_back()
    expect(caller.page).to_have_url(f"{server.url}/demo/")


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_a_channel_may_be_dark_or_light_whatever_the_device_is(visitor, channel, theme):
    channel(theme=theme)
    vera = visitor(color_scheme="light" if theme == "dark" else "dark")
    vera.opens()

    assert (brightness(vera.view.locator("body"), "backgroundColor") < 60) is (theme == "dark")
    assert (brightness(vera.panel, "backgroundColor") < 60) is (theme == "dark")


@pytest.mark.parametrize("colour", ["#ffe600", "#ffffff", "#000000", "#808080"])
def test_any_colour_of_an_owner_can_be_read(visitor, channel, colour):
    channel(
        button_background_color=colour,
        header_background_color=colour,
        button_text_color="#ffffff",
        title_color="#ffffff",
        suggestions=SUGGESTIONS,
    )
    for scheme in ("light", "dark"):
        vera = visitor(color_scheme=scheme)
        vera.opens()
        assert problems(vera.frame) == []
        vera.write("Hello")
        vera.reads("Hello")
        vera.view.get_by_role("button", name="Menu").hover()
        assert problems(vera.frame) == []
        vera.ends_the_chat()
        vera.sees_line("You ended the chat")
        vera.view.get_by_role("button", name="Start a new chat").hover()
        assert problems(vera.frame) == []
