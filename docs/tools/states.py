"""Take pictures of every state of the chat and the inbox, on four devices: ``make pictures``.

They are written to ``docs/images/states/<device>/``. Review them after a change of the looks.
"""

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import (
    Browser,
    FilePayload,
    Page,
    WebSocket,
    expect,
    sync_playwright,
)

from tests.browser import environment
from tests.browser.people import Operator, Visitor
from tests.browser.websites import PAGE, website
from tests.machine.app import ROOT, App

STATES = ROOT / "docs/images/states"
COLOURS = 128
MAX_BYTES = 120_000
HINT = "tea@kettle-and-leaf.example"


@dataclass(frozen=True)
class Device:
    """A device: its language, and the browser options of visitor and operator."""

    name: str
    language: str = "en"
    visitor: dict[str, Any] = field(default_factory=dict)
    operator: dict[str, Any] = field(default_factory=dict)

    @property
    def is_phone(self) -> bool:
        return bool(self.visitor.get("has_touch"))


WINDOW = {"viewport": {"width": 700, "height": 800}}
"""Just large enough for the chat window and some of the page around it."""
INBOX = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DEVICES = (
    Device("desktop", visitor=WINDOW, operator=INBOX),
    Device("phone", visitor=PHONE, operator=PHONE),
    Device(
        "dark",
        visitor=WINDOW | {"color_scheme": "dark"},
        operator=INBOX | {"color_scheme": "dark"},
    ),
    Device("rtl", "ar", visitor=WINDOW, operator=INBOX),
)

SAID = {
    "en": (
        "Hello! My Cloud Sencha came without the tin.",
        "I am sorry! I send you one today. Is the address still the one in Lisbon?",
        "Yes, it is. Thank you!",
        "He likes green teas. Offer the sampler?",
        "Is the Rooibos really without caffeine?",
        "Half a sentence",
    ),
    "ar": (
        "مرحبًا! وصل شاي السينشا من دون العلبة.",
        "نعتذر! سنرسل لك واحدة اليوم. هل العنوان ما زال في لشبونة؟",
        "نعم، هو نفسه. شكرًا لكم!",
        "يحب الشاي الأخضر. نعرض عليه العينات؟",
        "هل الرويبوس خالٍ من الكافيين حقًّا؟",
        "نصف جملة",
    ),
}
FORBID_STORAGE = """
  const forbidden = () => { throw new DOMException("Access is denied", "SecurityError"); };
  for (const name of ["localStorage", "sessionStorage"]) {
    Object.defineProperty(window, name, { get: forbidden });
  }
  LockManager.prototype.request = LockManager.prototype.query = async () => forbidden();
"""


def main(names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        template = environment.build(Path(folder) / "template")
        browser = environment.launch(playwright)
        try:
            for device in DEVICES:
                if not names or device.name in names:
                    there = Path(folder) / device.name
                    template.copy(there)
                    with running(there) as app:
                        Studio(browser, app, device, template.passwords).take_all()
        finally:
            browser.close()


@contextmanager
def running(folder: Path) -> Iterator[App]:
    app = App(folder, environ=environment.ENVIRON | {"MESSAGES_PER_SECOND": "0.2"})
    app.start()
    try:
        yield app
    finally:
        app.kill()


class Studio:
    """Takes all pictures of one device, on a server of its own."""

    def __init__(
        self, browser: Browser, app: App, device: Device, passwords: dict[str, str]
    ) -> None:
        self._browser = browser
        self._app = app
        self._device = device
        self._passwords = passwords
        self._said = SAID[device.language]
        self._page = PAGE.replace(
            '<html lang="en">',
            f'<html lang="{device.language}" dir="{"rtl" if device.language == "ar" else "ltr"}">',
        ).replace("A strict page", "Kettle &amp; Leaf")
        head = '<meta name="viewport" content="width=device-width"><title>'
        self._page = self._page.replace("<title>", head)

    def take_all(self) -> None:
        self.change(
            f"User.objects.update(language={self._device.language!r});"
            f"Channel.objects.update(contact_hint={HINT!r},"
            "privacy_link='https://kettle-and-leaf.example/privacy')"
        )
        with website(self._app.url, page=self._page) as self._address:
            self.nobody_there()
            anna = self.operator("anna")
            self.take("inbox-first-steps", anna.page)
            self.chat(anna)
            self.trouble(anna)
            self.inbox(anna)

    def change(self, statements: str) -> None:
        """Run Python statements that change the server's rows."""
        names = "from livechat.models import Channel, Operator, User, Visitor;"
        self._app.manage("shell", "--no-imports", "--verbosity", "0", "-c", names + statements)

    # ------------------------------------------------------------------ the widget

    def nobody_there(self) -> None:
        vera = self.visitor()
        vera.opens()
        self.settle(vera)
        self.take("widget-nobody-there", vera.page)
        vera.page.context.close()

    def chat(self, anna: Operator) -> None:
        vera = self.visitor()
        vera.opens()
        self.settle(vera)
        self.take("widget-first-open", vera.page)
        self.change_status(anna, "busy")
        self.write(vera, self._said[0])
        vera.view.locator("chat-notices .waiting").wait_for()
        self.take("widget-waiting", vera.page)
        anna.rows("waiting").first.click()
        anna.action("take").click()
        self.change_status(anna, "available")
        anna.composer.wait_for()
        self.write(anna, self._said[1])
        self.write(vera, self._said[2])
        self.upload(vera, "tin.png", picture())
        self.upload(vera, "invoice-2026-118.pdf", b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n")
        vera.view.locator(".chip, .file-tray li").last.wait_for()
        self.take("widget-files-to-send", vera.page)
        vera.view.locator("button.send").click()
        anna.view.locator("li.entry .files img, li.entry .file-grid").first.wait_for()
        anna.composer.press_sequentially(self._said[5])
        vera.view.locator(".typing").wait_for()
        self.take("widget-conversation", vera.page)
        self.take("inbox-conversation", anna.page)
        anna.composer.fill("")
        self.menu(vera)
        self.viewer(vera)
        self.emoji(vera)
        self.paste(vera)
        self.closed(vera, anna)

    def menu(self, vera: Visitor) -> None:
        button = vera.view.locator("chat-header [aria-haspopup=menu]")
        button.click()
        vera.view.locator("[role=menu]").wait_for()
        self.take("widget-menu", vera.page)
        button.click()

    def viewer(self, vera: Visitor) -> None:
        vera.view.locator("button.file-image").first.click()
        vera.view.locator("dialog.viewer img").wait_for()
        self.take("widget-viewer", vera.page)
        vera.page.keyboard.press("Escape")

    def emoji(self, vera: Visitor) -> None:
        vera.view.locator("button.emoji").click()
        vera.view.locator("emoji-picker [role=grid], emoji-picker button").first.wait_for()
        self.take("widget-emoji", vera.page)
        vera.page.keyboard.press("Escape")

    def paste(self, vera: Visitor) -> None:
        vera.composer.evaluate(
            """(box) => {
              const data = new DataTransfer();
              data.setData("text/plain", "A long letter. ".repeat(7_000));
              const type = { clipboardData: data, bubbles: true, cancelable: true };
              box.dispatchEvent(new ClipboardEvent("paste", type));
            }"""
        )
        vera.page.wait_for_timeout(800)
        self.take("widget-long-paste", vera.page)
        vera.page.reload()
        self.open_again(vera)

    def closed(self, vera: Visitor, anna: Operator) -> None:
        """Close the window, receive a message meanwhile, then see the conversation end."""
        vera.view.locator("chat-header .head button.quiet").last.click()
        expect(vera.panel).to_be_hidden()
        self.write(anna, self._said[1])
        expect(vera.teaser).to_be_visible()
        self.take("widget-answer-while-closed", vera.page)
        vera.launcher.click()
        vera.page.wait_for_timeout(600)
        self.take("widget-new-messages", vera.page)
        anna.closes()
        vera.view.locator(".ended").wait_for()
        self.take("widget-ended", vera.page)
        vera.page.context.close()

    # ------------------------------------------------------------------ when something is wrong

    def trouble(self, anna: Operator) -> None:
        self.elsewhere()
        self.unkept()
        self.fast()
        self.unsent_and_away()

    def elsewhere(self) -> None:
        hellos: list[str] = []

        def listen(socket: WebSocket) -> None:
            socket.on("framesent", lambda frame: hellos.append(str(frame)))

        vera = self.visitor()
        vera.page.on("websocket", listen)
        vera.opens()
        self.write(vera, self._said[4])
        token = vera.frame.evaluate("localStorage['livechat:token:kettleandleaf']")
        hello = {**json.loads(next(one for one in hellos if '"hello"' in one)), "token": token}
        vera.frame.evaluate(
            """hello => {
              const address = location.origin.replace("http", "ws") + "/ws/visitor/kettleandleaf/";
              const socket = new WebSocket(address);
              socket.onopen = () => socket.send(JSON.stringify(hello));
            }""",
            hello,
        )
        expect(vera.strip).to_have_attribute("data-status", "replaced")
        self.take("widget-elsewhere", vera.page)
        vera.frame.evaluate("localStorage['livechat:token:kettleandleaf'] = 'nonsense'")
        vera.page.reload()
        self.open_again(vera)
        vera.view.locator("chat-notices .lost").wait_for()
        self.take("widget-forgotten", vera.page)
        vera.page.context.close()

    def unkept(self) -> None:
        vera = self.visitor(before=FORBID_STORAGE)
        vera.opens()
        self.settle(vera)
        self.take("widget-nothing-stored", vera.page)
        vera.page.context.close()

    def fast(self) -> None:
        vera = self.visitor()
        vera.opens()
        for number in range(9):
            self.write(vera, f"{self._said[5]} {number}", wait=False)
        vera.view.locator("chat-notices .fast").wait_for()
        self.take("widget-too-fast", vera.page)
        vera.page.context.close()

    def unsent_and_away(self) -> None:
        """A text that the server rejects, then a server that does not respond."""
        vera = self.visitor()
        vera.opens()
        self.write(vera, self._said[4])
        self.write(vera, "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 3_000, wait=False)
        vera.view.locator("li.entry[data-state=failed] .state").scroll_into_view_if_needed()
        self.take("widget-not-sent", vera.page)
        vera.page.context.close()

        vera = self.visitor()
        vera.opens()
        self.write(vera, self._said[4])
        self._app.kill()
        self.write(vera, self._said[2], wait=False)
        expect(vera.strip).to_have_attribute("data-status", "connecting")
        vera.page.wait_for_timeout(2_000)
        self.take("widget-reconnecting", vera.page)
        vera.view.locator("chat-notices .down").wait_for(timeout=30_000)
        self.take("widget-server-away", vera.page)
        self._app.start()
        vera.is_connected()
        vera.page.context.close()

    # ------------------------------------------------------------------ the inbox

    def inbox(self, anna: Operator) -> None:
        if self._device.is_phone:
            anna.page.goto(f"{self._app.url}/dashboard/")
        anna.is_connected()
        waiting_visitors = self.waiting_visitors(anna)
        self.take("inbox-list", anna.page)
        anna.rows("mine").first.click()
        anna.composer.wait_for()
        anna.page.locator(".modes [data-action=note]").click()
        anna.composer.fill(self._said[3])
        self.take("inbox-note", anna.page)
        anna.composer.press("Control+Enter")
        anna.page.locator(".modes [data-action=reply]").click()
        self.company(anna)
        self.take("inbox-company", anna.page)
        anna.page.locator("a.row[aria-current] .here-mark").wait_for(state="attached")
        for somebody in waiting_visitors:
            somebody.page.context.close()
        anna.page.locator(".left-strip:not([hidden])").wait_for()
        self.take("inbox-left", anna.page)
        if not self._device.is_phone:
            self.helpers(anna)
        else:
            anna.page.locator("conversation-head [data-action=context]").click()
            self.take("inbox-context", anna.page)
        self.others(anna)
        self.status(anna)

    def waiting_visitors(self, anna: Operator) -> list[Visitor]:
        waiting_visitors = [self.somebody(text) for text in self._said[:3]]
        self.change_status(anna, "busy")
        waiting_visitors += [self.somebody(text) for text in self._said[4:]]
        expect(anna.rows("waiting")).not_to_have_count(0)
        self.change(
            "from django.utils import timezone; from datetime import timedelta;"
            "from livechat.models import Conversation;"
            "rows = list(Conversation.objects.exclude(state='closed').order_by('pk'));"
            "[Conversation.objects.filter(pk=row.pk).update("
            "waiting_since=timezone.now() - timedelta(seconds=100 * at)) "
            "for at, row in enumerate(rows)];"
            "Conversation.objects.filter(pk=rows[1].pk, state='assigned')"
            ".update(status='need_help');"
            "Visitor.objects.filter(pk=rows[0].visitor_id).update(name='Vera Almeida',"
            "country='PT', attributes={'plan': 'Sampler club', 'orders': 7})"
        )
        anna.page.reload()
        anna.is_connected()
        return waiting_visitors

    def somebody(self, text: str) -> Visitor:
        visitor = self.visitor()
        visitor.opens()
        self.write(visitor, text)
        return visitor

    def company(self, anna: Operator) -> None:
        ben = self.operator("ben")
        ben.page.goto(f"{self._app.url}/dashboard/#{anna.page.url.partition('#')[2]}")
        ben.action("join").click()
        ben.composer.wait_for()
        ben.composer.press_sequentially(self._said[5])
        anna.page.locator("conversation-head .company *").first.wait_for()

    def helpers(self, anna: Operator) -> None:
        anna.page.keyboard.press("Escape")
        anna.page.keyboard.press("Control+k")
        anna.page.locator("dialog.palette [role=option]").first.wait_for()
        self.take("inbox-palette", anna.page)
        anna.page.keyboard.press("Escape")
        anna.page.keyboard.press("?")
        anna.page.locator("dialog.sheet").wait_for()
        self.take("inbox-keys", anna.page)
        anna.page.keyboard.press("Escape")
        anna.page.get_by_test_id("search").fill("xyz")
        anna.page.locator(".no-hit").wait_for()
        self.take("inbox-nothing-found", anna.page)
        anna.page.get_by_test_id("search").fill("")

    def others(self, anna: Operator) -> None:
        for name, path in {
            "inbox-channels": "/dashboard/#channels",
            "profile": "/profile/",
            "password": "/profile/password/",
        }.items():
            page = self.page(anna.page.context.storage_state(), self._device.operator)
            page.goto(self._app.url + path)
            page.wait_for_timeout(1_200)
            self.take(name, page)
            page.context.close()

    def status(self, anna: Operator) -> None:
        """Take the menu of her own status, then the strip after 31 minutes without activity."""
        anna.page.goto(f"{self._app.url}/dashboard/")
        anna.is_connected()
        anna.presence.click()
        anna.page.locator(".presence-panel").wait_for()
        self.take("inbox-status", anna.page)
        anna.page.keyboard.press("Escape")
        self.change_status(anna, "available")
        anna.page.reload()  # so that the page has no activity of hers to report
        anna.is_connected()
        self._app.kill()
        self.change(
            "from django.utils import timezone; from datetime import timedelta;"
            "Operator.objects.filter(user__username='anna').update("
            "active_at=timezone.now() - timedelta(minutes=31))"
        )
        self._app.start()
        anna.page.locator("away-strip button").wait_for(timeout=60_000)
        self.take("inbox-away", anna.page)

    # ------------------------------------------------------------------ people and pictures

    def visitor(self, before: str = "") -> Visitor:
        page = self.page(None, self._device.visitor)
        if before:
            page.add_init_script(before)
        page.goto(self._address)
        return Visitor(page)

    def operator(self, name: str) -> Operator:
        page = self.page(None, self._device.operator)
        page.goto(f"{self._app.url}/login/?next=/dashboard/")
        page.locator("[name=username]").fill(name)
        page.locator("[name=password]").fill(self._passwords[name])
        page.locator("button.primary").click()
        page.wait_for_url("**/dashboard/")
        operator = Operator(page)
        operator.is_connected()
        return operator

    def page(self, state: Any, device: dict[str, Any]) -> Page:
        context = self._browser.new_context(
            locale="ar" if self._device.language == "ar" else "en-GB",
            timezone_id="Europe/Lisbon",
            reduced_motion="reduce",
            storage_state=state,
            **device,
        )
        return context.new_page()

    def change_status(self, anna: Operator, status: str) -> None:
        """Set Anna's status. On a telephone, the button exists only beside the list."""
        place = anna.page.evaluate("location.hash")
        if self._device.is_phone:
            anna.page.evaluate("location.hash = ''")
        anna.chooses(status)
        if self._device.is_phone and place:
            anna.page.evaluate("place => { location.hash = place; }", place)

    def open_again(self, vera: Visitor) -> None:
        vera.page.wait_for_timeout(1_500)
        if not vera.panel.is_visible():
            vera.launcher.click()
        vera.is_connected()

    def write(self, somebody: Visitor | Operator, text: str, *, wait: bool = True) -> None:
        somebody.composer.fill(text)
        somebody.view.locator("button.send").click()
        if wait:
            somebody.view.locator("li.entry", has_text=text[:40]).last.wait_for()

    def upload(self, vera: Visitor, name: str, data: bytes) -> None:
        kind = "image/png" if name.endswith("png") else "application/pdf"
        file = FilePayload(name=name, mimeType=kind, buffer=data)
        vera.view.get_by_test_id("files").set_input_files([file])

    def settle(self, vera: Visitor) -> None:
        vera.view.locator("chat-greeting").wait_for()
        vera.page.wait_for_timeout(300)

    def take(self, name: str, page: Page) -> None:
        page.mouse.move(0, 0)
        page.wait_for_timeout(500)
        folder = STATES / self._device.name
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
        # A few colours are enough for a review and make a file ten times smaller.
        picture.convert("RGB").quantize(COLOURS).save(path, optimize=True)
        size = path.stat().st_size
        sys.stdout.write(f"{path.relative_to(ROOT)}  {size // 1024} KB\n")
        assert size <= MAX_BYTES, f"{path} is too large"


def picture() -> bytes:
    """Return a picture of a tin of tea, as a visitor might photograph it."""
    image = Image.new("RGB", (900, 640), "#e9e2d2")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 430, 900, 640), fill="#b58d61")
    draw.rounded_rectangle((320, 130, 580, 520), 36, fill="#2f5d50")
    draw.rounded_rectangle((320, 130, 580, 210), 36, fill="#24483e")
    draw.ellipse((390, 270, 510, 390), fill="#f3ead7")
    draw.polygon([(450, 285), (480, 345), (450, 378), (420, 345)], fill="#6f9a5d")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


if __name__ == "__main__":
    main(sys.argv[1:])
