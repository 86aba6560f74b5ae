"""Several processes behind one port: a dead one is replaced, and a stop ends all of them."""

import asyncio
import os
import signal
import time
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect

from tests.faults import world
from tests.faults.people import Visitor
from tests.faults.test_sockets import closing, living, raw
from tests.machine.app import App
from tests.machine.ports import free_port
from tests.machine.timeouts import TIMEOUT_SECONDS, promised, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("workers")]


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Provide one server of two processes."""
    with world.services(tmp_path_factory.mktemp("workers"), servers=1, workers=2) as running:
        yield running


@pytest.fixture
def app(system):
    [only] = system.apps
    only.stop()
    only.start()
    return only


def processes(app):
    """Return the process ids of a server's workers."""
    pid = app.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child) for child in children if b"spawn_main" in command_line(child)}


def command_line(pid):
    """Return the command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def folders_in_use(app):
    """Return the folders in which a server's workers write their metrics."""
    files = [Path(f"/proc/{worker}/fd").iterdir() for worker in processes(app)]
    opened = [one.resolve() for of_one in files for one in of_one]
    return {one.parent for one in opened if one.parent.parent == app.log.parent / "metrics"}


async def test_a_dead_worker_is_replaced_and_its_sockets_come_back(system, app):
    visitors = [Visitor(system.addresses, number, channel=system.channel) for number in range(6)]
    before = processes(app)
    killed = min(before)
    async with living(*visitors):
        os.kill(killed, signal.SIGKILL)
        await until(lambda: len(processes(app) - {killed}) == 2)
        await until(lambda: all(visitor.outbox.connected for visitor in visitors))

    def is_told():
        ended = [line for line in app.log.read_text().splitlines() if "worker.ended" in line]
        return any(str(killed) in line and "-9" in line for line in ended)

    await until(is_told)


def test_ctrl_c_reaches_all_processes_and_is_one_signal(app):
    workers = processes(app)
    [counting] = folders_in_use(app)

    os.killpg(app.pid, signal.SIGINT)

    assert app.wait() == 0
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]
    assert "Traceback" not in app.log.read_text()
    assert not counting.exists()


def test_the_demos_second_site_is_served_once(system, tmp_path):
    environ = {
        "DATABASE_URL": system.postgres.url,
        "REDIS_URL": system.redis.url,
        "DEMO": "1",
        "WORKERS": "2",
    }
    beside = free_port()
    shop = App(tmp_path, environ=environ, second_site_port=beside)
    shop.start()
    try:
        with urllib.request.urlopen(f"http://localhost:{beside}/", timeout=TIMEOUT_SECONDS) as page:
            text = page.read().decode()
    finally:
        code = shop.stop()

    assert shop.url in text
    assert code == 0
    assert shop.log.read_text().count("second site is at") == 1
    assert "is in use" not in shop.log.read_text()


async def test_the_second_signal_ends_all_at_once(app):
    workers = processes(app)
    async with raw(app, "/ws/visitor/berlin/"):
        app.send(signal.SIGTERM)
        await asyncio.sleep(0.7)
        started = time.monotonic()
        app.send(signal.SIGTERM)
        code = await asyncio.to_thread(app.wait)

    assert code == 1
    assert time.monotonic() - started < promised(8)  # draining would take longer
    assert not [worker for worker in workers if Path(f"/proc/{worker}").exists()]


async def test_workers_leave_when_their_supervisor_is_gone(app):
    workers = processes(app)
    async with raw(app, "/ws/visitor/berlin/") as connection:
        app.kill()
        code = await closing(connection)
    await until(lambda: not [one for one in workers if Path(f"/proc/{one}").exists()])

    assert code == 4503


async def test_a_client_that_reads_nothing_delays_no_other(app):
    address = f"{app.socket_url}/ws/visitor/berlin/"
    async with connect(address, origin=app.url, max_queue=1, ping_interval=None, close_timeout=0):
        app.send(signal.SIGTERM)
        started = time.monotonic()
        code = await asyncio.to_thread(app.wait)

    assert code == 0
    assert time.monotonic() - started < promised(10)


def test_without_its_database_it_ends_in_time(system, app):
    system.postgres.kill_immediate()
    started = time.monotonic()
    try:
        code = app.stop()
    finally:
        system.postgres.start()

    assert code == 0
    assert time.monotonic() - started < promised(25)
