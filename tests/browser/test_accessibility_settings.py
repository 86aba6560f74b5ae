"""Accessibility settings: large text, small windows, high contrast, reduced motion."""

from typing import Any

import pytest
from playwright.sync_api import Frame, Page, expect

from tests.browser.people import Visitor

NARROW: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
"""The width that remains of 1,280 pixels at a zoom of 400 %."""

TEXT_SPACING = """
* {
  line-height: 1.5 !important;
  letter-spacing: 0.12em !important;
  word-spacing: 0.16em !important;
}
p { margin-block-end: 2em !important; }
"""
"""The text spacing that WCAG 2.2, 1.4.12 lets a reader set."""

SMALL_TARGETS = """
() => {
  const shown = (one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const clickable = "button, [role=button], [role=tab], a.row, summary, input:not([type=hidden])";
  return [...document.querySelectorAll(clickable)]
    .filter((one) => shown(one) && !one.closest(".visually-hidden"))
    .map((one) => [one.outerHTML.slice(0, 120), one.getBoundingClientRect()])
    .filter(([, box]) => box.width && box.height && (box.width < 23.9 || box.height < 23.9))
    .map(([html, box]) => `${Math.round(box.width)} x ${Math.round(box.height)} ${html}`);
}
"""
"""Targets smaller than 24 by 24 pixels (WCAG 2.2, 2.5.8), except links in running text."""

CUT_OFF = """
() => [...document.querySelectorAll("button, h1, h2, h3, .bubble, .meta, .status")]
  .filter((one) => one.checkVisibility() && one.clientWidth > 1 && !one.closest(".visually-hidden"))
  .filter((one) => {
    const style = getComputedStyle(one);
    const clips = style.overflowY === "hidden" || style.overflowY === "clip";
    return clips && one.scrollHeight > one.clientHeight + 2;
  })
  .map((one) => `${one.scrollHeight} > ${one.clientHeight} ${one.outerHTML.slice(0, 120)}`)
"""
"""Elements that cut off their contents vertically."""


def reflows(page: Page | Frame) -> bool:
    """Return whether no sideways scrolling is needed."""
    return bool(
        page.evaluate(
            "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    )


def test_at_four_times_the_size_nothing_is_scrolled_sideways(visitor, operator):
    vera, anna = visitor(**NARROW), operator("anna", **NARROW)
    vera.opens()
    vera.write("https://kettle-and-leaf.example/" + "very-long-address/" * 12, "W" * 300)
    assert reflows(vera.frame)
    assert reflows(anna.page)
    anna.answers()
    anna.reads("https://kettle-and-leaf.example/" + "very-long-address/" * 12, "W" * 300)
    assert reflows(anna.page)
    expect(anna.composer).to_be_in_viewport()
    expect(vera.composer).to_be_in_viewport()


def test_every_target_is_large_enough_to_hit(vera, anna):
    vera.opens()
    assert vera.frame.evaluate(SMALL_TARGETS) == []
    vera.write("Hello")
    vera.view.get_by_role("button", name="Menu").click()
    assert vera.frame.evaluate(SMALL_TARGETS) == []
    assert anna.page.evaluate(SMALL_TARGETS) == []
    anna.answers()
    assert anna.page.evaluate(SMALL_TARGETS) == []


def test_wider_text_is_not_cut_off(vera, anna):
    vera.opens()
    vera.write("Is the green one still to be had, and when would it come to Lisbon?")
    anna.answers()
    anna.write("It is, and by Friday.")
    vera.reads(
        "Is the green one still to be had, and when would it come to Lisbon?",
        "It is, and by Friday.",
    )

    for page in (vera.frame, anna.page):
        page.evaluate(
            """(text) => {
              const sheet = new CSSStyleSheet();
              sheet.replaceSync(text);
              document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
            }""",
            TEXT_SPACING,
        )
        assert page.evaluate(CUT_OFF) == []
        assert reflows(page)


def test_with_forced_colours_bubbles_and_buttons_keep_their_edges(visitor, operator):
    vera, anna = visitor(forced_colors="active"), operator("anna", forced_colors="active")
    vera.opens()
    vera.write("Hello")
    anna.answers()
    anna.write("Good morning")
    vera.reads("Hello", "Good morning")

    for page in (vera.frame, anna.page):
        borders = page.evaluate(
            "[...document.querySelectorAll('.bubble, button.send')]"
            ".map((one) => getComputedStyle(one).borderTopWidth)"
        )
        assert borders
        assert "0px" not in borders


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_animations_stop_for_users_who_prefer_reduced_motion(visitor, motion):
    vera = visitor(reduced_motion=motion)
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")

    moving = """
      [...document.querySelectorAll("*")].filter((one) => {
        const { animationDuration, transitionDuration } = getComputedStyle(one);
        const times = `${animationDuration},${transitionDuration}`.split(",");
        return times.some((time) => parseFloat(time) > 0);
      }).length
    """
    assert (vera.frame.evaluate(moving) == 0) == (motion == "reduce")


def test_a_chat_that_opens_itself_takes_no_focus_and_makes_no_sound(chrome, server, anna):
    context = chrome.context()
    context.add_init_script(
        """
        window.sounds = 0;
        const { start } = AudioScheduledSourceNode.prototype;
        AudioScheduledSourceNode.prototype.start = function (...values) {
          window.sounds += 1;
          return start.apply(this, values);
        };
        """
    )
    page = context.new_page()
    page.goto(f"{server.url}/demo/contact/")
    shopper = Visitor(page)
    expect(shopper.panel).to_be_visible()
    shopper.is_connected()

    assert page.evaluate("document.activeElement?.localName") == "body"
    assert not shopper.frame.evaluate("document.hasFocus()")
    assert page.evaluate("sounds") + shopper.frame.evaluate("sounds") == 0


def test_history_is_not_read_out_and_news_is_once(vera, anna):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    anna.write("Good morning")
    vera.reads("Hello", "Good morning")
    said = vera.view.locator("message-list > .visually-hidden[role=status]")
    expect(said).to_contain_text("Anna says: Good morning")
    assert said.inner_text().count("Good morning") == 1
    assert "Hello" not in said.inner_text()

    vera.page.reload()
    vera.opens()
    vera.reads("Hello", "Good morning")
    assert vera.view.locator("message-list > .visually-hidden[role=status]").inner_text() == ""
    anna.write("Anything else?")
    expect(said).to_contain_text("Anna says: Anything else?")


def test_messages_are_walked_with_the_arrow_keys(vera, anna):
    vera.opens()
    vera.write("One", "Two", "Three")
    vera.reads("One", "Two", "Three")
    log = vera.view.get_by_role("log", name="Messages")
    log.focus()

    def here() -> str:
        return str(vera.frame.evaluate("document.activeElement.innerText"))

    log.press("Home")
    first = here()
    vera.page.keyboard.press("End")
    assert "Three" in here() or here() != first
    vera.page.keyboard.press("ArrowUp")
    vera.page.keyboard.press("ArrowDown")
    assert here() != first


def test_entries_loaded_above_do_not_move_the_text_being_read(visitor, anna):
    vera = visitor(viewport={"width": 1000, "height": 500})
    vera.opens()
    vera.write("The first")
    vera.reads("The first")
    anna.answers()
    for number in range(130):
        anna.write(f"Line {number}")
        if number % 10 == 9:  # texts are sent one at a time
            expect(anna.entry(f"Line {number}")).to_have_attribute("data-state", "seen")
    vera.page.reload()
    vera.opens()
    expect(vera.entry("Line 129")).to_be_visible()
    expect(vera.entry("Line 5")).to_have_count(0)

    scroller = vera.view.locator("message-list .scroller")
    scroller.evaluate("scroller => { scroller.scrollTop = 0; }")
    expect(vera.entry("Line 5")).to_have_count(1)

    assert scroller.evaluate("scroller => scroller.scrollTop") > 500
