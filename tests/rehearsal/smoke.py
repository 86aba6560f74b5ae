"""A smoke test with a real browser, as administrator, operator and visitor."""

import re

from playwright.sync_api import Browser, BrowserContext, FilePayload, expect, sync_playwright

from tests.browser import environment as browsers
from tests.browser.conftest import sign_in
from tests.browser.people import Operator, Visitor
from tests.browser.websites import website
from tests.machine import programs
from tests.machine.nginx import NAME
from tests.rehearsal.production_system import ADMIN, ProductionSystem

CHAT = f"https://{NAME}"
PAPER = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
INVOICE: FilePayload = {"name": "invoice.pdf", "mimeType": "application/pdf", "buffer": PAPER}
WEBSITE = """<!doctype html><html lang="en"><title>A website</title><h1>A website</h1>
    <link rel="icon" href="data:,">{snippet}"""


def look(system: ProductionSystem) -> list[str]:
    """Run all checks; return what was seen, in words. Raises AssertionError for a failed check."""
    system.shell(f"from tests.rehearsal.people import anna; anna({system.password!r})")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(programs.chromium() or ""),
            args=[
                *browsers.FLAGS,
                f"--host-resolver-rules=MAP {NAME}:443 127.0.0.1:{system.proxy.port},"
                f"MAP {NAME}:80 127.0.0.1:{system.proxy.plain_port}",
            ],
        )
        complaints: list[str] = []
        try:
            snippet = _administrator(browser, system, complaints)
            return [
                f"Admin: signed in over TLS, the Widget tab says {snippet}",
                *_chat(browser, system, snippet, complaints),
                f"complaints of the browser: {len(complaints)}",
            ]
        finally:
            browser.close()
            assert not complaints, complaints


def _context(browser: Browser, complaints: list[str]) -> BrowserContext:
    # The certificate is self-signed.
    context = browser.new_context(ignore_https_errors=True, locale="en-GB")
    context.on(
        "console",
        lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return context


def _administrator(browser: Browser, system: ProductionSystem, complaints: list[str]) -> str:
    """Sign in to the Admin, starting without TLS; return the snippet of the channel."""
    page = _context(browser, complaints).new_page()
    sign_in(page, f"http://{NAME}/admin/", ADMIN, system.password)
    page.wait_for_url(f"{CHAT}/admin/")
    page.goto(f"{CHAT}/admin/livechat/channel/")
    page.get_by_role("link", name="Sales").first.click()
    snippet = page.locator("#widget-snippet").text_content() or ""
    assert re.fullmatch(rf'<script async src="{CHAT}/widget/\w+/loader\.js"></script>', snippet), (
        snippet
    )
    cookies = {cookie["name"]: cookie for cookie in page.context.cookies()}
    assert all(cookie["secure"] for cookie in cookies.values()), cookies
    page.context.close()
    return snippet


def _chat(
    browser: Browser, system: ProductionSystem, snippet: str, complaints: list[str]
) -> list[str]:
    operator_page = _context(browser, complaints).new_page()
    sign_in(operator_page, f"{CHAT}/dashboard/", "anna", system.password)
    operator_page.wait_for_url(f"{CHAT}/dashboard/")
    anna = Operator(operator_page)
    anna.is_connected()
    with website(CHAT, page=WEBSITE.format(snippet=snippet)) as address:
        page = _context(browser, complaints).new_page()
        page.goto(address)
        vera = Visitor(page)
        vera.opens()
        vera.write("Do you deliver to Graz?")
        anna.answers()
        anna.write("Within two days.")
        vera.reads("Do you deliver to Graz?", "Within two days.")
        vera.view.get_by_test_id("files").set_input_files(INVOICE)
        expect(vera.view.locator(".chip[data-state=done]")).to_have_count(1)
        vera.write("And my invoice?")
        expect(anna.entry("And my invoice?")).to_be_visible()
        with operator_page.expect_download() as download:
            anna.view.get_by_role("link", name=re.compile("invoice.pdf")).first.click()
        assert download.value.path().read_bytes() == PAPER
        page.context.close()
    operator_page.context.close()
    return [
        "a message each way, from a website under its own policy to the dashboard",
        f"a file of {len(PAPER)} bytes from the visitor, fetched by the operator",
    ]
