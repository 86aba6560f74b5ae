"""The responses of both health addresses, whatever is wrong."""

import asyncio
import json
import threading
import time

import pytest
from asgiref.sync import sync_to_async
from django.core.files.storage import storages
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.jobs.schedule import SCHEDULE
from config.monitoring import health
from config.monitoring.probe import Probe
from config.server import lifecycle
from livechat.consumers.base import BaseConsumer
from livechat.services import jobs
from tests.asgi import Exchange
from tests.machine import app


@pytest.fixture(autouse=True)
def nothing_is_remembered(settings, tmp_path, monkeypatch) -> None:
    settings.VAR_DIR = tmp_path
    settings.REDIS_URL = ""  # tests/faults covers Redis
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    for probe in (*health.REQUIRED.values(), *health.OPTIONAL.values()):
        probe.clear_cache()
        monkeypatch.setattr(probe, "_timeout_seconds", 20)  # the computer may be busy
    monkeypatch.setattr(health, "_port_closes", False)
    monkeypatch.setattr(BaseConsumer, "draining", False)


@pytest.fixture
def jobs_done(transactional_db) -> None:
    for job in SCHEDULE:
        jobs.perform(job.name, job.work)


async def ask(path: str, method: str = "GET") -> tuple[int, dict[str, bool]]:
    """Call the application as a server would; return status and JSON."""
    application = health.healthz if path == "/healthz" else health.readyz
    answer = await Exchange(application, method, path).run()
    return answer.status, answer.json or {}


@pytest.mark.django_db(transaction=True)
async def test_a_sound_process_is_ready(jobs_done):
    status, said = await ask("/readyz")

    assert status == 200
    assert said.items() >= {"ready": True, "degraded": False, "draining": False}.items()
    assert all(type(value) is bool for value in said.values())


@pytest.mark.django_db(transaction=True)
async def test_a_server_whose_jobs_do_not_run_is_ready_and_degraded():
    status, said = await ask("/readyz")

    assert (status, said["ready"], said["degraded"], said["jobs"]) == (200, True, True, False)


@pytest.mark.django_db(transaction=True)
async def test_a_process_with_which_the_port_goes_is_not():
    await lifecycle.announce_shutdown()

    status, said = await ask("/readyz")

    assert (status, said["ready"], said["draining"]) == (503, False, True)


@pytest.mark.django_db(transaction=True)
async def test_one_that_leaves_the_port_to_others_is_until_its_end():
    await lifecycle.drain()

    status, said = await ask("/readyz")

    assert BaseConsumer.draining
    assert (status, said["ready"], said["draining"]) == (200, True, False)


@pytest.mark.django_db(transaction=True)
async def test_a_server_with_a_full_disk_is_not_ready(settings):
    settings.DISK_RESERVE_PERCENT = 100

    status, said = await ask("/readyz")

    assert (status, said["disk"], said["database"]) == (503, False, True)


@pytest.mark.django_db(transaction=True)
async def test_nor_one_that_cannot_keep_files(tmp_path):
    (tmp_path / "files").write_text("in the way")
    assert storages["files"].location == str(tmp_path / "files")  # type: ignore[attr-defined]

    status, said = await ask("/readyz")

    assert (status, said["files"]) == (503, False)


@pytest.mark.django_db(transaction=True)
async def test_nor_one_that_is_newer_than_its_database():
    recorder = MigrationRecorder(connection)
    await sync_to_async(recorder.record_unapplied)("livechat", "0001_initial")
    try:
        status, said = await ask("/readyz")
    finally:
        await sync_to_async(recorder.record_applied)("livechat", "0001_initial")

    assert (status, said["migrations"]) == (503, False)


async def test_without_a_database_it_is_alive_but_not_ready(settings, monkeypatch):
    def no_database() -> bool:
        raise OSError

    monkeypatch.setitem(
        health.REQUIRED, "database", Probe("x", no_database, timeout_seconds=1, ttl_seconds=1)
    )
    monkeypatch.setitem(
        health.REQUIRED, "migrations", Probe("x", no_database, timeout_seconds=1, ttl_seconds=1)
    )

    assert (await ask("/healthz")) == (200, {"ok": True})
    status, said = await ask("/readyz")
    assert (status, said["database"], said["disk"]) == (503, False, True)


async def test_only_reading_is_allowed():
    assert (await ask("/healthz", "HEAD")) == (200, {})
    assert (await ask("/healthz", "POST"))[0] == 405


async def test_a_probe_that_hangs_runs_once_and_is_waited_for_once():
    release, asked = threading.Event(), []

    def hang() -> bool:
        asked.append(threading.current_thread())
        return release.wait(10)

    probe = Probe("hangs", hang, timeout_seconds=0.2, ttl_seconds=0)

    first = await asyncio.gather(*(probe.result() for _ in range(20)))
    began = time.monotonic()
    later = [await probe.result() for _ in range(20)]
    waited = time.monotonic() - began
    release.set()
    asked[0].join()
    await asyncio.sleep(0)
    healed = await probe.result()

    assert first == later == [None] * 20
    assert len(asked) == 1
    assert waited < 2  # and not 20 times 0.2
    assert healed is True


async def test_an_answer_is_remembered():
    asked = []

    def count() -> bool:
        asked.append(1)
        return True

    probe = Probe("counts", count, timeout_seconds=1, ttl_seconds=60)

    answers = [await probe.result() for _ in range(5)]

    assert answers == [True] * 5
    assert len(asked) == 1


@pytest.mark.slow
@pytest.mark.parametrize("command", ["serve", "runserver"])
def test_both_servers_report_their_health(command, migrated, tmp_path):
    with app.running(tmp_path, command=command) as server:
        before = server.get("/readyz")
        migrated.copy_database(tmp_path)
        time.sleep(health.PROBE_TTL_SECONDS)
        after = server.get("/readyz")

        assert server.get("/healthz") == (200, b'{"ok":true}')
    assert (before[0], json.loads(before[1])["migrations"]) == (503, False)
    assert (after[0], json.loads(after[1])["ready"]) == (200, True)
