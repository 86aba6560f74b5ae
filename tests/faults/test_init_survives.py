"""The widget's first question: told to all processes, answered while the database is away."""

import http.client
import json
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults import world
from tests.faults.world import World
from tests.machine.app import App

pytestmark = pytest.mark.faults

AT_ONCE_SECONDS = 3.0
"""Less than a process takes to look by itself (5 s); tried several times, so that luck ends."""
HEALED_SECONDS = 15


def ask(app: App, channel: str) -> tuple[int, Any]:
    """What a process tells a page; its status first."""
    with closing(http.client.HTTPConnection("127.0.0.1", app.port, timeout=10)) as connection:
        connection.request("GET", f"/widget/{channel}/init?url=https://shop.example/cart")
        answer = connection.getresponse()
        return answer.status, json.load(answer)


def actions(place: World) -> set[str]:
    """What all processes tell the same page to do, or that they cannot."""
    answers = [ask(app, place.channel) for app in place.apps]
    return {told["action"] if status == 200 else str(status) for status, told in answers}


def decide(place: World, action: str) -> None:
    """Change the channel's only rule, as the Admin does."""
    place.apps[0].manage(
        *("shell", "--no-imports", "-c"),
        "from django.db import transaction; from livechat import events;"
        "from livechat.models import Channel, ChannelRule;"
        "atomic = transaction.atomic(); atomic.__enter__();"
        "ChannelRule.objects.update_or_create("
        f"channel=Channel.objects.get(), defaults={{'action': '{action}'}});"
        "events.widgets_changed(); atomic.__exit__(None, None, None)",
    )


def agree(place: World, action: str, within: float) -> None:
    deadline = time.monotonic() + within
    while (told := actions(place)) != {action}:
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


def test_what_is_saved_anywhere_is_answered_everywhere_and_without_a_database(tmp_path: Path):
    with world.services(tmp_path, servers=2) as place:
        assert place.postgres
        assert actions(place) == {"display_button"}
        for action in ("hide_button", "display_button") * 3 + ("hide_button",):
            decide(place, action)
            agree(place, action, AT_ONCE_SECONDS)

        place.postgres.kill_immediate()
        for _ in range(25):
            assert actions(place) == {"hide_button"}
            time.sleep(0.3)

        place.postgres.start()
        decide(place, "display_button")
        agree(place, "display_button", HEALED_SECONDS)


def test_a_server_that_starts_without_a_database_says_so_and_heals(tmp_path: Path):
    with world.services(tmp_path, servers=1) as place:
        assert place.postgres
        place.apps[0].kill()
        place.postgres.kill_immediate()
        place.apps[0].start()
        assert actions(place) == {"503"}

        place.postgres.start()

        agree(place, "display_button", HEALED_SECONDS)
