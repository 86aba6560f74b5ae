"""The server dies and comes back later: nothing is lost, nothing appears twice."""

import json
import re
import sqlite3
from contextlib import closing

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser.people import Operator, until
from tests.machine.server_folders import DATABASE


@pytest.fixture(autouse=True)
def silence(chrome):
    chrome.expect_a_dead_server()


def test_three_messages_written_while_the_server_is_dead_arrive_once_and_in_order(
    vera, anna, server
):
    vera.opens()
    vera.write("Before")
    anna.answers()
    anna.write("I am listening")
    vera.reads("Before", "I am listening")

    vera.is_prepared()
    # In the middle of a sentence.
    vera.composer.press_sequentially("One")
    server.kill()
    vera.composer.press("Enter")
    vera.write("Two", "Three")
    expect(vera.strip).to_have_text("Connecting… Your messages are saved.")
    for text in ("One", "Two", "Three"):
        expect(vera.entry(text)).to_have_attribute("data-state", "pending")
    vera.composer.press_sequentially("Fo")

    server.start()
    vera.is_connected()
    expect(vera.composer).to_have_value("Fo")
    vera.composer.press_sequentially("ur")
    vera.composer.press("Enter")

    vera.reads("Before", "I am listening", "One", "Two", "Three", "Four")
    anna.reads("Before", "I am listening", "One", "Two", "Three", "Four")
    expect(vera.strip).to_be_hidden()


def test_a_first_message_to_a_dead_server_survives_a_reload_of_the_page(vera, operator, server):
    vera.opens()
    server.kill()
    vera.write("Is anybody there?", "I can wait")
    until(vera.page, "localStorage['livechat:kettleandleaf']?.includes('has_chat')")

    server.start()
    vera.page.reload()

    vera.opens()
    vera.reads("Is anybody there?", "I can wait")
    ben = operator("ben")
    ben.picks("mine")
    ben.reads("Is anybody there?", "I can wait")


def test_an_answer_written_while_the_server_is_dead_arrives(vera, anna, server):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    vera.is_prepared()
    server.kill()

    anna.write("Good morning", "What can I do for you?")
    server.start()

    anna.is_connected()
    vera.reads("Hello", "Good morning", "What can I do for you?")
    anna.reads("Hello", "Good morning", "What can I do for you?")


def test_ending_a_chat_without_a_connection_is_promised_and_kept(vera, anna, server):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    vera.is_prepared()
    server.kill()
    vera.write("I have to go")

    vera.ends_the_chat()
    promise = vera.view.get_by_text("You are offline. The chat ends when you are connected again.")
    expect(promise).to_be_visible()
    vera.view.locator("chat-header .ending button").click()
    expect(promise).to_be_hidden()
    vera.ends_the_chat()
    expect(promise).to_be_visible()
    server.start()

    vera.sees_line("You ended the chat")
    expect(promise).to_be_hidden()
    anna.reads("Hello", "I have to go")
    anna.sees_line("The visitor ended the chat")


def test_a_button_pressed_without_a_connection_says_that_it_did_not_work(vera, anna, server):
    vera.opens()
    vera.write("Hello")
    anna.answers()
    vera.is_prepared()
    server.kill()
    expect(anna.strip).to_be_visible()

    anna.closes()

    expect(anna.page.locator(".notice")).to_have_text(
        "No connection right now. Please try again in a moment."
    )
    expect(anna.rows("mine")).to_have_count(1)


def test_an_operator_whose_session_ended_meanwhile_is_asked_to_sign_in(anna, server):
    server.kill()
    with closing(sqlite3.connect(server.log.with_name(DATABASE))) as database:
        database.execute("DELETE FROM django_session")
        database.commit()

    server.start()

    anna.page.wait_for_url("**/login/?next=**")


def test_a_text_for_a_chat_that_was_ended_meanwhile_can_begin_a_new_one(vera, anna):
    line = Line(vera.page)
    vera.opens()
    vera.write("Hello")
    anna.answers()
    line.cut()
    anna.closes()
    expect(anna.rows("closed")).to_have_count(1)
    vera.write("One more thing")

    line.restore()

    refused = vera.entry("One more thing")
    expect(refused).to_contain_text("Not sent: the chat has ended")
    refused.get_by_role("button", name="Start a new chat").click()
    vera.reads("One more thing")
    anna.answers()
    anna.reads("One more thing")


class Line:
    """A visitor's connection that can be cut, without effect on other connections."""

    def __init__(self, page: Page) -> None:
        self._is_cut = False
        self._ends: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/ws/visitor/"), self._connect)

    def cut(self) -> None:
        self._is_cut = True
        for end in self._ends:
            end.close()
        self._ends.clear()

    def restore(self) -> None:
        self._is_cut = False

    def _connect(self, end: WebSocketRoute) -> None:
        if self._is_cut:
            end.close()
        else:
            self._ends += [end, end.connect_to_server()]


def test_an_inbox_that_a_busy_server_refused_is_requested_again(vera, signed_in, server, chrome):
    vera.opens()
    vera.write("Hello")
    vera.reads("Hello")
    refused: list[str | bytes] = []

    def connect(socket: WebSocketRoute) -> None:
        there = socket.connect_to_server()

        def hear(frame: str | bytes) -> None:
            if "inbox.fetch" in str(frame) and not refused:
                refused.append(frame)
                answer = {"code": "unavailable", "retry_after": 0.5, "command": "inbox.fetch"}
                socket.send(json.dumps({"type": "rejected", **answer}))
            else:
                there.send(frame)

        socket.on_message(hear)

    page = chrome.context(storage_state=signed_in["anna"]).new_page()
    page.route_web_socket(re.compile("/ws/staff/"), connect)
    page.goto(f"{server.url}/dashboard/")

    expect(Operator(page).rows("mine")).to_have_count(1, timeout=15_000)
    assert refused
