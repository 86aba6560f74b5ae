"""The operators' inbox: by keyboard, with colleagues, at every width, and for the first time."""

import re
from statistics import median

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import expect

from tests.browser.people import box, double_click
from tests.browser.reaction_times import reaction_times

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TABLET = {"viewport": {"width": 1100, "height": 800}}
WIDE = {"viewport": {"width": 1440, "height": 900}}

BEGINNER = """
from livechat.models import Embedding, Operator
Embedding.objects.all().delete()
Operator.objects.update(chat_name="", avatar="")
"""

CROWD = """
from datetime import timedelta
from uuid import uuid4
from django.utils import timezone
from livechat.models import Channel, Conversation, Message, Operator, Participant, Visitor
Operator.objects.update(accepting=False, availability="busy")
now, channel = timezone.now(), Channel.objects.first()
moments = [now - timedelta(minutes=number) for number in range(500)]
visitors = Visitor.objects.bulk_create(Visitor(name=f"Guest {number}") for number in range(500))
rows = Conversation.objects.bulk_create(
    Conversation(
        visitor=visitor, channel=channel, opening_id=uuid4(), state="queued", opened_at=at,
        waiting_since=at, last_message_at=at, seq=1, public_seq=1,
    )
    for visitor, at in zip(visitors, moments)
)
people = Participant.objects.bulk_create(
    Participant(conversation=row, role="visitor", joined_at=row.opened_at) for row in rows
)
Message.objects.bulk_create(
    Message(
        conversation=row, seq=1, public_seq=1, kind="text", author=person, text="A question",
        created_at=row.opened_at,
    )
    for row, person in zip(rows, people)
)
"""


@pytest.fixture
def anna_with_waiting_chats(visitor, operator):
    """Add two waiting conversations; return Anna, who is busy and gets no chats automatically."""
    anna = operator("anna", **WIDE)
    anna.chooses("busy")
    for text in ("First question", "Second question"):
        somebody = visitor()
        somebody.opens()
        somebody.write(text)
    expect(anna.rows("waiting")).to_have_count(2)
    return anna


def keys(somebody, *presses):
    for press in presses:
        somebody.page.keyboard.press(press)


def shown(somebody):
    return somebody.page.locator("a.row[aria-current=true]")


def palette(somebody):
    return somebody.page.locator("dialog.palette")


def test_a_chat_is_found_taken_answered_and_closed_by_keys_alone(anna_with_waiting_chats):
    anna = anna_with_waiting_chats
    keys(anna, "j")
    expect(shown(anna)).to_contain_text("First question")
    expect(anna.composer).to_be_hidden()

    keys(anna, "i")
    expect(anna.rows("mine")).to_have_count(1)
    keys(anna, "r")
    expect(anna.composer).to_be_focused()
    anna.page.keyboard.type("jkie are letters here")
    keys(anna, "Enter", "Escape", "n")
    expect(anna.composer).to_have_attribute("placeholder", "Write a note for your team")
    anna.page.keyboard.type("He is nice")
    keys(anna, "Enter", "Escape")
    anna.reads("First question", "jkie are letters here", "He is nice")

    keys(anna, "Shift+E")
    expect(anna.action("close")).to_be_focused()
    expect(anna.action("cancel")).to_be_visible()
    keys(anna, "Enter")
    expect(anna.rows("closed")).to_have_count(1)
    expect(shown(anna)).to_contain_text("Second question")
    keys(anna, "Escape")
    expect(anna.page.locator("inbox-page")).to_have_attribute("data-view", "list")


def test_what_is_sent_with_control_and_shift_closes_the_chat(vera, anna):
    vera.opens()
    vera.write("Are you open?")
    anna.answers()

    anna.composer.fill("Until six. Goodbye!")
    anna.composer.press("Control+Shift+Enter")

    expect(anna.rows("closed")).to_have_count(1)
    vera.reads("Are you open?", "Until six. Goodbye!")
    vera.sees_line("Anna ended the chat")


def test_a_question_about_closing_is_taken_back_with_escape(vera, anna):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    keys(anna, "Escape", "e")
    expect(anna.action("cancel")).to_be_visible()

    keys(anna, "Escape")

    expect(anna.action("cancel")).to_be_hidden()
    expect(anna.page.locator("inbox-page")).to_have_attribute("data-view", "conversation")


def test_the_palette_finds_chats_and_actions(anna_with_waiting_chats):
    anna = anna_with_waiting_chats
    keys(anna, "Control+k")
    expect(palette(anna).get_by_role("combobox")).to_be_focused()
    anna.page.keyboard.type("second")
    expect(palette(anna).get_by_role("option")).to_have_count(1)
    assert axe_violations(anna.page) == []
    keys(anna, "Enter")
    expect(shown(anna)).to_contain_text("Second question")

    keys(anna, "Control+k")
    expect(palette(anna).get_by_role("combobox")).to_be_focused()
    anna.page.keyboard.type("take")
    expect(palette(anna).get_by_role("option").first).to_have_attribute("aria-selected", "true")
    keys(anna, "Enter")
    expect(anna.rows("mine")).to_have_count(1)

    keys(anna, "Control+k")
    expect(palette(anna).get_by_role("combobox")).to_be_focused()
    anna.page.keyboard.type("zzzz")
    expect(palette(anna)).to_contain_text("No results.")
    keys(anna, "Escape")
    expect(palette(anna)).to_have_count(0)


def test_the_cheat_sheet_lists_the_keys(anna):
    keys(anna, "?")

    expect(anna.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert axe_violations(anna.page) == []
    keys(anna, "Escape")
    expect(anna.page.get_by_role("dialog")).to_have_count(0)


def test_the_list_is_searched_and_says_when_nothing_is_found(anna_with_waiting_chats):
    anna = anna_with_waiting_chats
    keys(anna, "/")
    expect(anna.page.get_by_test_id("search")).to_be_focused()
    anna.page.keyboard.type("first")
    expect(anna.page.locator("a.row")).to_have_count(1)

    anna.page.keyboard.type(" of all")
    expect(anna.page.locator(".no-hit")).to_contain_text("No results for “first of all”.")
    assert axe_violations(anna.page) == []
    anna.page.get_by_role("button", name="Clear the search").click()
    expect(anna.page.locator("a.row")).to_have_count(2)
    expect(anna.page.get_by_test_id("search")).to_be_focused()


def test_operators_see_colleagues_view_and_type_and_confirm_before_both_answer(
    vera, operator, anna
):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    ben = operator("ben", **WIDE)
    ben.picks("team")
    company = anna.page.locator("conversation-head .company")
    expect(company).to_contain_text("Ben is viewing")
    expect(ben.page.locator("conversation-head .company")).to_contain_text("Anna is viewing")

    ben.action("join").click()
    # Before the composer is visible, letters are shortcuts.
    expect(ben.composer).to_be_visible()
    anna.composer.fill("Me too")
    ben.composer.press_sequentially("I know")
    expect(company).to_contain_text("Ben is typing")
    anna.composer.press("Enter")
    guard = anna.page.locator(".guard")
    expect(guard).to_contain_text("Ben is typing a reply. Send anyway?")
    expect(anna.composer).to_have_value("Me too")
    assert axe_violations(anna.page) == []
    anna.composer.press("Enter")

    anna.reads("Hello", "Me too")
    expect(guard).to_be_hidden()
    ben.page.goto("about:blank")
    expect(company).to_have_text("")


def test_a_double_click_does_what_a_click_does(vera, anna, operator):
    vera.opens()
    vera.write("Is anybody here?")
    anna.answers()
    ben = operator("ben", **WIDE)
    ben.picks("team")
    close, cancel = ben.action("close"), ben.action("cancel")

    double_click(ben.action("join"), lambda: expect(ben.composer).to_be_visible())
    expect(cancel).to_be_hidden()
    double_click(close, lambda: expect(cancel).to_be_visible())
    expect(cancel).to_be_visible()
    cancel.click()

    ben.composer.fill("At once")
    anna.composer.press_sequentially("Wait")
    expect(ben.page.locator("conversation-head .company-words")).to_contain_text("Anna is typing")
    guard = ben.page.locator(".guard")
    double_click(ben.page.locator("message-composer .send"), lambda: expect(guard).to_be_visible())
    expect(guard).to_be_visible()
    expect(ben.composer).to_have_value("At once")

    double_click(guard.locator("[data-guard=send]"))
    expect(ben.composer).to_have_value("")
    expect(ben.hint).to_have_text("")
    vera.reads("Is anybody here?", "At once")


def test_chats_that_need_help_stand_out_and_those_that_wait_for_the_customer_do_not(
    vera, anna, ben
):
    vera.opens()
    vera.write("Hello")
    anna.answers()

    keys(anna, "Escape", "h")
    expect(ben.rows("help")).to_have_count(1)
    expect(anna.rows("mine").locator(".help-mark")).to_be_visible()
    keys(anna, "h")
    expect(ben.rows("help")).to_have_count(0)

    anna.action("status").click()
    anna.action("waiting_for_customer").click()
    expect(anna.rows("customer")).to_have_count(1)
    vera.write("One more thing")
    expect(anna.rows("mine")).to_have_count(1)


def test_panes_are_resized_by_keys_and_stay_so(vera, operator):
    anna = operator("anna", **WIDE)
    separator = anna.page.get_by_role("separator", name="Width of the list")
    expect(separator).to_have_attribute("aria-valuenow", "320")

    separator.press("ArrowRight")
    separator.press("ArrowRight")
    anna.page.reload()

    expect(separator).to_have_attribute("aria-valuenow", "352")
    assert box(anna.page.locator(".list-column"))["width"] == 352
    separator.press("Home")
    expect(separator).to_have_attribute("aria-valuenow", "240")
    vera.opens()
    vera.write("Hello")
    anna.answers()
    other = anna.page.get_by_role("separator", name="Width of the visitor details")
    other.press("ArrowLeft")
    expect(other).to_have_attribute("aria-valuenow", "336")


def test_panes_are_resized_by_the_mouse_too(operator):
    anna = operator("anna", **WIDE)
    separator = anna.page.get_by_role("separator", name="Width of the list")
    line = box(separator)
    x, y = line["x"] + line["width"] / 2, line["y"] + 300

    anna.page.mouse.move(x, y)
    anna.page.mouse.down()
    anna.page.mouse.move(x + 60, y, steps=5)
    anna.page.mouse.up()

    expect(separator).to_have_attribute("aria-valuenow", "380")


def test_rows_become_small_and_details_go_aside_for_good(vera, operator):
    anna = operator("anna", **WIDE)
    vera.opens()
    vera.write("Hello")
    anna.answers()
    details = anna.page.locator("visitor-context")
    expect(details).to_be_visible()
    anna.page.get_by_role("button", name="Compact rows").click()
    anna.action("context").click()

    anna.page.reload()

    expect(anna.rows("mine")).to_be_visible()
    assert box(anna.rows("mine"))["height"] == 48
    expect(anna.page.locator("message-list")).to_be_visible()
    expect(details).to_be_hidden()


def test_what_is_known_of_a_visitor_is_shown_beside_the_chat(vera, operator, server):
    anna = operator("anna", **WIDE)
    vera.opens()
    vera.write("First chat")
    anna.answers()
    anna.closes()
    expect(anna.rows("closed")).to_have_count(1)
    vera.view.locator("[data-action=start]").first.click()
    vera.write("Second chat")
    anna.answers()
    details = anna.page.locator("visitor-context")
    expect(details.locator(".trail")).to_be_visible()
    vera.page.goto(f"{server.url}/demo/pricing/")

    expect(details.locator(".trail-list li").first).to_contain_text("Pricing")
    details.get_by_role("link", name=re.compile("First chat")).click()
    expect(shown(anna)).to_contain_text("First chat")

    details.locator("summary", has_text="Visited pages").click()
    anna.page.reload()
    expect(details.locator(".earlier-list")).to_be_visible()
    expect(details.locator(".trail")).not_to_have_attribute("open", "")


def test_a_chat_above_the_limit_of_its_address_says_why_it_waits_and_is_assigned_later(
    visitor, operator, server
):
    limit = "from livechat.models import Channel; Channel.objects.update(max_chats_per_address=1)"
    server.manage("shell", "--verbosity", "0", "-c", limit)
    anna = operator("anna", **WIDE)
    for text in ("First", "Second"):
        somebody = visitor()
        somebody.opens()
        somebody.write(text)
    expect(anna.rows("mine")).to_have_count(1)
    anna.picks("waiting")
    reason = anna.page.locator("visitor-context .held")
    expect(reason).to_contain_text("not assigned automatically")
    expect(anna.action("take")).to_be_visible()
    expect(somebody.view.locator(".notice.waiting")).to_contain_text("Waiting for a reply")

    anna.picks("mine")
    expect(reason).to_have_count(0)
    anna.closes()

    expect(anna.rows("waiting")).to_have_count(0)
    expect(anna.rows("mine")).to_have_count(1)
    anna.picks("mine")
    expect(shown(anna)).to_contain_text("Second")


def test_a_beginner_is_led_to_a_chat_with_himself(server, operator):
    server.manage("shell", "--verbosity", "0", "-c", BEGINNER)
    anna = operator("anna", **WIDE)
    steps = anna.page.locator("main .steps")
    expect(steps.locator("li")).to_have_count(5)
    expect(steps.locator(".is-done")).to_have_count(1)  # the demo made her an operator
    assert axe_violations(anna.page) == []
    steps.get_by_role("button", name="Turn on sounds").click()
    expect(steps.locator(".is-done")).to_have_count(2)

    with anna.page.expect_popup() as opened:
        steps.get_by_role("link", name="Try a test chat").click()
    opened.value.wait_for_url("**/chat/kettle-and-leaf/")
    opened.value.close()

    steps.get_by_role("button", name="Dismiss").click()
    expect(steps).to_have_count(0)
    expect(anna.page.locator("main .nothing")).to_contain_text("No visitors are waiting")
    anna.page.reload()
    expect(anna.page.locator("main .nothing")).to_contain_text("No visitors are waiting")


def test_an_operator_with_an_empty_inbox_sees_how_soon_visitors_were_answered_today(vera, anna):
    figure = anna.page.locator("main .nothing-figure")
    anna.page.locator("main .steps").get_by_role("button", name="Dismiss").click()
    expect(anna.page.locator("main .nothing")).to_contain_text("No visitors are waiting")
    expect(figure).to_have_count(0)
    vera.opens()
    vera.write("Hello?")
    anna.answers()
    anna.write("Good morning!")
    vera.reads("Hello?", "Good morning!")

    keys(anna, "Escape", "Escape")

    expect(figure).to_have_text(re.compile(r"^Average first reply time today: 0:\d\d$"))


def test_the_menu_of_ones_own_face_mutes_and_leads_out(operator):
    anna = operator("anna", **WIDE)
    account = anna.page.get_by_role("button", name="Your account: Anna")
    account.click()
    anna.page.get_by_role("button", name="Mute sounds in this browser").click()
    expect(account).to_be_focused()
    anna.page.reload()
    account.click()

    expect(anna.page.get_by_role("button", name="Unmute sounds in this browser")).to_be_visible()
    expect(anna.page.get_by_role("link", name="Profile")).to_have_attribute("href", "/profile/")
    assert axe_violations(anna.page) == []
    anna.page.keyboard.press("Escape")
    expect(anna.page.get_by_role("button", name="Sign out")).to_be_hidden()


def test_blocked_sounds_are_reported_and_the_tab_title_counts_what_waits(vera, anna):
    strip = anna.page.get_by_role("button", name="The browser blocks sounds")
    expect(strip).to_be_visible()
    assert axe_violations(anna.page) == []
    strip.click()
    expect(strip).to_be_hidden()

    anna.chooses("busy")
    vera.opens()
    vera.write("Is anybody there?")
    expect(anna.page).to_have_title("(1) Inbox")
    expect(anna.page.locator("link[rel=icon]")).to_have_attribute("href", re.compile("badge"))
    anna.picks("waiting")
    anna.action("take").click()
    expect(anna.page).to_have_title("Inbox")
    expect(anna.page.locator("link[rel=icon]")).not_to_have_attribute("href", re.compile("badge"))


def test_a_phone_shows_one_pane_at_a_time(vera, operator):
    anna = operator("anna", **PHONE)
    vera.opens()
    vera.write("Hello")
    anna.rows("mine").tap()
    expect(anna.page.locator(".list-column")).to_be_hidden()
    expect(anna.page.get_by_role("separator")).to_have_count(0)
    assert axe_violations(anna.page) == []
    anna.action("context").tap()
    details = anna.page.locator("visitor-context")
    expect(details).to_be_visible()
    details.get_by_role("button", name="Visitor details").tap()
    expect(details).to_be_hidden()

    anna.page.get_by_role("link", name="Back to the list").tap()
    expect(anna.rows("mine")).to_be_visible()
    width = anna.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


@pytest.mark.parametrize("device", [WIDE, TABLET, PHONE], ids=["wide", "tablet", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_bad_in_the_inbox(vera, operator, device, scheme):
    anna = operator("anna", color_scheme=scheme, **device)
    complaints = axe_violations(anna.page)
    vera.opens()
    vera.write("Hello")
    anna.answers()
    complaints += axe_violations(anna.page)
    if device is not WIDE:
        anna.action("context").click()
    expect(anna.page.locator("visitor-context .trail")).to_be_visible()
    complaints += axe_violations(anna.page)

    assert complaints == []


def test_hundreds_of_chats_are_walked_through_without_delay(server, operator):
    server.manage("shell", "--verbosity", "0", "-c", CROWD)
    anna = operator("anna", **WIDE)
    expect(anna.rows("waiting")).to_have_count(500)
    for _ in range(3):
        keys(anna, "j")
    expect(shown(anna)).to_have_count(1)

    times, drawn = anna.page.evaluate(WALK)

    reaction_times.note("inbox: next of 500 chats by key", *times)
    # Most keys draw a conversation and no row; sometimes another event redraws the list.
    assert median(drawn) < 100, drawn


WALK = """
async () => {
  const times = [];
  const drawn = [];
  let nodes = 0;
  const observer = new MutationObserver((changes) => {
    for (const { addedNodes } of changes) nodes += addedNodes.length;
  });
  observer.observe(document.body, { childList: true, subtree: true });
  for (let index = 0; index < 20; index += 1) {
    const before = performance.now();
    const press = { key: "j", code: "KeyJ", bubbles: true };
    document.body.dispatchEvent(new KeyboardEvent("keydown", press));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    times.push(Math.round(performance.now() - before));
    drawn.push(nodes);
    nodes = 0;
  }
  return [times, drawn];
}
"""


def axe_violations(page):
    """Return the violations that axe rates serious or critical, shortened."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        (one["id"], one["nodes"][0]["html"][:200])
        for one in found
        if one["impact"] in {"serious", "critical"}
    ]


def test_a_row_that_is_drawn_anew_while_it_is_pressed_opens(vera, anna):
    vera.opens()
    vera.write("Hello")
    row = anna.rows("mine")
    # This button is above the rows until the first click enables sounds.
    expect(anna.page.get_by_role("button", name="The browser blocks sounds")).to_be_visible()
    row.get_by_text("Hello").hover()
    anna.page.mouse.down()
    vera.write("Anybody there?")
    expect(row).to_contain_text("Anybody there?")

    anna.page.mouse.up()

    expect(anna.page.locator("inbox-page")).to_have_attribute("data-view", "conversation")
