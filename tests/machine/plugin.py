"""Rules for every pytest run: network on loopback only, and with ``CI=true`` no skipped test."""

import gc
import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from tests.machine import preloaded, workers

workers.own_redis(os.environ)  # before settings are read
preloaded.everywhere = preloaded.AVAILABLE


_LEFT_OUT = pytest.StashKey[int]()


class NetworkForbiddenError(Exception):
    """A test tried to leave the machine. Not an OSError, which the code under test would handle."""


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Raise NetworkForbiddenError for look-ups of and connections to other machines."""
    connect, connect_ex, look_up = (
        socket.socket.connect,
        socket.socket.connect_ex,
        socket.getaddrinfo,
    )

    def connect_loopback(self: socket.socket, address: Any) -> None:
        _require_loopback(self, address)
        connect(self, address)

    def connect_ex_loopback(self: socket.socket, address: Any) -> int:
        _require_loopback(self, address)
        return connect_ex(self, address)

    def look_up_loopback(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host and not _is_loopback(host):
            raise NetworkForbiddenError(f"A test asked for the address of {host!r}")
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_loopback)
        patch.setattr(socket.socket, "connect_ex", connect_ex_loopback)
        patch.setattr(socket, "getaddrinfo", look_up_loopback)
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect tests that would prove nothing in this run.

    Without PostgreSQL and Redis, these are the tests marked `services`. With them, these are the
    tests of pure code and those that only use a real server on SQLite: they would repeat the other
    run.
    """
    has_services = bool(os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))
    others = [
        item
        for item in items
        if (_is_the_same_embedded(item) if has_services else item.get_closest_marker("services"))
    ]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]
        config.stash[_LEFT_OUT] = len(others)
        if hasattr(config, "workeroutput"):
            config.workeroutput["left_out"] = len(others)  # for the process that prints the summary


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Keep a worker's number of deselected tests; it is the same for all workers."""
    if left := getattr(node, "workeroutput", {}).get("left_out"):
        node.config.stash[_LEFT_OUT] = left


def _is_the_same_embedded(item: pytest.Item) -> bool:
    """Return whether a test runs pure code, or uses only a server with its own folder and SQLite.

    The second kind depends on the fixture `migrated`. `App` starts its server without DATABASE_URL
    and REDIS_URL, so it is the same in both runs. Without a database fixture, pytest-django forbids
    queries in the test itself.
    """
    fixtures = set(getattr(item, "fixturenames", ()))
    asks_database = fixtures & {"db", "transactional_db"} or item.get_closest_marker("django_db")
    return "domain" in item.path.parts or ("migrated" in fixtures and not asks_database)


def pytest_collection_finish() -> None:
    """Exclude permanent objects (modules, models, thousands of tests) from garbage collection.

    A page of the Admin creates a hundred thousand objects. With Python's default thresholds, the
    collector would scan all objects several times for each page.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a CI run in which a test was skipped."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print how many tests are left to the other run, and why a CI run failed."""
    if left := config.stash.get(_LEFT_OUT, 0):
        terminalreporter.write_line(f"tests left to the run in the other world: {left}")
    if skipped := _skipped(config):
        terminalreporter.write_line(f"FAILED: {skipped} skipped, and CI skips nothing", red=True)


def _skipped(config: pytest.Config) -> int:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") != "true" or reporter is None:
        return 0
    return len(reporter.stats.get("skipped", []))


def _require_loopback(sock: socket.socket, address: Any) -> None:
    if sock.family in {socket.AF_INET, socket.AF_INET6} and not _is_loopback(address[0]):
        raise NetworkForbiddenError(f"A test tried to connect to {address!r}")


def _is_loopback(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False
