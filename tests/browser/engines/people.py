"""Visitors and operators in Firefox and WebKit, with the verbs of `tests.browser.people`."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.remote.webelement import WebElement

from tests.browser.people import TIMEOUT_MS

T = TypeVar("T")

MESSAGES = "li.entry:not(.line):not([data-author=operator][data-seq='0']) .bubble"
VISIBLE = """
    const [css, text] = arguments;
    return [...document.querySelectorAll(css)].find((one) =>
        one.checkVisibility() && one.textContent.includes(text));
"""

CHAT = "live-chat"
MIDDLE = """
    const { x, y, width, height } = arguments[0].getBoundingClientRect();
    return [x + width / 2, y + height / 2].map(Math.round)"""


def wait_until(truth: Callable[[], T], what: str) -> T:
    """Return the result of `truth` once it is true. An error of the driver means *not yet*."""
    deadline = time.monotonic() + TIMEOUT_MS / 1_000
    while True:
        problem = ""
        try:
            if found := truth():
                return found
        except WebDriverException as error:
            problem = str(error.msg)
        assert time.monotonic() < deadline, f"never came true: {what} {problem}"
        time.sleep(0.02)


@dataclass
class Person:
    """A person at a browser. Each verb waits until it can be done, and expectations until met."""

    driver: WebDriver

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Direct commands to the part of the page that this person reads and writes in."""
        yield

    def attempt(self, act: Callable[[], T], what: str) -> T:
        """Return the first true result of `act`, run inside."""

        def inside() -> T:
            with self.inside():
                return act()

        return wait_until(inside, what)

    def run(self, script: str, *values: object) -> Any:
        """Return the result of a script on the page itself."""
        return self.driver.execute_script(script, *values)

    def until(self, truth: str, *values: object) -> Any:
        """Return the value of a JavaScript expression, run inside, as soon as it is true."""
        return self.attempt(lambda: self.run(f"return {truth}", *values), truth)

    def find(self, css: str, text: str = "") -> WebElement:
        """Return the first visible element with this text. It can be used inside only."""
        found: WebElement = self.attempt(lambda: self.run(VISIBLE, css, text), f"{css} {text}")
        return found

    def click(self, css: str, text: str = "") -> None:
        def act() -> bool:
            self.run(VISIBLE, css, text).click()
            return True

        self.attempt(lambda: self.run(VISIBLE, css, text) and act(), f"{css} {text}")

    def type(self, css: str, *keys: str) -> None:
        """Type into the only element of this selector; a file's path chooses the file."""

        def act() -> bool:
            self.run("return document.querySelector(arguments[0])", css).send_keys(*keys)
            return True

        self.attempt(act, css)

    def write(self, *texts: str) -> None:
        # A click, as people do: WebKit lets no script focus the frame of another origin.
        self.click("[data-testid=composer]")
        for text in texts:
            self.type("[data-testid=composer]", text, Keys.ENTER)
            self.until("!document.querySelector('[data-testid=composer]').value")

    def reads(self, *texts: str) -> None:
        """Expect these messages of people, in this order, and no others."""
        truth = """JSON.stringify([...document.querySelectorAll(arguments[0])]
            .map((one) => one.textContent.trim())) === JSON.stringify(arguments[1])"""
        self.until(truth, MESSAGES, list(texts))

    def is_connected(self) -> None:
        self.find("html:has(connection-strip[data-status=open])")


@dataclass
class Visitor(Person):
    """A visitor on a customer's page."""

    @contextmanager
    def inside(self) -> Iterator[None]:
        frame = self.run(
            "return document.querySelector('live-chat').shadowRoot.querySelector('#panel iframe')"
        )
        self.driver.switch_to.frame(frame)
        try:
            yield
        finally:
            self.driver.switch_to.default_content()

    def part(self, css: str) -> WebElement | None:
        """Return a visible element that the chat draws on the page."""
        script = """
            const chat = document.querySelector("live-chat");
            const found = chat?.shadowRoot.querySelector(arguments[0]);
            return found?.checkVisibility() ? found : null"""
        found: WebElement | None = self.run(script, css)
        return found

    def on_page(self, truth: str, *values: object) -> Any:
        """Return the value of a JavaScript expression on the page as soon as it is true."""
        return wait_until(lambda: self.run(f"return {truth}", *values), truth)

    def opens(self) -> None:
        """Click the button in the corner of the window, or of the page where it is moved."""
        button = wait_until(lambda: self.part("#launcher"), "the button")
        x, y = self.run(MIDDLE, button)
        if self.run("return document.elementFromPoint(...arguments)?.localName", x, y) == CHAT:
            # Not `button.click()`: WebKit's driver finds no buttons in components.
            actions = ActionBuilder(self.driver)
            actions.pointer_action.move_to_location(x, y).click()
            actions.perform()
        else:
            self.run("arguments[0].click()", button)
        self.is_connected()

    def closes_the_window(self) -> None:
        self.click("chat-header .head > button:last-child")
        wait_until(lambda: not self.part("#panel"), "the window closed")


@dataclass
class Operator(Person):
    """A signed-in operator with an open inbox."""

    def is_connected(self) -> None:
        super().is_connected()
        self.find("[data-section=waiting] :is(a.row, .none)")

    def picks(self, text: str) -> None:
        """Open the conversation whose row has this text."""
        self.click("a.row", text)
        self.find("inbox-page[data-view=conversation] [data-testid=composer]")

    def closes(self) -> None:
        for _ in range(2):  # the second confirms
            self.click("conversation-head [data-action=close]")
