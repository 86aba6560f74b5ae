"""The widget's first requests: changes reach all processes, and they need no database."""

import http.client
import json
import re
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults import world
from tests.faults.world import World
from tests.machine.app import App
from tests.machine.timeouts import wait_until

pytestmark = pytest.mark.faults

NOTIFIED_ONLY = ("-m", "tests.faults.notified_only_server")
"""Servers that reload the widget's data only when notified."""
SOURCES = {**world.FAST, "DEBUG": "1"}
"""Servers that deliver the scripts in the repository: no test here collects static files."""


def ask(app: App, channel: str) -> tuple[int, Any]:
    """Return the status and body of a server's `init` for a page."""
    with closing(http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)) as connection:
        connection.request("GET", f"/widget/{channel}/init?url=https://shop.example/cart")
        answer = connection.getresponse()
        return answer.status, json.load(answer)


def actions(system: World) -> set[str]:
    """Return the actions of all servers for the same page; a status where it is not 200."""
    answers = [ask(app, system.channel) for app in system.apps]
    return {body["action"] if status == 200 else str(status) for status, body in answers}


def names(system: World) -> set[str]:
    """Return the channel's name in the loaders of all servers; a status where it is not 200."""
    found = set()
    for app in system.apps:
        with closing(http.client.HTTPConnection("127.0.0.1", app.port, timeout=60)) as connection:
            connection.request("GET", f"/widget/{system.channel}/loader.js")
            answer = connection.getresponse()
            named = re.search(r'"name": "(.*?)"', answer.read().decode())
        found.add(named[1] if named else str(answer.status))
    return found


def decide(system: World, action: str) -> None:
    """Change the channel's only rule, and name the channel as the action, as the Admin does."""
    system.apps[0].manage(
        *("shell", "--no-imports", "-c"),
        "from django.db import transaction; from livechat import events;"
        "from livechat.models import Channel, ChannelRule;"
        "atomic = transaction.atomic(); atomic.__enter__();"
        "ChannelRule.objects.update_or_create("
        f"channel=Channel.objects.get(), defaults={{'action': '{action}'}});"
        f"Channel.objects.update(name='{action}');"
        "events.widgets_changed(); atomic.__exit__(None, None, None)",
    )


def agree(system: World, action: str) -> None:
    wait_until(lambda: actions(system) == names(system) == {action}, action)


def test_what_is_saved_anywhere_is_answered_everywhere_and_without_a_database(tmp_path: Path):
    with world.services(tmp_path, servers=2, entry=NOTIFIED_ONLY, environ=SOURCES) as system:
        assert system.postgres
        assert actions(system) == {"display_button"}
        for action in ("hide_button", "display_button") * 3 + ("hide_button",):
            decide(system, action)
            agree(system, action)

        system.postgres.kill_immediate()
        for _ in range(25):
            assert actions(system) == names(system) == {"hide_button"}
            time.sleep(0.3)

        system.postgres.start()
        decide(system, "display_button")
        agree(system, "display_button")


def test_a_server_that_starts_without_a_database_says_so_and_heals(tmp_path: Path):
    with world.services(tmp_path, servers=1, environ=SOURCES) as system:
        assert system.postgres
        system.apps[0].kill()
        system.postgres.kill_immediate()
        system.apps[0].start()
        assert actions(system) == names(system) == {"503"}

        system.postgres.start()

        wait_until(lambda: actions(system) == {"display_button"}, "init answers")
        assert names(system) == {"Berlin support"}
