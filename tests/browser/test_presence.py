"""An operator's own status: the menu, what colleagues see, and the return after half an hour."""

from playwright.sync_api import Page, expect

from tests.browser.people import Operator


def expect_status(anna: Operator, status: str, words: str) -> None:
    expect(anna.presence).to_have_attribute("data-presence", status)
    expect(anna.presence).to_have_accessible_name(f"Your status: {words}")


def other_tab(anna: Operator) -> Operator:
    tab = Operator(anna.page.context.new_page())
    tab.page.goto(anna.page.url)
    tab.is_connected()
    return tab


def make_idle(server, minutes: int = 31) -> None:
    server.manage(
        *("shell", "--no-imports", "--verbosity", "0", "-c"),
        "from datetime import timedelta; from django.utils import timezone;"
        "from livechat.models import Operator;"
        f"then = timezone.now() - timedelta(minutes={minutes});"
        "Operator.objects.filter(user__username='anna').update(active_at=then)",
    )


def strip(page: Page):
    return page.locator("away-strip")


def test_a_busy_operator_gets_no_new_chats_also_after_a_reload_and_in_every_tab(vera, anna):
    tab = other_tab(anna)
    expect_status(anna, "available", "Available")

    anna.chooses("busy")
    expect_status(tab, "busy", "Busy")
    vera.opens()
    vera.write("Hello")

    expect(anna.rows("waiting")).to_have_count(1)
    expect(anna.rows("mine")).to_have_count(0)
    anna.page.reload()
    expect_status(anna, "busy", "Busy")
    expect(strip(anna.page)).to_be_hidden()


def test_an_operator_who_becomes_available_gets_the_visitor_who_waits(vera, anna):
    anna.chooses("busy")
    vera.opens()
    vera.write("Hello")
    expect(anna.rows("waiting")).to_have_count(1)

    anna.chooses("available")

    expect(anna.rows("mine")).to_have_count(1)
    vera.sees_line("Anna is answering")


def test_the_menu_works_by_keyboard_and_announces_its_state(anna):
    menu = anna.page.get_by_role("menu", name="Your status")
    chosen = menu.get_by_role("menuitemradio", checked=True)

    anna.presence.focus()
    anna.page.keyboard.press("Enter")
    expect(chosen).to_be_focused()
    expect(chosen).to_have_text("AvailableYou get new chats.")
    anna.page.keyboard.press("ArrowDown")
    anna.page.keyboard.press("ArrowDown")
    anna.page.keyboard.press("Enter")
    expect_status(anna, "invisible", "Invisible")
    expect(menu).to_be_hidden()
    expect(anna.presence).to_be_focused()

    anna.page.keyboard.press("ArrowUp")
    call = menu.get_by_role("menuitemcheckbox", name="In a call")
    expect(call).to_have_attribute("aria-checked", "false")
    anna.page.keyboard.press("End")
    anna.page.keyboard.press("Enter")
    expect_status(anna, "invisible", "Invisible, in a call")

    anna.page.keyboard.press("Enter")
    expect(chosen).to_have_count(1)
    expect(call).to_have_attribute("aria-checked", "true")
    anna.page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect_status(anna, "invisible", "Invisible, in a call")


def test_the_palette_offers_every_status_but_ones_own(anna):
    anna.page.keyboard.press("Control+k")
    anna.page.get_by_role("combobox").fill("status")
    offers = anna.page.locator("dialog.palette .offer-title")
    expect(offers).to_have_text(["Status: Busy", "Status: Invisible", "Status: In a call"])

    offers.first.click()

    expect_status(anna, "busy", "Busy")


def test_colleagues_see_that_an_operator_is_busy_but_not_that_one_is_invisible(vera, anna, ben):
    ben.chooses("busy")
    vera.opens()
    vera.write("Hello")
    anna.picks("mine")
    ben.picks("team")
    looking = anna.page.locator("conversation-head .company")
    about = ben.page.locator("conversation-head .about")
    expect(about).to_contain_text("with Anna")
    expect(looking).not_to_have_attribute("empty", "")
    ben.chooses("invisible")
    expect(looking).to_have_attribute("empty", "")

    ben.page.get_by_role("link", name="Channels").click()
    shop = ben.page.locator("li.channel-card", has_text="Kettle & Leaf")
    team = shop.get_by_role("list", name="Colleagues").get_by_role("listitem")
    expect(team).to_have_text(["AnnaOnline"])
    anna.chooses("busy")
    expect(team).to_have_text(["AnnaBusy"])
    ben.page.go_back()
    expect(about).to_contain_text("with Anna (Busy)")

    anna.chooses("invisible")
    expect(about).to_contain_text("with Anna (Offline)")
    anna.write("Still with you")
    vera.reads("Hello", "Still with you")


def test_after_half_an_hour_a_strip_says_away_and_one_click_ends_it(chrome, vera, anna, server):
    chrome.expect_a_dead_server()
    tab = other_tab(anna)
    server.kill()
    make_idle(server)
    server.start()

    # The connections return by themselves, without any activity of the operator.
    for page in (anna.page, tab.page):
        expect(strip(page)).to_contain_text(
            "Away: no activity for 30 minutes. You get no new chats."
        )
    expect_status(anna, "away", "Away")
    vera.opens()
    vera.write("Hello")
    expect(anna.rows("waiting")).to_have_count(1)

    strip(tab.page).get_by_role("button", name="I'm back").click()

    for page in (anna.page, tab.page):
        expect(strip(page)).to_be_hidden()
    expect_status(anna, "available", "Available")
    anna.page.reload()
    expect_status(anna, "available", "Available")
    expect(strip(anna.page)).to_be_hidden()


def test_an_operator_who_opens_the_page_after_half_an_hour_is_available(anna, server):
    make_idle(server)

    anna.page.reload()
    anna.is_connected()

    expect_status(anna, "available", "Available")
    expect(strip(anna.page)).to_be_hidden()
