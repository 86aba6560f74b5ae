"""A backup is restored with the commands of the how-to, and open browsers notice it."""

import pytest
from playwright.sync_api import expect

from tests.machine.docs_commands import Machine, commands

PAGE = "back-up-and-restore.md"


@pytest.fixture(autouse=True)
def silence(chrome):
    chrome.expect_a_dead_server()


@pytest.fixture
def machine(server, tmp_path):
    paths = {"/var/lib/livechat": server.log.parent, "/var/backups/livechat": tmp_path / "kept"}
    return Machine(tmp_path, server, paths=paths)


def do(machine, heading):
    for command in commands(PAGE, heading):
        machine.run(command)


def test_what_was_written_since_the_backup_goes_and_what_waited_is_sent(
    vera, anna, server, machine
):
    vera.opens()
    vera.write("Before")
    anna.answers()
    anna.write("I am listening")
    vera.reads("Before", "I am listening")
    do(machine, "Back up SQLite")
    vera.write("Since the backup")
    anna.reads("Before", "I am listening", "Since the backup")
    anna.write("Lost as well")
    vera.reads("Before", "I am listening", "Since the backup", "Lost as well")

    server.stop()
    vera.write("While nobody could hear it")
    anna.write("Nor this")
    do(machine, "Restore SQLite")
    server.start()

    vera.is_connected()
    anna.is_connected()
    expect(vera.entry("Nor this")).to_be_visible()
    expect(anna.entry("While nobody could hear it")).to_be_visible()
    for somebody in (vera, anna):
        expect(somebody.entry("Since the backup")).to_have_count(0)
        expect(somebody.entry("Lost as well")).to_have_count(0)
        expect(somebody.entry("I am listening")).to_have_count(1)


def test_a_text_for_a_chat_that_the_backup_does_not_know_opens_another(vera, anna, server, machine):
    vera.opens()
    do(machine, "Back up SQLite")
    vera.write("Hello")
    anna.answers()
    anna.reads("Hello")

    server.stop()
    vera.write("Are you there?", "I can wait")
    anna.write("I am")
    do(machine, "Restore SQLite")
    server.start()

    vera.is_connected()
    vera.reads("Are you there?", "I can wait")
    anna.is_connected()
    expect(anna.rows("mine")).to_have_count(1)
    anna.answers()
    anna.reads("Are you there?", "I can wait")
