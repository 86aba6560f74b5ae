"""The Admin: from an empty database to a chat, and the four tabs of a channel."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_in
from tests.browser.people import Operator, Visitor, box
from tests.browser.websites import website
from tests.machine.app import App

PASSWORD = "jasmine-oolong-assam"
TOO_BAD = {"serious", "critical"}
WRITE = """(field, text) => {
    field.value = text;  // however long
    field.dispatchEvent(new Event("input", { bubbles: true }));
}"""
STRANGERS_PAGE = """<!doctype html><html lang="en"><title>Bicycles</title><h1>Bicycles</h1>
    <link rel="icon" href="data:,">"""
RULES = ["Hide", "Show with notification", "Open automatically"]
CHANNEL = "livechat/channel/1/change/"
TABS = ("Operators", "Options", "Channel Rules", "Widget")
PAGES = (
    "channel/",
    "conversation/",
    "conversation/1/change/",
    "channel/1/test-url/?url=https://a.example/demo/checkout&operator=on",
)


@dataclass
class ChannelPage:
    """The form of a channel."""

    page: Page

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    def turns_to(self, name: str) -> None:
        self.tab(name).click()
        expect(self.tab(name)).to_have_attribute("aria-selected", "true")

    def field(self, name: str) -> Locator:
        return self.page.locator(f"#id_{name}")

    def contrast_note(self, field: str) -> Locator:
        """Return the text below a pair of colours, identified by the background's field."""
        return self.page.locator(f".contrast[data-background={field}]")

    @property
    def preview(self) -> Locator:
        return self.page.locator("[data-preview]")

    @property
    def rules(self) -> Locator:
        return self.page.locator("#panel-rules .rules > .row")

    def patterns(self) -> list[str]:
        found: list[str] = self.rules.locator("[name$=-regex_url]").evaluate_all(
            "fields => fields.map(field => field.value)"
        )
        return found

    def adds_a_rule(self, action: str, pattern: str) -> Locator:
        before = self.rules.count()
        self.page.get_by_role("button", name="Add a rule").click()
        expect(self.rules).to_have_count(before + 1)
        row = self.rules.last
        row.get_by_label("Live Chat Button").select_option(action)
        row.get_by_label("URL Regex").fill(pattern)
        return row

    def saves(self) -> None:
        """Save, and stay on the page."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name="Save and continue editing").click()

    def has_saved(self) -> None:
        self.saves()
        expect(self.page.get_by_text("successfully")).to_be_visible()


@pytest.fixture
def maria(signed_in: dict[str, Any], server: App, chrome: Any) -> Callable[..., ChannelPage]:
    """Return a function that opens a page of the Admin as the shop's administrator."""

    def open_page(path: str = CHANNEL, **options: Any) -> ChannelPage:
        page = chrome.context(storage_state=signed_in["admin"], **options).new_page()
        page.goto(f"{server.url}/admin/{path}")
        return ChannelPage(page)

    return open_page


@pytest.fixture
def empty(template: Any, tmp_path: Any) -> Iterator[App]:
    """Provide a server with an empty database and one administrator."""
    (tmp_path / "static").symlink_to(template.folder / "static")
    account = {"USERNAME": "nora", "EMAIL": "nora@bicycles.example", "PASSWORD": PASSWORD}
    environ = {f"DJANGO_SUPERUSER_{name}": value for name, value in account.items()}
    app = App(tmp_path, environ=environ)
    app.manage("migrate", "--verbosity", "0")
    app.manage("createsuperuser", "--noinput", "--verbosity", "0")
    app.start()
    yield app
    app.kill()
    assert "Traceback" not in app.log.read_text()


def test_a_newcomer_gets_from_an_empty_database_to_a_chat(empty, chrome):
    admin = chrome.context().new_page()
    sign_in(admin, f"{empty.url}/login/?next=/admin/", "nora", PASSWORD)
    becomes_operator(admin)
    nora = makes_a_channel(admin)
    snippet, policy, link = reads_the_widget_tab(nora, empty)

    operator_page = Operator(admin.context.new_page())
    operator_page.page.goto(f"{empty.url}/dashboard/")
    operator_page.is_connected()

    page = STRANGERS_PAGE + snippet
    with website(empty.url, page, f"default-src 'none'; img-src data:; {policy}") as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)
        vera.opens()
        expect(vera.view.get_by_text("Welcome! Which bicycle is yours?")).to_be_visible()
        expect(vera.launcher).to_have_css("background-color", "rgb(122, 31, 31)")
        talk(vera, operator_page, "Do you repair brakes?", "Every day.")
        operator_page.closes()

        other = Visitor(chrome.context().new_page())
        other.page.goto(address.replace("/page", "/checkout"))
        other.page.evaluate("new Promise(done => Livechat.on('ready', done))")
        expect(other.launcher).to_be_hidden()
        other.page.goto(address.replace("/page", "/contact"))
        expect(other.panel).to_be_visible()
        other.is_connected()

        sees_that_widget_is_installed(nora, address.removesuffix("/page"))

    guest = Direct(chrome.context().new_page())
    guest.page.goto(link)
    guest.is_connected()
    talk(guest, operator_page, "I have no website before me", "No matter.")


class Direct(Visitor):
    """A visitor on the page of the direct link, which contains nothing but the chat."""

    @property
    def view(self) -> Page:  # type: ignore[override]
        return self.page


def menu(page: Page, name: str) -> Locator:
    return page.locator("#nav-sidebar a").filter(has_text=re.compile(rf"\b{name}\s*$"))


def becomes_operator(page: Page) -> None:
    """Add the user to the operators' group, without which even a superuser may not chat."""
    menu(page, "Users").click()
    page.get_by_role("link", name="nora", exact=True).click()
    page.get_by_label("Live chat operator").check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def makes_a_channel(page: Page) -> ChannelPage:
    menu(page, "Channels").click()
    page.get_by_role("link", name="Add channel").last.click()
    nora = ChannelPage(page)
    page.get_by_label("Channel Name").press_sequentially("Bicycles & more")
    expect(nora.field("slug")).to_have_value("bicycles-more")
    expect(page.get_by_text("You will be added as an operator.")).to_be_visible()
    expect(page.get_by_text("No operators yet")).to_be_hidden()

    nora.turns_to("Options")
    nora.field("button_text").fill("Questions? Ring the bell.")
    nora.field("button_background_color").fill("#7a1f1f")
    nora.field("welcome_message").fill("Welcome! Which bicycle is yours?")
    nora.turns_to("Channel Rules")
    nora.adds_a_rule("Hide", "/checkout$")
    row = nora.adds_a_rule("Open automatically", "/contact")
    row.get_by_label("Open automatically timer").fill("1")
    nora.turns_to("Widget")
    expect(page.get_by_text("Save the channel to get the line")).to_be_visible()
    nora.has_saved()
    return nora


def reads_the_widget_tab(nora: ChannelPage, app: App) -> tuple[str, str, str]:
    """Return snippet, policy and link, as the Admin shows them."""
    page = nora.page
    expect(nora.tab("Widget")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_text("No page has loaded the chat yet.")).to_be_visible()
    snippet = page.locator("#widget-snippet").inner_text()
    assert re.fullmatch(rf'<script async src="{app.url}/widget/\w+/loader\.js"></script>', snippet)
    link = page.locator("#widget-link").inner_text()
    code = page.get_by_role("img", name="QR code")
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100

    nora.turns_to("Operators")
    expect(page.locator(".people")).to_contain_text("nora")
    return snippet, " ".join(page.locator("[id^=widget-policy]").all_text_contents()), link


def talk(vera: Visitor, operator_page: Operator, question: str, answer: str) -> None:
    vera.write(question)
    operator_page.answers()
    operator_page.reads(question)
    operator_page.write(answer)
    vera.reads(question, answer)


def sees_that_widget_is_installed(nora: ChannelPage, origin: str) -> None:
    nora.turns_to("Widget")
    seen = nora.page.locator(".seen td").first
    for _ in range(20):
        nora.page.reload()
        if seen.count():
            break
        nora.page.wait_for_timeout(500)
    expect(seen).to_have_text(origin)


def test_rules_are_put_into_an_order_by_keyboard_and_mouse_and_stay_so(maria):
    her = maria()
    her.turns_to("Channel Rules")
    order = her.patterns()
    for action, pattern in zip(RULES, ["/one", "/two", "/three"], strict=True):
        her.adds_a_rule(action, pattern)
    assert her.patterns() == [*order, "/one", "/two", "/three"]

    last = her.rules.last
    expect(last.get_by_role("button", name="Move down")).to_be_disabled()
    last.get_by_role("button", name="Move up").focus()
    for _ in range(2):
        her.page.keyboard.press("Enter")
    assert her.patterns() == [*order, "/three", "/one", "/two"]
    # The button moves with its row and keeps the focus.
    her.page.keyboard.press("Enter")
    moved = [*order[:-1], "/three", order[-1], "/one", "/two"]
    assert her.patterns() == moved
    place = f"Now rule {len(order)} of {len(moved)}."
    expect(her.page.locator("#channel-status")).to_have_text(place)

    drag(her, moved.index("/two"), moved.index("/three"))
    wanted = [*order[:-1], "/two", "/three", order[-1], "/one"]
    assert her.patterns() == wanted
    her.has_saved()
    assert her.patterns() == wanted
    expect(her.tab("Channel Rules")).to_have_attribute("aria-selected", "true")


def drag(her: ChannelPage, start: int, end: int) -> None:
    """Drag a rule by its grip to the place of another."""
    her.rules.nth(start).scroll_into_view_if_needed()
    her.page.evaluate("scrollBy(0, 200)")
    grip = box(her.rules.nth(start).locator(".grip"))
    goal = box(her.rules.nth(end))
    x = grip["x"] + grip["width"] / 2
    her.page.mouse.move(x, grip["y"] + grip["height"] / 2)
    her.page.mouse.down()
    her.page.mouse.move(x, goal["y"] + goal["height"] * 0.3, steps=12)
    her.page.mouse.up()


def test_an_error_in_an_expression_is_shown_at_its_row_whichever_tab_is_open(maria):
    her = maria()
    her.turns_to("Channel Rules")
    row = her.adds_a_rule("Show", "/shop(")
    expect(row.get_by_label("Open automatically timer")).to_be_hidden()
    row.get_by_label("Live Chat Button").select_option("Open automatically")
    expect(row.get_by_label("Open automatically timer")).to_be_visible()
    row.get_by_label("Live Chat Button").select_option("Hide")
    expect(row.get_by_label("Open automatically timer")).to_be_hidden()
    her.turns_to("Widget")
    her.saves()

    expect(her.tab("Channel Rules")).to_have_attribute("aria-selected", "true")
    expect(her.tab("Channel Rules")).to_contain_text("1 error")
    expect(her.rules.last.get_by_label("URL Regex")).to_have_value("/shop(")
    expect(her.rules.last.locator(".problems")).to_be_visible()
    expect(her.rules.locator(".problems")).to_have_count(1)

    her.rules.last.get_by_label("URL Regex").fill("/shop")
    her.has_saved()
    assert her.patterns()[-1] == "/shop"


def test_an_unreadable_colour_is_reported_and_can_be_corrected(maria):
    her = maria(CHANNEL + "#show-options")
    note = her.contrast_note("header_background_color")
    her.field("header_background_color").fill("#7a8cff")
    expect(note).to_contain_text("Contrast 2.9 : 1 – too low for text")
    her.page.get_by_role("button", name="Use #616fca instead").click()

    expect(her.field("header_background_color")).to_have_value("#616fca")
    expect(note.get_by_role("status")).to_have_text("Contrast 4.5 : 1")
    expect(note.get_by_role("button")).to_be_hidden()
    header = her.preview.locator(".window-head")
    expect(header).to_have_css("background-color", "rgb(97, 111, 202)")

    before = her.preview.get_attribute("style")
    for junk in ("red", "#12", "#123456;x:y", "url(//evil.example)", "javascript:alert(1)"):
        her.field("header_background_color").evaluate(WRITE, junk)
        assert her.preview.get_attribute("style") == before
        expect(note.get_by_role("button")).to_be_hidden()
    her.saves()
    expect(her.page.locator(".field-header_background_color .problems")).to_be_visible()
    expect(header).to_have_css("background-color", re.compile(r"^rgb\(\d+, \d+, \d+\)$"))
    assert "javascript" not in (her.preview.get_attribute("style") or "")


def test_the_preview_follows_what_is_written_and_takes_it_for_text(maria):
    her = maria(CHANNEL + "#show-options")
    her.field("welcome_message").press_sequentially("<b>Hello</b> <img src=x onerror=alert(1)>")
    her.field("name").fill("<i>Tea</i>")
    her.field("button_text").fill("Psst!")

    shown = her.preview.locator("[data-shows=welcome_message]")
    expect(shown).to_contain_text("<b>Hello</b> <img")
    expect(her.preview.locator("[data-shows=name]")).to_have_text("<i>Tea</i>")
    expect(her.preview.locator(".teaser")).to_have_text("Psst!")
    expect(her.preview.locator("b b, i i, img")).to_have_count(0)
    her.field("button_text").fill("")
    expect(her.preview.locator(".teaser")).to_be_hidden()
    her.preview.get_by_role("button", name="Dark").click()
    expect(her.preview.locator(".window")).to_have_css("background-color", "rgb(24, 25, 28)")


def test_of_two_administrators_who_save_the_second_is_warned_and_keeps_her_changes(maria):
    first, second = maria(), maria(CHANNEL + "#show-options")
    first.turns_to("Options")
    first.field("button_text").fill("The first one's words")
    first.has_saved()

    second.field("button_text").fill("The second one's words")
    second.saves()
    expect(second.page.get_by_text("Maria Santos saved this channel")).to_be_visible()
    expect(second.field("button_text")).to_have_value("The second one's words")

    second.has_saved()
    first.page.reload()
    expect(first.field("button_text")).to_have_value("The second one's words")


def test_tabs_are_turned_with_the_arrow_keys_and_stay_when_saved(maria):
    her = maria()
    keys = ["ArrowRight", "End", "ArrowRight", "ArrowLeft", "Home", "ArrowRight"]
    names = ["Options", "Widget", "Operators", "Widget", "Operators", "Options"]
    her.tab("Operators").focus()
    for key, name in zip(keys, names, strict=True):
        her.page.keyboard.press(key)
        expect(her.tab(name)).to_be_focused()
        expect(her.page.get_by_role("tabpanel")).to_have_count(1)
        expect(her.page.get_by_role("tabpanel", name=name)).to_be_visible()

    her.has_saved()
    assert her.page.url.endswith("#show-options")
    expect(her.page.get_by_role("tabpanel", name="Options")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_the_admin(server, maria, vera, anna, scheme):
    vera.opens()
    talk(vera, anna, "Is this tea green?", "As grass.")
    anna.notes("He asks this every year")
    anna.closes()
    vera.sees_line("Anna ended the chat")

    her = maria(color_scheme=scheme)
    dark = her.page.locator("html.dark")
    expect(dark).to_have_count(1 if scheme == "dark" else 0)
    found = {}
    for name in TABS:
        her.turns_to(name)
        found[name] = problems(her.page)
    her.turns_to("Options")
    her.field("button_background_color").fill("#ffffff")
    found["unreadable colours"] = problems(her.page)
    for path in PAGES:
        her.page.goto(f"{server.url}/admin/livechat/{path}")
        found[path] = problems(her.page)
    her.page.goto(f"{server.url}/admin/")
    expect(her.page.get_by_role("heading", name="Channels")).to_be_visible()
    found["start page"] = problems(her.page)
    assert {name: bad for name, bad in found.items() if bad} == {}


FADED = """
    Promise.allSettled(document.getAnimations()
        .filter(one => one.effect.getComputedTiming().endTime < Infinity)
        .map(one => one.finished))
"""


def problems(page: Page) -> list[dict[str, Any]]:
    """Return the violations of the whole page that axe rates serious or critical, shortened."""
    page.wait_for_timeout(300)  # until colours have faded
    page.evaluate(FADED)
    found = Axe().run(page).response["violations"]
    return [
        {"id": one["id"], "nodes": [node["html"][:200] for node in one["nodes"]]}
        for one in found
        if one["impact"] in TOO_BAD
    ]


def test_a_user_without_rights_is_refused(server, chrome, template):
    chrome.expect("403 (Forbidden)")
    page = chrome.context().new_page()
    sign_in(page, f"{server.url}/login/?next=/admin/", "analyst", template.passwords["analyst"])
    page.wait_for_url("**/admin/")
    expect(menu(page, "Sessions")).to_be_visible()
    expect(menu(page, "Channels")).to_have_count(0)

    for path in (CHANNEL, "livechat/channel/add/", "livechat/channel/1/test-url/"):
        page.goto(f"{server.url}/admin/{path}")
        expect(page.get_by_role("heading")).to_have_text("You do not have access to this page")


def test_a_user_who_is_not_staff_sees_the_reason(server, chrome, signed_in):
    chrome.expect("403 (Forbidden)")
    page = chrome.context(storage_state=signed_in["anna"]).new_page()
    page.goto(f"{server.url}/admin/{CHANNEL}")

    expect(page.get_by_role("heading")).to_have_text("You do not have access to this page")
