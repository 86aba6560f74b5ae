"""Accessibility faults that axe finds on every screen, in every visibly different state."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Frame, Page

TOO_BAD = {"serious", "critical"}
AWAY = """
  const me = { id: "anna", availability: "available", presence: "away" };
  document.querySelector("away-strip").show(me, false);
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_the_chat(visitor, operator, scheme):
    vera, anna = visitor(color_scheme=scheme), operator("anna", color_scheme=scheme)
    assert problems(vera.page) == []
    assert problems(anna.page) == []

    vera.opens()
    assert problems(vera.frame) == []
    vera.write("Hello")
    vera.write("\N{MUSICAL SYMBOL EIGHTH NOTE}" * 3_000)
    vera.view.locator("li.entry[data-state=failed]").wait_for()
    assert problems(anna.page) == []
    anna.answers()
    anna.notes("He has been here before")
    anna.write("Good morning")
    vera.reads("Hello", "Good morning", "\N{MUSICAL SYMBOL EIGHTH NOTE}" * 3_000)
    vera.view.get_by_role("button", name="Menu").click()
    assert problems(vera.frame) == []
    assert problems(vera.page) == []
    anna.page.get_by_role("link", name="Channels").click()
    assert problems(anna.page) == []
    anna.page.go_back()

    vera.view.get_by_role("button", name="Menu").click()
    vera.ends_the_chat()
    vera.sees_line("You ended the chat")
    anna.sees_line("The visitor ended the chat")
    assert problems(vera.frame) == []
    assert problems(anna.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_ones_own_status(operator, scheme):
    anna, ben = operator("anna", color_scheme=scheme), operator("ben")
    ben.chooses("busy")
    anna.page.get_by_role("link", name="Channels").click()
    anna.page.locator(".presence-mark[data-presence=busy]").wait_for()
    anna.presence.click()
    anna.page.get_by_role("menu").wait_for()
    assert problems(anna.page) == []
    anna.page.keyboard.press("Escape")
    for status in ("busy", "invisible", "available"):
        anna.chooses(status)
        assert problems(anna.page) == []

    anna.page.evaluate(AWAY)
    assert problems(anna.page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_on_the_way_in(chrome, server, scheme):
    page = chrome.context(color_scheme=scheme).new_page()
    page.goto(server.url)
    assert problems(page) == []

    page.goto(f"{server.url}/login/")
    assert problems(page) == []

    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    assert problems(page) == []

    page.goto(f"{server.url}/demo/shop/")
    assert problems(page) == []


def problems(page: Page | Frame) -> list[dict[str, Any]]:
    """Return the violations that axe rates serious or critical, shortened."""
    found = Axe().run(page).response["violations"]
    return [
        {"id": one["id"], "nodes": [node["html"][:200] for node in one["nodes"]]}
        for one in found
        if one["impact"] in TOO_BAD
    ]
