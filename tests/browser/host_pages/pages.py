"""Small websites that embed the chat as the docs say, each built in another way."""

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
LIBRARIES = HERE.parents[2] / "node_modules"
LINE = '<script async src="{chat}/widget/kettleandleaf/loader.js"></script>'
TEXT = "".join(f"<p>Line {number} of a long page.</p>" for number in range(60))


@dataclass(frozen=True)
class HostPage:
    """A website of two pages, `/first` and `/second`, with a link to the other on each.

    Attributes:
        name: Of the test.
        head: HTML for the head of both pages.
        attributes: Of the body element.
        leave: JavaScript of the first page that shows the second as this website does it. Here
            `fetched(path)` returns a parsed page. Without it the website does nothing.
        headers: Of both pages.
        file: What `leave` and the rest stand in; a file may define `leave()` itself.
    """

    name: str
    head: str = ""
    attributes: str = ""
    leave: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    file: str = "usual.html"

    def page(self, path: str, chat: str) -> str:
        """Return the page with the chat at the address `chat`, or without it if that is empty."""
        where = path.removeprefix("/")
        head = self.head
        if self.leave:
            head += f"<script>{FETCHED} window.leave = async () => {{ {self.leave} }}</script>"
        values = {
            "head": head,
            "attributes": self.attributes,
            "where": where,
            "other": "second" if where == "first" else "first",
            "text": TEXT,
            # Without the chat still an element, as selectors of the page may count it.
            "line": LINE.replace("{chat}", chat) if chat else "<script></script>",
        }
        page = (HERE / self.file).read_text()
        for name, value in values.items():
            page = page.replace(f"{{{name}}}", value)
        return page


FETCHED = """
    const fetched = async (path) =>
        new DOMParser().parseFromString(await (await fetch(path)).text(), "text/html");
"""
CLICK = "document.querySelector('#go').click()"
TURBO = '<script defer src="/lib/@hotwired/turbo/dist/turbo.es2017-umd.js"></script>'
HTMX = '<script defer src="/lib/htmx.org/dist/htmx.min.js"></script>'

# What Astro's client router does at a navigation: root attributes, head and body are exchanged.
ASTRO = """
    const next = await fetched("/second");
    const swap = () => {
        const root = document.documentElement;
        for (const { name } of [...root.attributes]) root.removeAttribute(name);
        for (const { name, value } of next.documentElement.attributes)
            root.setAttribute(name, value);
        document.head.replaceChildren(...next.head.children);
        document.body.replaceWith(next.body);
    };
    history.pushState({}, "", "/second");
    await document.startViewTransition(swap).finished;
"""
BODY_HTML = "document.body.innerHTML = (await fetched('/second')).body.innerHTML"
ROOT_HTML = """
    const { documentElement } = await fetched("/second");
    document.documentElement.innerHTML = documentElement.innerHTML;
"""
ROOT = """
    const { documentElement } = await fetched("/second");
    document.replaceChild(documentElement, document.documentElement);
"""
FLEX = """
    body { display: flex; flex-direction: column; gap: 9px; justify-content: space-between;
        min-height: 300vh }
"""
GRID = "html, body { display: grid; gap: 7px } body { grid-auto-rows: 1fr; min-height: 300vh }"
POSITION = """
    body > :last-child, body > script:last-of-type + * { margin-top: 90px }
    html > * + * + * { display: none }
"""
MOVED = """
    { transform: translate(3px, 0); filter: grayscale(1); perspective: 9px; contain: paint;
        will-change: transform }
"""
RESET = """
    * { all: unset !important; display: block !important; position: static !important }
    head, script, style { display: none !important }
    :not(:defined), iframe, dialog, [popover] {
        display: none !important; visibility: hidden !important }
    div, button, iframe { width: 9px !important; height: 9px !important; opacity: 0 !important;
        transform: scale(2) !important }
"""
SCROLLING = "html, body { height: 100%; overflow: hidden } body { overflow: auto }"
ISOLATED = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": ""}


def styled(name: str, css: str) -> HostPage:
    return HostPage(name, head=f"<style>{css}</style>")


def isolated(policy: str) -> HostPage:
    return HostPage(policy, headers=ISOLATED | {"Cross-Origin-Embedder-Policy": policy})


PAGES = [
    HostPage("plain"),
    # The body, or all of it, is exchanged.
    HostPage("turbo", head=TURBO, leave=CLICK),
    HostPage("htmx", head=HTMX, attributes='hx-boost="true"', leave=CLICK),
    HostPage("astro", leave=ASTRO),
    HostPage("body.innerHTML", leave=BODY_HTML),
    HostPage("html.innerHTML", leave=ROOT_HTML),
    HostPage("another html", leave=ROOT),
    HostPage("hydrated", file="hydrated.html"),
    HostPage("hydrated late", file="hydrated_late.html"),
    HostPage("mounted", file="mounted.html"),
    # The body's layout, and what moves elements that are fixed.
    styled("flex", FLEX),
    styled("grid", GRID),
    styled("position", POSITION),
    styled("moved body", f"body {MOVED}"),
    styled("moved html", f"html {MOVED}"),
    styled("contained html", "html { contain: layout }"),
    styled("zoomed body", "body { zoom: 1.7 }"),
    styled("zoomed html", "html { zoom: .6 }"),
    styled("reset", RESET),
    styled("small font", "html { font-size: 2px }"),
    styled("large font", "html { font-size: 60px }"),
    styled("scrolling body", SCROLLING),
    # Isolated pages.
    isolated("require-corp"),
    isolated("credentialless"),
]
