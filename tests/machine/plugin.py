"""What every pytest run holds: loopback only, and with ``CI=true`` nothing is skipped."""

import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from tests.machine import preloaded, workers

workers.own_redis(os.environ)  # before settings are read
preloaded.everywhere = preloaded.AVAILABLE


class NetworkForbiddenError(Exception):
    """A test tried to leave the machine. No OSError, or the code under test would handle it."""


@pytest.fixture(autouse=True, scope="session")
def loopback_only() -> Iterator[None]:
    """Refuse to look up or connect to anything but this machine."""
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
    """Leave the tests marked `services` to the run that has PostgreSQL and Redis."""
    if os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"):
        return
    others = [item for item in items if item.get_closest_marker("services")]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if not item.get_closest_marker("services")]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run of CI in which a test was skipped."""
    if _skipped(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say why such a run failed."""
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
