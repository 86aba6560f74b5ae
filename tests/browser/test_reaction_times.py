"""How fast the chat reacts: what must hold is asserted, times are only printed."""

import time

import pytest
from playwright.sync_api import expect

from tests.browser.people import Operator
from tests.browser.reaction_times import (
    FRAMES_TO_BUBBLE,
    FRAMES_WHILE_SCROLLING,
    KEYS_TO_PAINT,
    reaction_times,
)
from tests.machine.app import App

SENTENCE = "The quick brown fox jumps over the lazy dog"
LONG = 10_000

MANY_CHATS = """
import uuid
from django.utils import timezone
from livechat.models import Channel, Conversation, Message, Operator, Participant, Visitor

now = timezone.now()
channel = Channel.objects.get(slug="kettle-and-leaf")
anna = Operator.objects.get(user__username="anna")


def chat(number, count):
    visitor = Visitor.objects.create(name=f"Visitor {number:03}")
    row = Conversation.objects.create(
        channel=channel, visitor=visitor, operator=anna, opening_id=uuid.uuid4(), state="assigned",
        status="in_progress", outcome="no_answer", opened_at=now, last_message_at=now,
        waiting_since=now, seq=count, public_seq=count,
    )
    guest = Participant.objects.create(
        conversation=row, role="visitor", display_name=visitor.name, joined_at=now
    )
    Participant.objects.create(
        conversation=row, role="operator", operator=anna, display_name="Anna", joined_at=now,
        seen=count, seen_public=count,
    )
    Message.objects.bulk_create(
        Message(
            conversation=row, seq=seq, public_seq=seq, kind="text", author=guest,
            client_id=uuid.uuid4(), text=f"Message {seq} of {count}. " + "tea " * (seq % 40),
            created_at=now,
        )
        for seq in range(1, count + 1)
    )
"""


@pytest.fixture
def busy(server: App) -> App:
    """Add 200 conversations for Anna to the server, one of them with 10,000 messages."""
    script = MANY_CHATS + f"chat(0, {LONG})\nfor number in range(1, 200): chat(number, 3)\n"
    server.manage("shell", "--no-imports", "--verbosity", "0", "-c", script)
    return server


def test_a_key_paints_and_a_text_stands_at_once(vera, anna):
    vera.opens()
    vera.composer.press_sequentially("x")
    vera.is_prepared()
    vera.composer.fill("")
    vera.frame.evaluate(KEYS_TO_PAINT)
    vera.frame.evaluate(FRAMES_TO_BUBBLE)
    for number in range(3):
        vera.composer.press_sequentially(f"{SENTENCE} {number}", delay=30)
        vera.composer.press("Enter")
    vera.reads(*[f"{SENTENCE} {number}" for number in range(3)])
    reaction_times.note("widget: key press to paint", *vera.frame.evaluate("keyWaits"))
    frames = vera.frame.evaluate("bubbleFrames")
    reaction_times.note("widget: Enter to own bubble", *frames)
    assert max(frames) <= 2

    anna.answers()
    anna.page.evaluate(KEYS_TO_PAINT)
    anna.page.evaluate(FRAMES_TO_BUBBLE)
    for number in range(3):
        anna.composer.press_sequentially(f"{SENTENCE}! {number}", delay=30)
        anna.composer.press("Enter")
        expect(anna.entry(f"{SENTENCE}! {number}")).to_be_visible()
    reaction_times.note("inbox: key press to paint", *anna.page.evaluate("keyWaits"))
    frames = anna.page.evaluate("bubbleFrames")
    reaction_times.note("inbox: Enter to own bubble", *frames)
    assert max(frames) <= 2


def test_a_full_inbox_loads_switches_and_scrolls(busy, operator):
    started = time.monotonic()
    anna: Operator = operator("anna")
    expect(anna.rows("mine").first).to_be_visible()
    reaction_times.note("inbox: first load with 200 chats", (time.monotonic() - started) * 1_000)

    rows = anna.rows("mine")
    for name in ("Visitor 001", "Visitor 002"):
        rows.filter(has_text=name).click()
        expect(anna.entries).to_have_count(3)
    for name in ("Visitor 001", "Visitor 002") * 5:
        reaction_times.note("inbox: switch to a chat in memory", anna.page.evaluate(_SWITCH, name))

    rows.filter(has_text="Visitor 000").click()
    expect(anna.page.locator(f"li.entry[data-seq='{LONG}']")).to_be_visible()
    scroller = anna.page.locator("message-list .scroller")
    deadline = time.monotonic() + 90
    while anna.page.locator("li.entry[data-seq='1']").count() == 0 and time.monotonic() < deadline:
        scroller.evaluate("scroller => { scroller.scrollTop = 0; }")
        anna.page.wait_for_timeout(20)
    expect(anna.page.locator("li.entry[data-seq='1']")).to_have_count(1)
    reaction_times.note(
        "inbox: frame while scrolling 10,000 messages", *scroller.evaluate(FRAMES_WHILE_SCROLLING)
    )


_SWITCH = """
async (name) => {
  const row = [...document.querySelectorAll("a.row")].find((one) => one.textContent.includes(name));
  const head = document.querySelector("conversation-head h2");
  const began = performance.now();
  row.click();
  while (!head.textContent.includes(name)) await new Promise(requestAnimationFrame);
  await new Promise((painted) => {
    requestAnimationFrame(() => setTimeout(painted));
  });
  return performance.now() - began;
}
"""


def test_the_loader_hardly_works_before_a_click(chrome, server):
    spent: dict[bool, list[float]] = {}
    for blocked in (True, False) * 3:
        page = chrome.context().new_page()
        if blocked:
            chrome.expect("net::ERR_FAILED")
            page.route("**/loader.js*", lambda route: route.abort())
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        page.goto(f"{server.url}/demo/shop/")
        page.wait_for_timeout(800)
        metrics = {
            one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]
        }
        spent.setdefault(blocked, []).append(metrics["ScriptDuration"] * 1_000)
        page.context.close()
    for with_it, without in zip(spent[False], spent[True], strict=True):
        reaction_times.note("loader: main thread before a click", max(0.0, with_it - without))
