"""Stages of a test run: what is reported and what is retried."""

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.machine import stages
from tests.machine.stages import Flaky, Stage

PYTEST = (sys.executable, "-m", "pytest", "-c", "pytest.ini", ".")
ALONE = {"PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""An environment without the settings of the surrounding run."""

ONCE = """
from pathlib import Path

def test_a():
    seen = Path("seen-{name}")
    tried = seen.exists()
    seen.touch()
    assert tried, "not ready yet"
"""


@pytest.fixture
def folder(tmp_path):
    """A project of its own, with a test that passes."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_sound.py").write_text("def test_a():\n    pass\n")
    return tmp_path


@dataclass
class Project:
    """Runs the stage of a project; `calls` counts the pytest runs."""

    folder: Path
    calls: int = 0

    def __call__(self, *, again: bool = True) -> Stage:
        return stages.run("project", PYTEST, self._call, again=again, record=self.folder / "record")

    def _call(self, words: Sequence[str]) -> int:
        self.calls += 1
        silent = subprocess.DEVNULL
        return subprocess.run(words, cwd=self.folder, env=ALONE, stdout=silent).returncode


@pytest.fixture
def run(folder):
    return Project(folder)


def test_a_test_that_fails_once_and_passes_on_its_own_is_flaky(folder, run):
    (folder / "test_unlucky.py").write_text(ONCE.format(name="a"))

    stage = run()

    assert (stage.code, stage.tests, run.calls) == (0, 2, 2)
    [flaky] = stage.flaky
    assert flaky.name == "test_unlucky::test_a"
    assert "not ready yet" in flaky.why


def test_a_test_that_fails_twice_fails(folder, run):
    (folder / "test_unlucky.py").write_text(ONCE.format(name="a"))
    (folder / "test_broken.py").write_text("def test_a():\n    assert False\n")

    stage = run()

    assert stage.code == 1
    assert [flaky.name for flaky in stage.flaky] == ["test_unlucky::test_a"]


def test_more_than_five_that_fail_are_not_luck(folder, run):
    for number in range(6):
        (folder / f"test_{number}.py").write_text(ONCE.format(name=number))

    stage = run()

    assert (stage.code, run.calls, stage.flaky) == (1, 1, ())


def test_those_of_earlier_stages_count(folder, run):
    for number in range(5):
        (folder / f"test_{number}.py").write_text(ONCE.format(name=number))
    first = run()
    (folder / "test_late.py").write_text(ONCE.format(name="late"))

    second = run()

    assert (first.code, len(first.flaky)) == (0, 5)
    assert second.code == 1


def test_where_nothing_may_fail_nothing_is_tried_again(folder, run):
    (folder / "test_unlucky.py").write_text(ONCE.format(name="a"))

    stage = run(again=False)

    assert (stage.code, run.calls, stage.flaky) == (1, 1, ())


def test_what_cannot_begin_is_not_tried_again(folder, run):
    (folder / "test_typo.py").write_text("import no_such_module\n")

    stage = run()

    assert (stage.code, run.calls) == (2, 1)


def test_the_report_lists_every_stage_and_names_flaky_tests(folder, run):
    run()
    [remembered] = stages.recorded(folder / "record")
    unlucky = Stage("Chromium", 60.0, 1, 3, 0.5, (Flaky("browser.test_chat::test_a", "no"),))

    lines = stages.report([remembered, unlucky])

    assert any(line.split()[:3] == ["project", f"{remembered.seconds:.1f}", "1"] for line in lines)
    assert any("Chromium" in line and "50%" in line and "FAILED with 1" in line for line in lines)
    assert "  browser.test_chat::test_a\n      no" in lines


def test_stages_side_by_side_are_counted_once():
    lines = stages.report(
        [Stage("types", 60.0, 0, began=100.0), Stage("style", 10.0, 0, began=130.0)]
    )

    assert any(line.split()[:2] == ["all", "60.0"] for line in lines)


def test_a_new_run_forgets_the_stages_of_the_last_one(folder, run):
    run()

    stages.begin(folder / "record")

    assert stages.recorded(folder / "record") == []
    assert stages.report([]) == []
