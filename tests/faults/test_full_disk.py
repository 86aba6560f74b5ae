"""Full disks: requests are rejected clearly, and nothing needs repair afterwards."""

import asyncio
import http.client
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults import scenario, world
from tests.faults.people import Visitor
from tests.machine import disk
from tests.machine.postgres import OWNER
from tests.machine.timeouts import TIMEOUT_SECONDS, until, wait_until

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(not disk.may_mount(), reason="only root may mount a small disk"),
]

FULL_SECONDS = 5.0


async def test_one_disk_for_rows_files_and_log_that_is_full(tmp_path, seed, print_line):
    with disk.small(tmp_path / "var", 24) as room, world.embedded(room.folder) as system:
        [app] = system.apps

        async def faults():
            await asyncio.sleep(2.0)
            token = await a_visitors_token(system)
            await taken(app, token)
            room.fill()
            await asyncio.sleep(1.0)
            refused = await asyncio.to_thread(upload, app, token)
            await asyncio.sleep(FULL_SECONDS)
            room.empty()
            assert (refused[0], refused[1]["error"]["code"]) == (503, "unavailable")
            await taken(app, token)
            return Counter({"disk full": 1})

        outcome = await scenario.chat(system, faults, seed, visitors=20)

        print_line(outcome)
        assert outcome.violations == []
        assert outcome.counts["rejected unavailable"]
        assert app.status("/readyz") == 200
        assert "Traceback" not in app.log.read_text()


@pytest.fixture
def in_the_open() -> Iterator[Path]:
    """Yield a folder that other users may enter, unlike pytest's own folders."""
    with tempfile.TemporaryDirectory(prefix="livechat-disk-") as folder:
        path = Path(folder)
        path.chmod(0o755)
        yield path


async def test_a_disk_of_postgresql_that_is_full(system, in_the_open, seed, print_line):
    with disk.small(in_the_open / "rows", 8) as room:
        rows = room.folder / "tablespace"
        rows.mkdir()
        assert OWNER  # root may mount; PostgreSQL runs as another user
        shutil.chown(rows, OWNER, OWNER)
        system.ask(f"CREATE TABLESPACE small LOCATION '{rows}'")
        move(system, "small")
        try:

            async def faults():
                await asyncio.sleep(2.0)
                room.fill()
                await asyncio.sleep(2 * FULL_SECONDS)  # existing pages still accept rows
                room.empty()
                return Counter({"disk full": 1})

            outcome = await scenario.chat(system, faults, seed, visitors=30, pause=0.5)
        finally:
            room.empty()
            move(system, "pg_default")
            system.ask("DROP TABLESPACE small")

        print_line(outcome)
        assert outcome.violations == []
        assert outcome.counts["rejected unavailable"]


def move(system, tablespace):
    """Move messages and their indexes to `tablespace`."""
    system.ask(f"ALTER TABLE livechat_message SET TABLESPACE {tablespace}")
    indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'livechat_message'"
    for (index,) in system.ask(indexes):
        system.ask(f"ALTER INDEX {index} SET TABLESPACE {tablespace}")


async def a_visitors_token(system):
    vera = Visitor(system.addresses, 1, channel=system.channel)
    life = asyncio.create_task(vera.live())
    await until(lambda: vera.token is not None)
    life.cancel()
    await asyncio.gather(life, return_exceptions=True)
    return vera.token


async def taken(app, token):
    """Return when a file is accepted; check that it is rejected cleanly until then."""

    def is_taken():
        status, answer = upload(app, token)
        assert status == 201 or (status, answer["error"]["code"]) == (503, "unavailable")
        return status == 201

    await asyncio.to_thread(wait_until, is_taken, "a file that is taken")


def upload(app, token):
    """Send a file of 64 KB; return the status and the body of the response."""
    body = (
        b'--limit\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n" + b"much to read\n" * 5_000 + b"\r\n--limit--\r\n"
    )
    headers = {
        "Content-Type": "multipart/form-data; boundary=limit",
        "Authorization": f"Visitor {token}",
    }
    with closing(
        http.client.HTTPConnection("127.0.0.1", app.port, timeout=TIMEOUT_SECONDS)
    ) as connection:
        connection.request("POST", "/widget/berlin/files/", body, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text.startswith(b"{") else text[:300]
