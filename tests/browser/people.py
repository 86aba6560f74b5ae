"""Visitors and operators: what they do with mouse and keyboard, and what they see."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import FloatRect, Frame, FrameLocator, Locator, Page, expect

TIMEOUT_MS = 30_000
"""Limit in milliseconds for anything that must appear; the computer may be busy.

It is twice the longest pause of a browser between two attempts to connect.
"""

HAS_STEP = """Boolean(document.querySelector("live-chat").shadowRoot.querySelector("iframe[hidden]")
        .contentWindow.history.state)"""
"""JavaScript: whether the history stands at the entry that makes *back* close the chat."""

expect.set_options(timeout=TIMEOUT_MS)


def until(page: Page | Frame, truth: str) -> None:
    """Wait until the JavaScript expression `truth` is true on the page.

    Each check is a call from here: a page that forbids `eval` forbids it to a waiting script too.
    """
    deadline = time.monotonic() + TIMEOUT_MS / 1_000
    while not page.evaluate(truth):
        assert time.monotonic() < deadline, f"never came true: {truth}"
        page.wait_for_timeout(20)


def box(locator: Locator) -> FloatRect:
    """Return the rectangle of the element as soon as it is visible."""
    expect(locator).to_be_visible()
    found = locator.bounding_box()
    assert found is not None
    return found


def double_click(locator: Locator, between: Callable[[], None] = lambda: None) -> None:
    """Double-click the middle of an element; `between` waits for what the first click does."""
    page = locator.page
    place = box(locator)
    page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    for count in (1, 2):
        page.mouse.down(click_count=count)
        page.mouse.up(click_count=count)
        if count == 1:
            between()


class Writer:
    """A person who reads a timeline and writes below it: visitor or operator."""

    view: Page | FrameLocator

    @property
    def composer(self) -> Locator:
        return self.view.get_by_test_id("composer")

    @property
    def hint(self) -> Locator:
        return self.view.locator("#composer-hint")

    @property
    def entries(self) -> Locator:
        return self.view.locator("li.entry")

    @property
    def strip(self) -> Locator:
        return self.view.locator("connection-strip")

    def entry(self, text: str) -> Locator:
        bubble = self.view.locator(".bubble", has_text=re.compile(rf"^{re.escape(text)}$"))
        return self.entries.filter(has=bubble)

    def write(self, *texts: str) -> None:
        for text in texts:
            self.composer.fill(text)
            self.composer.press("Enter")

    def reads(self, *texts: str) -> None:
        """Expect each of `texts` once, in this order, and no other messages of people."""
        said = self.view.locator("li.entry:not(.line):not([data-author=operator][data-seq='0'])")
        expect(said.locator(".bubble")).to_have_text(list(texts))

    def sees_line(self, line: str) -> None:
        """Expect one system line that contains `line`, such as "Anna joined"."""
        expect(self.view.locator("li.entry.line", has_text=line)).to_have_count(1)


@dataclass
class Visitor(Writer):
    """A visitor on a customer's page."""

    page: Page

    @property
    def view(self) -> FrameLocator:  # type: ignore[override]
        return self.page.frame_locator("#panel iframe")

    @property
    def frame(self) -> Frame:
        found = [frame for frame in self.page.frames if "/widget/" in frame.url]
        assert len(found) == 1, [frame.url for frame in self.page.frames]
        return found[0]

    @property
    def launcher(self) -> Locator:
        return self.page.get_by_test_id("launcher")

    @property
    def panel(self) -> Locator:
        return self.page.locator("#panel")

    @property
    def status(self) -> Locator:
        return self.view.locator("chat-header .who [role=status]")

    def opens(self) -> None:
        """Open the chat and wait until it is connected.

        A chat that was open on the last page opens by itself on this one, except on small screens.
        """
        kept = self.kept()
        if not (kept.get("open") and kept.get("has_chat") and self._is_wide()):
            self.launcher.click()
        self.is_connected()

    def _is_wide(self) -> bool:
        return not self.page.evaluate("matchMedia('(max-width:640px),(max-height:480px)').matches")

    def goes_back(self) -> None:
        """Press *back*.

        Playwright's `go_back` waits in vain for the page if the step is one of a frame.
        """
        # Later, because a step that leaves the page would end this call.
        self.page.evaluate("void setTimeout(() => history.back())")

    def is_connected(self) -> None:
        expect(self.strip).to_have_attribute("data-status", "open")

    def is_prepared(self) -> None:
        """Wait until everything is loaded that must still be shown without a network."""
        for part in ("message-list", "chat-menu", "chat-notices"):
            expect(self.view.locator(part)).to_be_attached()
        names = "performance.getEntriesByType('resource').map(entry => entry.name)"
        until(self.frame, names + ".some(name => name.includes('/end-chat.'))")

    def ends_the_chat(self) -> None:
        self.view.get_by_role("button", name="Menu").click()
        self.view.locator("#menu").get_by_role("menuitem", name="End chat").click()
        self.view.locator("chat-header .confirm .danger").click()

    @property
    def teaser(self) -> Locator:
        return self.page.get_by_test_id("teaser")

    def stored(self) -> dict[str, str]:
        """Return what the frame keeps in this browser, without the keys of the page itself."""
        kept: dict[str, str] = self.frame.evaluate("({...localStorage})")
        return {key: value for key, value in kept.items() if key.count(":") > 1}

    def kept(self) -> dict[str, bool]:
        """Return what the page keeps, which has no secrets."""
        text = self.page.evaluate(
            "(() => { try { return localStorage['livechat:kettleandleaf'] } catch {} })() ?? '{}'"
        )
        found: dict[str, bool] = json.loads(text)
        return found


@dataclass
class Operator(Writer):
    """A signed-in operator with an open inbox."""

    page: Page

    @property
    def view(self) -> Page:  # type: ignore[override]
        return self.page

    def section(self, name: str) -> Locator:
        return self.page.locator(f"[data-section={name}]")

    def rows(self, section: str) -> Locator:
        return self.section(section).locator("a.row")

    def action(self, name: str) -> Locator:
        return self.page.locator(f"conversation-head [data-action={name}]")

    @property
    def presence(self) -> Locator:
        return self.page.locator("inbox-rail [data-action=presence]")

    def is_connected(self) -> None:
        expect(self.strip).to_have_attribute("data-status", "open")
        # The whole inbox has loaded: waiting conversations, or the text that there are none.
        listed = self.section("waiting").locator("a.row, .none:not([hidden])")
        expect(listed.first).to_be_attached()

    def chooses(self, status: str) -> None:
        """Set the status to available, busy or invisible."""
        self.presence.click()
        self.page.locator(f"[data-availability={status}]").click()
        expect(self.presence).to_have_attribute("data-presence", status)

    def picks(self, section: str) -> None:
        """Open the only conversation of a section."""
        self.rows(section).click()
        expect(self.page.locator("inbox-page")).to_have_attribute("data-view", "conversation")

    def answers(self, section: str = "mine") -> None:
        """Open the only conversation of a section, ready to write in it."""
        self.picks(section)
        expect(self.composer).to_be_visible()

    def notes(self, text: str) -> None:
        self.page.locator(".modes [data-action=note]").click()
        self.write(text)
        self.page.locator(".modes [data-action=reply]").click()

    def closes(self) -> None:
        self.action("close").click()
        self.action("close").click()
