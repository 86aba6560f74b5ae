"""The main journeys of visitors and operators, in Firefox and WebKit."""

import pytest

from tests.browser.engines.people import Operator
from tests.browser.test_files import picture
from tests.browser.websites import PAGE, website


def test_a_visitor_writes_and_an_operator_answers(visitor, anna):
    vera = visitor()
    vera.opens()
    vera.write("Is the blue tin in stock?")
    anna.picks("Is the blue tin in stock?")
    anna.reads("Is the blue tin in stock?")
    anna.write("It is.")
    vera.reads("Is the blue tin in stock?", "It is.")

    vera.driver.refresh()

    vera.reads("Is the blue tin in stock?", "It is.")
    vera.is_connected()
    vera.write("Great!")
    anna.reads("Is the blue tin in stock?", "It is.", "Great!")
    anna.closes()
    vera.find("li.entry.line", "Anna ended the chat")
    vera.closes_the_window()


def test_files_are_sent_both_ways(visitor, anna, tmp_path):
    file = picture()
    path = tmp_path / file["name"]
    path.write_bytes(file["buffer"])
    vera = visitor()
    vera.opens()
    for writer in (vera, anna):
        writer.type("[data-testid=files]", str(path))
        writer.find(".chip[data-state=done]")
        writer.write("Look")
        if writer is vera:
            anna.picks("Look")
        for reader in (vera, anna):
            reader.until(
                "[...document.querySelectorAll('.file-picture')].filter((one) =>"
                " one.naturalWidth).length === arguments[0]",
                1 if writer is vera else 2,
            )


def test_an_operator_signs_in_and_out(browser, server, template):
    anna = Operator(browser("operator"))
    anna.driver.get(f"{server.url}/dashboard/")
    anna.type("input[name=username]", "anna")
    anna.type("input[name=password]", template.passwords["anna"])
    anna.click("main button")
    anna.is_connected()

    anna.click("inbox-rail [data-action=account]")
    anna.click("inbox-rail button", "Sign out")

    anna.until("location.pathname === '/login/'")


def test_hints_and_scroll_bars_have_our_colours(anna):
    opacities = """[...document.querySelectorAll("[placeholder]")].map((one) =>
        getComputedStyle(one, "::placeholder").opacity)"""

    assert set(anna.run(f"return {opacities}")) == {"1"}
    assert anna.run("""
        return !CSS.supports("scrollbar-color: auto")
            || getComputedStyle(document.querySelector(".list-scroller")).scrollbarColor !== "auto"
    """)


@pytest.mark.long
@pytest.mark.parametrize("size", [(1280, 900), (390, 800)], ids=["desktop", "phone"])
@pytest.mark.parametrize("is_dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_nothing_hangs_over_the_edge(visitor, operator, server, size, is_dark, language):
    anna = operator(size=size, is_dark=is_dark, language=language)
    anna.is_connected()
    with website(server.url, PAGE.replace("en", language, 1), policy="") as address:
        vera = visitor(address, size=size, is_dark=is_dark)
        vera.opens()
        vera.write("Is the blue tin in stock?")
        anna.picks("Is the blue tin in stock?")
        anna.write("It is, and there are forty more where it came from. " * 3)
        vera.find("li.entry[data-author=operator]", "forty")

        for person in (anna, vera):
            with person.inside():
                assert person.run("return document.documentElement.lang") == language
                assert person.run("return document.documentElement.scrollWidth <= innerWidth")
                background = "return getComputedStyle(document.body).backgroundColor"
                assert (person.run(background) == "rgb(24, 25, 28)") == is_dark


@pytest.mark.long
@pytest.mark.parametrize("path", ["/demo/", "/dashboard/", "/profile/", "/admin/", "/login/"])
def test_every_page_fits_a_phone(operator, path):
    admin = operator("admin", path, size=(390, 800))

    admin.until("document.readyState === 'complete'")
    assert admin.run("return document.documentElement.scrollWidth <= innerWidth")
