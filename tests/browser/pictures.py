"""Pictures of the chat for the documentation: ``python -m tests.browser.pictures``."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import house
from tests.browser.people import Operator, Visitor
from tests.machine.app import ROOT

IMAGES = ROOT / "docs/images"
DESKTOP = {"viewport": {"width": 1280, "height": 800}}
WIDE = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DARK = {"color_scheme": "dark"}
MAX_BYTES = 250_000


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        template = house.build(Path(folder) / "template")
        street = house.Street(template, Path(folder) / "street")
        app = street.next()
        browser = house.launch(playwright)
        try:
            Studio(browser, app.url, template.passwords).take_all()
        finally:
            browser.close()
            app.kill()
            street.close()


class Studio:
    """The shop on a busy morning."""

    def __init__(self, browser: Browser, url: str, passwords: dict[str, str]) -> None:
        self._browser = browser
        self._url = url
        self._passwords = passwords

    def take_all(self) -> None:
        self.take("login", self.page("/login/", DESKTOP))
        self.take("shop", self.page("/demo/shop/", WIDE))
        anna = self.operator("anna")
        ben = self.operator("ben")
        ben.presence.click()
        vera = self.talk(anna)
        self.crowd(anna)
        self.take("chat", vera.page)
        self.again(vera, "chat-dark", DESKTOP | DARK)
        self.again(vera, "chat-phone", PHONE)
        anna.rows("mine").filter(has_text="I take two").click()
        expect(anna.composer).to_be_visible()
        self.take("inbox", anna.page)
        self.again(anna, "inbox-dark", WIDE | DARK)
        self.again(anna, "inbox-phone", PHONE)

    def talk(self, anna: Operator) -> Visitor:
        vera = self.visitor("/demo/", DESKTOP)
        vera.write("Hello! Is the Cloud Sencha from this year’s harvest?")
        anna.answers()
        anna.write("Good morning! Yes: picked in the first week of May, in Shizuoka.")
        vera.write("Lovely. And how many cups do I get out of a tin?")
        anna.notes("Asked about the tins last year, too. Offer the sampler?")
        anna.write("About forty, if you brew it twice. Most people do.")
        expect(vera.entry("About forty, if you brew it twice. Most people do.")).to_be_visible()
        vera.write("Then I take two, thank you!")
        expect(vera.entry("Then I take two, thank you!")).to_have_attribute("data-state", "seen")
        return vera

    def crowd(self, anna: Operator) -> None:
        """Others who want something: one who waits for her, two who wait for anybody."""
        self.visitor("/demo/shop/", DESKTOP).write("Do you deliver to Norway?")
        expect(anna.rows("mine")).to_have_count(2)
        anna.presence.click()
        expect(anna.presence).to_have_attribute("aria-pressed", "false")
        self.visitor("/demo/", DESKTOP).write("Is the Rooibos really without caffeine?")
        self.visitor("/demo/shop/", DESKTOP).write("My parcel has not arrived yet")
        expect(anna.rows("waiting")).to_have_count(2)
        anna.presence.click()
        expect(anna.presence).to_have_attribute("aria-pressed", "true")

    def visitor(self, path: str, device: dict[str, Any]) -> Visitor:
        visitor = Visitor(self.page(path, device))
        visitor.opens()
        return visitor

    def operator(self, name: str) -> Operator:
        page = self.page("/login/?next=/dashboard/", WIDE)
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(self._passwords[name])
        page.get_by_role("button", name="Sign in").click()
        operator = Operator(page)
        operator.is_connected()
        return operator

    def page(self, path: str, device: dict[str, Any], state: Any = None) -> Page:
        context = self._browser.new_context(
            locale="en-GB", reduced_motion="reduce", storage_state=state, **device
        )
        page = context.new_page()
        page.goto(self._url + path)
        return page

    def again(self, somebody: Visitor | Operator, name: str, device: dict[str, Any]) -> None:
        """Take the same person's page on another device."""
        address = somebody.page.url.removeprefix(self._url)
        page = self.page(address, device, somebody.page.context.storage_state())
        same = type(somebody)(page)
        if isinstance(same, Visitor):
            same.opens()
        same.is_connected()
        expect(same.entries.last).to_be_visible()
        self.take(name, page)
        page.context.close()

    def take(self, name: str, page: Page) -> None:
        page.mouse.move(0, 0)
        page.wait_for_timeout(1_000)  # for what fades in or out
        path = IMAGES / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        size = path.stat().st_size
        sys.stdout.write(f"{path.relative_to(ROOT)}  {size // 1024} KB\n")
        assert size <= MAX_BYTES, f"{path} is too large"


if __name__ == "__main__":
    main()
