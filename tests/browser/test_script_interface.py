"""The script interface of a website: `Livechat`, `LivechatSettings`, `data-livechat-open`."""

import pytest
from playwright.sync_api import expect

from tests.browser.people import Visitor, box, until
from tests.browser.websites import website

STUB = """
    window.Livechat = window.Livechat
        || ((...call) => new Promise(done => (Livechat.q ||= []).push([call, done])));
    Livechat.q ||= [];
"""
LISTEN = """
    window.heard = [];
    for (const name of ["ready", "open", "close", "unread", "status"]) {
        addEventListener(`livechat:${name}`, event => heard.push(name + (event.detail ?? "")));
    }
"""


def test_a_page_opens_fills_and_closes_the_chat(vera):
    vera.page.evaluate("Livechat.open({prefill: 'About order 12'})")
    vera.is_connected()
    expect(vera.composer).to_have_value("About order 12")

    # Text that the visitor has written is never overwritten.
    vera.page.evaluate("Livechat('open', {prefill: 'Something else'})")
    vera.page.wait_for_timeout(300)
    expect(vera.composer).to_have_value("About order 12")

    vera.page.evaluate("Livechat.toggle()")
    expect(vera.panel).to_be_hidden()
    vera.page.evaluate("Livechat('toggle')")
    expect(vera.panel).to_be_visible()
    vera.page.evaluate("Livechat.close()")
    expect(vera.panel).to_be_hidden()


def test_a_page_shows_and_hides_the_button_whatever_the_rules_say(vera):
    vera.page.evaluate("Livechat.hide()")
    expect(vera.launcher).to_be_hidden()

    vera.page.evaluate("Livechat.show()")
    expect(vera.launcher).to_be_visible()


def test_what_is_called_before_it_is_there_is_done_when_it_is(visitor, server, chrome):
    page = chrome.context().new_page()
    page.add_init_script(STUB)
    page.add_init_script("Livechat('open', {prefill: 'Early'}).then(() => window.opened = true)")
    page.goto(server.url + "/demo/")
    vera = Visitor(page)

    vera.is_connected()

    expect(vera.composer).to_have_value("Early")
    until(page, "window.opened")


def test_a_page_receives_events(visitor, anna):
    vera = visitor()
    vera.page.add_init_script(LISTEN)
    vera.page.reload()
    vera.opens()
    vera.write("Hello")
    anna.answers()
    vera.page.evaluate("Livechat.close()")
    anna.write("Good morning")

    expect(vera.launcher).to_have_accessible_name("Open chat, 1 unread message")
    until(vera.page, "heard.includes('unread1')")
    heard = [name for name in vera.page.evaluate("heard") if not name.startswith("status")]
    assert heard == ["ready", "open", "close", "unread1"]
    assert vera.page.evaluate("new Promise(done => Livechat.on('ready', () => done(true)))")


def test_an_element_opens_the_chat_without_a_line_of_script(visitor):
    vera = visitor("/demo/contact/")

    vera.page.locator("[data-livechat-open]").first.click()

    vera.is_connected()
    assert vera.page.url.endswith("/demo/contact/")


def test_attributes_that_the_page_sets_reach_the_operator(vera, anna, chrome):
    chrome.expect('"seats" has to be a text')
    vera.page.evaluate("Livechat.set({plan: 'pro <b>', vip: true})")
    vera.page.evaluate("Livechat.set({seats: [1, 2]})")
    vera.opens()
    vera.write("Hello")
    anna.answers()
    expect(anna.page.locator("visitor-context")).to_contain_text("pro <b>")

    vera.page.evaluate("Livechat.set({plan: 'team'})")

    expect(anna.page.locator("visitor-context")).to_contain_text("team")


def test_invalid_attributes_are_refused_on_the_page_and_others_are_sent(vera, anna, chrome):
    chrome.expect("a name has 1 to 40 characters")
    chrome.expect("has to be a text of at most 200 characters")
    chrome.expect("at most 20 names")
    vera.page.evaluate("""() => {
        for (let again = 0; again < 10; again += 1) {
            Livechat.set({["n".repeat(41)]: 1});
            Livechat.set({" ": 1});
            Livechat.set({text: "y".repeat(201)});
            Livechat.set({number: 2 ** 53});
            Livechat.set({number: NaN});
            Livechat.set(Object.fromEntries(Array.from({length: 21}, (_, n) => ["n" + n, n])));
        }
        Livechat.set({plan: "pro"});
    }""")
    vera.opens()
    vera.write("Hello")

    anna.answers()
    expect(anna.page.locator("visitor-context")).to_contain_text("pro")


def test_without_consent_nothing_is_kept(vera):
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    assert vera.page.evaluate("Object.keys(localStorage).length") > 0

    vera.page.evaluate("Livechat.consent(false)")

    expect(vera.panel).to_be_hidden()
    until(vera.page, "Object.keys(localStorage).length === 0")
    vera.opens()
    vera.write("Still here")
    vera.reads("Hello", "Still here")
    assert vera.page.evaluate("({...localStorage, ...sessionStorage})") == {}

    vera.page.evaluate("Livechat.consent(true)")
    until(vera.page, "Object.keys(localStorage).some(key => key.includes('token'))")
    vera.page.reload()
    vera.opens()
    vera.reads("Hello", "Still here")


def test_where_consent_was_refused_from_the_start_nothing_is_ever_stored(visitor):
    vera = visitor()
    vera.page.add_init_script("window.LivechatSettings = {consent: false}")
    vera.page.reload()

    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")

    assert vera.page.evaluate("({...localStorage, ...sessionStorage})") == {}


def test_a_page_without_consent_deletes_what_an_earlier_one_kept(vera):
    vera.opens()
    vera.page.evaluate("Livechat.close()")
    assert vera.kept() == {"quiet": True}
    vera.page.add_init_script("window.LivechatSettings = {consent: false}")

    vera.page.reload()

    until(vera.page, "Object.keys(localStorage).length === 0")


def test_an_element_of_that_name_is_not_in_the_way(server, chrome):
    page = """<!doctype html><html lang="en"><link rel="icon" href="data:,">
        <h1 id="Livechat">Livechat</h1>
        <script src="{chat}/widget/kettleandleaf/loader.js"></script>"""
    with website(server.url, page, policy="") as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)

        vera.opens()


def test_it_goes_without_a_trace_and_comes_again(vera, chrome):
    source = vera.page.locator("script[src*=loader]").get_attribute("src")
    vera.opens()

    vera.page.evaluate("Livechat.destroy()")

    expect(vera.page.locator("live-chat, iframe")).to_have_count(0)
    assert vera.page.evaluate("typeof Livechat") == "undefined"
    vera.page.add_script_tag(url=source)
    vera.opens()
    assert vera.page.locator("live-chat").count() == 1


def test_an_unknown_command_is_reported_and_breaks_nothing(vera, chrome):
    chrome.expect("there is no Livechat.constructor")

    vera.page.evaluate("Livechat('constructor')")

    vera.opens()


def test_the_button_stands_where_the_page_wants_it(visitor):
    vera = visitor(viewport={"width": 1000, "height": 700})
    vera.page.add_init_script(
        "window.LivechatSettings = {position: 'left', offset: {x: 40, y: 80}}"
    )
    vera.page.reload()

    button = box(vera.launcher)
    assert (button["x"], 700 - button["y"] - button["height"]) == (40, 80)
    vera.opens()
    assert box(vera.panel)["x"] == 40


def test_it_works_from_a_script_before_the_body(server, chrome):
    page = """<!doctype html><html lang="en"><head><link rel="icon" href="data:,">
        <script src="{chat}/widget/kettleandleaf/loader.js"></script>
        <script>Livechat.open()</script></head><body><h1>Late</h1></body></html>"""
    with website(server.url, page, policy="") as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)

        vera.is_connected()


@pytest.mark.parametrize("kind", ["type=module", "async"])
def test_it_finds_its_server_by_its_own_address(server, chrome, kind):
    page = f"""<!doctype html><html lang="en"><link rel="icon" href="data:,"><h1>Module</h1>
        <script {kind} src="{{chat}}/widget/kettleandleaf/loader.js"></script>"""
    with website(server.url, page, policy="") as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)

        vera.opens()

        vera.is_connected()


def test_a_broken_server_costs_the_page_one_line_in_the_console(vera, server, chrome):
    page = """<!doctype html><html lang="en"><link rel="icon" href="data:,"><h1>Alone</h1>
        <script src="{chat}/widget/kettleandleaf/loader.js"></script>"""
    with website(server.url, page, policy="") as address:
        stranger = chrome.context().new_page()
        stranger.route("**/init?*", lambda route: route.abort())
        lines: list[str] = []
        stranger.on("console", lambda message: lines.append(message.text))
        stranger.on("pageerror", lambda error: lines.append(str(error)))
        chrome.expect("net::ERR_FAILED")

        stranger.goto(address)
        stranger.wait_for_timeout(1_500)

        expect(stranger.get_by_test_id("launcher")).to_be_hidden()
        assert len(lines) == 1
        assert stranger.evaluate("({...localStorage})") == {}


def test_a_page_written_from_right_to_left_has_the_button_on_the_left(server, chrome):
    page = """<!doctype html><html lang="ar" dir="rtl"><link rel="icon" href="data:,">
        <h1>متجر</h1><script src="{chat}/widget/kettleandleaf/loader.js"></script>"""
    with website(server.url, page, policy="") as address:
        vera = Visitor(chrome.context().new_page())
        vera.page.goto(address)

        assert box(vera.launcher)["x"] == 20
        vera.opens()
        expect(vera.view.locator("html")).to_have_attribute("dir", "rtl")
