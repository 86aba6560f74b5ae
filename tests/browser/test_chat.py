"""A visitor and an operator talk: the first chat, and the pages on which it continues."""

from playwright.sync_api import WebSocket, expect

from tests.browser.people import double_click, until


def test_a_first_chat_goes_both_ways(vera, anna):
    vera.opens()
    expect(vera.status).to_have_text("We are here")

    vera.write("Do you have green tea?")
    anna.answers()
    anna.write("We do. Try our Sencha.")

    vera.reads("Do you have green tea?", "We do. Try our Sencha.")
    anna.reads("Do you have green tea?", "We do. Try our Sencha.")
    expect(vera.status).to_have_text("You are chatting with Anna")


def test_the_chat_stays_on_reload_on_the_next_page_and_in_a_second_tab(vera, anna, server):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    anna.write("Good morning")
    vera.reads("Hello", "Good morning")

    vera.page.reload()
    vera.opens()
    vera.reads("Hello", "Good morning")

    vera.page.goto(f"{server.url}/demo/shop/")
    vera.opens()
    vera.reads("Hello", "Good morning")
    expect(anna.page.locator("visitor-context")).to_contain_text("Teas · Kettle & Leaf")

    second = type(vera)(vera.page.context.new_page())
    second.page.goto(f"{server.url}/demo/")
    second.opens()
    second.write("From my second tab")

    for somebody in (vera, second, anna):
        somebody.reads("Hello", "Good morning", "From my second tab")


def test_a_draft_in_a_duplicated_tab_is_sent_once(vera, anna):
    vera.opens()
    vera.write("Hello")
    anna.answers()

    for somebody, text in ((vera, "A question"), (anna, "An answer")):
        other = duplicate(somebody, text)
        somebody.composer.press("Enter")
        expect(other.composer).to_have_value("")
    changed = duplicate(anna, "An answer")
    changed.composer.press_sequentially("!")
    anna.composer.press("Enter")
    vera.reads("Hello", "A question", "An answer", "An answer")
    expect(changed.composer).to_have_value("An answer!")


def test_a_draft_is_sent_once_from_two_tabs_without_a_connection(vera, anna, chrome):
    chrome.expect("WebSocket")
    vera.opens()
    vera.write("Hello")
    anna.answers()

    for somebody, text in ((vera, "A question"), (anna, "An answer")):
        other = duplicate(somebody, text)
        somebody.page.context.set_offline(True)
        for tab in (somebody, other):
            tab.composer.press("Enter")
            expect(tab.entry(text)).to_have_attribute("data-state", "pending")
        somebody.page.context.set_offline(False)
        for tab in (somebody, other):
            expect(tab.entry(text)).not_to_have_attribute("data-state", "pending")

    for somebody in (vera, anna):
        somebody.reads("Hello", "A question", "An answer")


def duplicate(somebody, draft):
    """Return the same person in a duplicate of their tab, with the same draft."""
    somebody.composer.fill(draft)
    # Copies sessionStorage, as the browser's own command does.
    with somebody.page.context.expect_page() as opened:
        somebody.page.evaluate("void open(location.href)")
    other = type(somebody)(opened.value)
    other.is_connected()
    expect(other.composer).to_have_value(draft)
    return other


def test_an_operator_works_in_two_tabs(vera, anna, server):
    other = type(anna)(anna.page.context.new_page())
    other.page.goto(f"{server.url}/dashboard/")
    other.is_connected()
    vera.opens()
    vera.write("Is anybody there?")

    anna.answers()
    anna.write("I am")
    vera.reads("Is anybody there?", "I am")
    other.answers()
    other.write("And still I")

    for somebody in (vera, anna, other):
        somebody.reads("Is anybody there?", "I am", "And still I")
    expect(other.rows("mine")).to_have_count(1)
    anna.page.bring_to_front()
    anna.closes()
    expect(other.rows("closed")).to_have_count(1)
    expect(other.composer).to_be_hidden()


def test_only_one_of_two_operators_takes_a_waiting_chat(vera, anna, ben):
    anna.chooses("busy")
    ben.chooses("busy")
    vera.opens()
    vera.write("Anybody?")
    expect(anna.rows("waiting")).to_have_count(1)
    expect(ben.rows("waiting")).to_have_count(1)

    anna.picks("waiting")
    anna.action("take").click()

    expect(anna.rows("mine")).to_have_count(1)
    expect(ben.rows("waiting")).to_have_count(0)
    expect(ben.rows("team")).to_have_count(1)
    vera.sees_line("Anna joined")


def test_a_colleague_joins_and_leaves(vera, anna, ben):
    ben.chooses("busy")
    vera.opens()
    vera.write("Hello")

    ben.picks("team")
    ben.action("join").click()
    ben.write("May I help, too?")
    vera.reads("Hello", "May I help, too?")
    expect(vera.status).to_have_text("You are chatting with Anna, Ben")

    ben.action("more").click()
    ben.action("leave").click()
    expect(ben.composer).to_be_hidden()
    vera.sees_line("Ben left")


def test_each_sees_the_other_write_and_what_was_seen(vera, anna):
    vera.opens()
    vera.write("Hello")
    expect(anna.rows("mine").locator(".count")).to_have_text("1")
    expect(vera.entry("Hello")).to_have_attribute("data-state", "sent")

    anna.answers()
    expect(vera.entry("Hello")).to_have_attribute("data-state", "seen")
    expect(anna.rows("mine").locator(".count")).to_have_count(0)

    vera.composer.press_sequentially("How ")
    expect(anna.view.locator("message-list .typing")).to_contain_text("is typing")
    anna.composer.press_sequentially("You ")
    expect(vera.view.locator("message-list .typing")).to_contain_text("Anna is typing")

    anna.write("You are welcome")
    expect(vera.view.locator("message-list .typing")).to_be_hidden()
    expect(anna.entry("You are welcome")).to_have_attribute("data-state", "seen")


def test_what_comes_while_the_panel_is_closed_is_counted_on_the_launcher(vera, anna):
    vera.opens()
    vera.write("I will be back")
    anna.answers()
    expect(vera.entry("I will be back")).to_have_attribute("data-state", "seen")
    vera.launcher.click()

    anna.write("Still here?")
    anna.write("Take your time.")

    expect(vera.launcher).to_have_accessible_name("Open chat, 2 unread messages")
    vera.launcher.click()
    expect(vera.launcher).to_have_accessible_name("Close chat")
    expect(anna.entry("Take your time.")).to_have_attribute("data-state", "seen")
    vera.launcher.click()
    expect(vera.launcher).to_have_accessible_name("Open chat")


def test_a_double_click_opens_the_chat_and_asks_before_it_ends(vera):
    double_click(vera.launcher, lambda: expect(vera.panel).to_be_visible())
    expect(vera.launcher).to_have_accessible_name("Close chat")
    vera.write("Hello")

    vera.view.get_by_role("button", name="Menu").click()
    asked = vera.view.locator("chat-header .confirm .danger")
    double_click(
        vera.view.locator("#menu").get_by_role("menuitem", name="End chat"),
        lambda: expect(asked).to_be_visible(),
    )
    expect(asked).to_be_visible()
    expect(vera.composer).to_be_visible()


def test_a_note_never_reaches_the_visitor(vera, anna):
    frames: list[str | bytes] = []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: frames.append(frame))

    vera.page.on("websocket", listen)
    vera.opens()
    vera.write("I was here yesterday")
    anna.answers()

    anna.notes("He always says so")
    anna.write("Welcome back")

    vera.reads("I was here yesterday", "Welcome back")
    anna.reads("I was here yesterday", "He always says so", "Welcome back")
    assert any("Welcome back" in str(frame) for frame in frames)
    assert not any("He always says so" in str(frame) for frame in frames)
    assert "He always says so" not in vera.frame.content()
    assert "He always says so" not in str(vera.stored())


def test_a_visitor_ends_the_chat_and_starts_a_new_one(vera, anna):
    vera.opens()
    vera.write("First question")
    anna.answers()
    anna.write("First answer")
    vera.reads("First question", "First answer")

    vera.ends_the_chat()
    vera.sees_line("You ended the chat")
    anna.sees_line("The visitor ended the chat")
    expect(vera.composer).to_be_hidden()
    expect(anna.composer).to_be_hidden()
    expect(anna.rows("closed")).to_have_count(1)

    vera.view.get_by_role("button", name="Start a new chat").click()
    vera.write("Second question")
    vera.reads("Second question")
    expect(anna.rows("mine")).to_have_count(1)
    anna.answers()
    anna.reads("Second question")


def test_an_operator_ends_the_chat(vera, anna):
    vera.opens()
    vera.write("Thank you")
    anna.answers()

    anna.closes()

    vera.sees_line("Anna ended the chat")
    expect(vera.status).to_have_text("This chat has ended.")
    expect(vera.view.get_by_role("button", name="Start a new chat")).to_be_visible()


def test_nothing_is_stored_before_the_visitor_acts(vera):
    expect(vera.launcher).to_be_visible()
    assert vera.page.evaluate("({...localStorage})") == {}
    assert vera.page.frames == [vera.page.main_frame]

    vera.opens()
    assert [key.rpartition(":")[0] for key in vera.stored()] == ["livechat:token"]
    assert vera.kept() == {"open": True}

    vera.write("Hello")
    until(vera.page, "localStorage['livechat:kettleandleaf']?.includes('has_chat')")
    assert vera.kept() == {"open": True, "has_chat": True}
    assert vera.page.context.cookies() == []


DAMAGE = """() => {
    for (const key of Object.keys(localStorage)) localStorage.removeItem(key);
    const name = "kettleandleaf";
    localStorage.setItem(`livechat:token:${name}`, "x".repeat(600));
    localStorage.setItem(`livechat:choices:${name}`, '{"size":"length"}');
    localStorage.setItem(`livechat:outbox:${name}:1`, '{"client_id":"1","files":5}');
    localStorage.setItem("livechat:emoji", "x".repeat(100000));
    sessionStorage.setItem(`livechat:draft:${name}`, "x".repeat(1000000));
}"""


def test_what_is_damaged_in_the_browsers_storage_stops_no_chat(vera):
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    vera.frame.evaluate(DAMAGE)

    vera.page.reload()
    vera.opens()
    vera.is_connected()
    vera.write("Here again")

    vera.reads("Here again")
    assert "x" * 600 not in vera.stored().values()
