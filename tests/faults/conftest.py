"""Fixtures and the time limit of all fault tests."""

import os
import random
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import breakable_system
from tests.faults.breakable_system import LinkedWorld
from tests.faults.foundation import foundations
from tests.machine.timeouts import IS_ALONE, wait_until
from tests.machine.workers import once

LIMIT_SECONDS = 900
"""Limit of one test. It ends tests that wait without a limit of their own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents and not IS_ALONE:
            item.add_marker(pytest.mark.timeout(LIMIT_SECONDS))


@pytest.fixture(scope="session", autouse=True)
def shared_foundations(tmp_path_factory):
    """Let all workers build their worlds from the same databases."""
    foundations.room = lambda name: once(tmp_path_factory, name)


@pytest.fixture
def seed(print_line):
    """Return the seed of this run; FAULT_SEED repeats an earlier run."""
    number = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    print_line(f"FAULT_SEED={number}")
    return number


@pytest.fixture
def print_line(capsys):
    """Print a line at once, for a person who watches the run."""

    def say(line: object) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n    {line}")
            sys.stdout.flush()

    return say


@pytest.fixture(scope="session")
def linked_world(tmp_path_factory) -> Iterator[LinkedWorld]:
    with breakable_system.services(tmp_path_factory.mktemp("linked")) as running:
        yield running


@pytest.fixture
def system(linked_world) -> Iterator[LinkedWorld]:
    """Provide two servers, with links to break; check afterwards that all of them are healthy."""
    linked_world.begin_anew()
    yield linked_world
    for link in linked_world.links:
        link.heal()
    wait_until(lambda: linked_world.ready() == {200}, "ready")
    linked_world.end_jobs()
    complaints = linked_world.complaints()
    assert not complaints, "\n".join(complaints)
