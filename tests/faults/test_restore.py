"""A backup is restored while people chat on, with the commands of the how-to."""

import asyncio
from collections import Counter
from itertools import chain

import pytest

from tests.faults import scenario, world
from tests.machine.docs_commands import Machine, commands

pytestmark = pytest.mark.faults

PAGE = "back-up-and-restore.md"
TALK_SECONDS = 4


async def test_after_a_restore_everybody_shows_what_is_stored_and_says_what_is_not(
    tmp_path, seed, print_line
):
    var, kept = tmp_path / "var", tmp_path / "kept"
    (var / "files").mkdir(parents=True)
    found: dict[str, set[str]] = {}
    with world.services(tmp_path, servers=2) as system:
        machine = Machine(
            tmp_path,
            system.apps[0],
            paths={"/var/lib/livechat": var, "/var/backups/livechat": kept},
            services=lambda words: serve(system, words),
            database=system.postgres,
            memory=system.redis,
        )

        async def restore() -> Counter[str]:
            await asyncio.sleep(TALK_SECONDS)
            found["acked before"] = await asyncio.to_thread(stored, system)
            for command in commands(PAGE, "Back up"):
                await asyncio.to_thread(machine.run, command)
            await asyncio.sleep(TALK_SECONDS)
            for command in commands(PAGE, "Restore"):
                if command == "systemctl start livechat.target":
                    found["restored"] = await asyncio.to_thread(stored, system)
                    # Give people time to write texts that no server can accept.
                    await asyncio.sleep(1)
                await asyncio.to_thread(machine.run, command)
                if command == "systemctl stop livechat.target":
                    found["before the restore"] = await asyncio.to_thread(stored, system)
            await asyncio.sleep(TALK_SECONDS)
            return Counter(lost=len(found["before the restore"] - found["restored"]))

        outcome = await scenario.chat(system, restore, seed, visitors=25, gone=0.0, pause=1.0)
        in_the_end = await asyncio.to_thread(stored, system)
        logs = [app.log.read_text() for app in system.apps]

    print_line(outcome)
    assert outcome.violations == [], "\n".join(outcome.violations)
    assert found["acked before"]
    assert found["acked before"] <= found["restored"] <= in_the_end
    assert outcome.counts["lost"] > 50, "hardly anything was written after the backup"
    assert outcome.counts["restored"] > 25, "hardly anybody noticed"
    assert not [line for line in chain(*(log.splitlines() for log in logs)) if "Traceback" in line]


def serve(system: world.World, words: list[str]) -> None:
    assert words in (["stop", "livechat.target"], ["start", "livechat.target"])
    for app in system.apps:
        if words[0] == "stop":
            app.stop()
        else:
            app.start()


def stored(system: world.World) -> set[str]:
    """Return the client ids of all texts in the database."""
    _chats, entries = system.rows()
    return {entry.client_id for entry in entries if entry.client_id}
