"""Take the documentation's pictures of the chat: ``python -m docs.tools.pictures``."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser import environment
from tests.browser.people import Operator, Visitor
from tests.machine.app import ROOT, App
from tests.machine.ports import free_port

IMAGES = ROOT / "docs/images"
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
WIDE: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DARK: dict[str, Any] = {"color_scheme": "dark"}
MAX_BYTES = 250_000
OTHER_CHANNELS = """
from livechat.models import Channel
looks = {"button_background_color": "#7a4a12", "header_background_color": "#7a4a12"}
Channel.objects.create(name="Wholesale", slug="wholesale", **looks)
Channel.objects.create(name="Press and partners", slug="press", may_join=False)
"""
TABS = ("operators", "options", "rules", "widget")
CHANNEL = "livechat/channel/1/change/"
TESTED = "https://kettle-and-leaf.example/demo/checkout/delivery"


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        template = environment.build(folder / "template")
        template.copy(folder / "shop")
        beside = free_port()
        app = App(folder / "shop", environ=environment.ENVIRON, second_site_port=beside)
        app.manage("shell", "--no-imports", "--verbosity", "0", "-c", OTHER_CHANNELS)
        browser = environment.launch(playwright)
        try:
            app.start()
            second_site = f"http://localhost:{beside}/"
            Studio(browser, app.url, second_site, template.passwords).take_all()
        finally:
            browser.close()
            app.kill()


class Guest(Visitor):
    """A visitor on the page of the direct link, which contains nothing but the chat."""

    @property
    def view(self) -> Page:  # type: ignore[override]
        return self.page


class Studio:
    """Takes every picture of the demo's shop on a busy morning."""

    def __init__(
        self, browser: Browser, url: str, second_site: str, passwords: dict[str, str]
    ) -> None:
        self._browser = browser
        self._url = url
        self._second_site = second_site
        self._passwords = passwords

    def take_all(self) -> None:
        self.take("login", self.page("/login/", DESKTOP))
        self.take("shop", self.page("/demo/shop/", WIDE))
        anna = self.operator("anna")
        ben = self.operator("ben")
        ben.chooses("busy")
        vera = self.talk(anna)
        self.take_busy_inbox(anna)
        self.take("chat", vera.page)
        self.again(vera, "chat-dark", DESKTOP | DARK)
        self.again(vera, "chat-phone", PHONE)
        anna.rows("mine").filter(has_text="I take two").click()
        expect(anna.composer).to_be_visible()
        self.take("inbox", anna.page)
        self.again(anna, "inbox-dark", WIDE | DARK)
        self.again(anna, "inbox-phone", PHONE)
        self.take_elsewhere(anna)
        anna.rows("mine").filter(has_text="I take two").click()
        anna.closes()
        self.take_channels(anna)
        self.take_admin()

    def take_elsewhere(self, anna: Operator) -> None:
        """Take the chat outside the shop: a notification, a direct link, another company's page."""
        shopper = Visitor(self.page("/demo/pricing/", DESKTOP))
        expect(shopper.teaser).to_be_visible()
        self.take("shop-notification", shopper.page)

        linked = Guest(self.page("/chat/kettle-and-leaf/", PHONE))
        linked.is_connected()
        linked.composer.fill("Hello! Are you open on Saturdays?")
        linked.view.get_by_role("button", name="Send").click()  # on telephones, Enter adds a line
        anna.rows("mine").filter(has_text="on Saturdays").click()
        anna.write("From ten to two, and the kettle is on.")
        expect(linked.entry("From ten to two, and the kettle is on.")).to_be_visible()
        self.take("chat-link-phone", linked.page)

        cyclist = Visitor(self.page(self._second_site, DESKTOP))
        cyclist.opens()
        cyclist.write("Can you mend a buckled wheel by Friday?")
        anna.rows("mine").filter(has_text="buckled wheel").click()
        anna.write("Bring it before ten, and it is ready at five.")
        expect(cyclist.entry("Bring it before ten, and it is ready at five.")).to_be_visible()
        self.take("other-site", cyclist.page)

    def take_channels(self, anna: Operator) -> None:
        for name, device in {
            "inbox-channels": DESKTOP,
            "inbox-channels-dark": DESKTOP | DARK,
        }.items():
            page = self.page("/dashboard/#channels", device, anna.page.context.storage_state())
            expect(page.locator(".channel-card")).to_have_count(3)
            self.take(name, page)
            page.context.close()

    def take_admin(self) -> None:
        signed_in = self.sign_in("admin", "/admin/", DESKTOP).context.storage_state()
        shown = {f"admin-{tab}": f"{CHANNEL}#show-{tab}" for tab in TABS} | {
            "admin-overview": "",
            "admin-channels": "livechat/channel/",
            "admin-test-url": f"livechat/channel/1/test-url/?url={TESTED}&operator=on",
            "admin-sessions": "livechat/conversation/",
            "admin-transcript": "livechat/conversation/1/change/",
        }
        for suffix, device in {"": DESKTOP, "-dark": DESKTOP | DARK}.items():
            for name, path in shown.items():
                page = self.page(f"/admin/{path}", device, signed_in)
                self.take(name + suffix, page)
                page.context.close()

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

    def take_busy_inbox(self, anna: Operator) -> None:
        """Add three conversations: one assigned to Anna, two in the queue."""
        self.visitor("/demo/shop/", DESKTOP).write("Do you deliver to Norway?")
        expect(anna.rows("mine")).to_have_count(2)
        anna.chooses("busy")
        self.visitor("/demo/", DESKTOP).write("Is the Rooibos really without caffeine?")
        self.visitor("/demo/shop/", DESKTOP).write("My parcel has not arrived yet")
        expect(anna.rows("waiting")).to_have_count(2)
        anna.chooses("available")

    def visitor(self, path: str, device: dict[str, Any]) -> Visitor:
        visitor = Visitor(self.page(path, device))
        visitor.opens()
        return visitor

    def operator(self, name: str) -> Operator:
        operator = Operator(self.sign_in(name, "/dashboard/", WIDE))
        operator.is_connected()
        return operator

    def sign_in(self, name: str, path: str, device: dict[str, Any]) -> Page:
        page = self.page(f"/login/?next={path}", device)
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(self._passwords[name])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**{path}")
        return page

    def page(self, path: str, device: dict[str, Any], state: Any = None) -> Page:
        context = self._browser.new_context(
            locale="en-GB", reduced_motion="reduce", storage_state=state, **device
        )
        page = context.new_page()
        page.goto(path if path.startswith("http") else self._url + path)
        return page

    def again(self, somebody: Visitor | Operator, name: str, device: dict[str, Any]) -> None:
        """Take the page of the same person on another device."""
        address = somebody.page.url.removeprefix(self._url)
        page = self.page(address, device, somebody.page.context.storage_state())
        same = type(somebody)(page)
        if isinstance(same, Visitor):
            # A chat that was open on the first device is open here too, but not on a telephone.
            page.evaluate("new Promise(done => Livechat.on('ready', done))")
            if not same.panel.is_visible():
                same.launcher.click()
        same.is_connected()
        expect(same.entries.last).to_be_visible()
        self.take(name, page)
        page.context.close()

    def take(self, name: str, page: Page) -> None:
        page.mouse.move(0, 0)
        page.wait_for_timeout(1_000)  # until elements have faded in or out
        path = IMAGES / f"{name}.png"
        page.screenshot(path=path, animations="disabled")
        size = path.stat().st_size
        sys.stdout.write(f"{path.relative_to(ROOT)}  {size // 1024} KB\n")
        assert size <= MAX_BYTES, f"{path} is too large"


if __name__ == "__main__":
    main()
