"""Known holes: versions that the server refuses to run with, and the report of the audit."""

import json
import re
from pathlib import Path

import pytest

from config.checks import versions
from tests.machine import audit

ROOT = Path(__file__).parents[3]
LOCK = Path("requirements/run.txt")


@pytest.mark.parametrize(
    ("installed", "is_safe"),
    [("5.2.14", False), ("5.2.15", True), ("5.2.15rc1", False), ("5.10", True), ("6.0", True)],
)
def test_what_has_known_holes_does_not_start(monkeypatch, installed, is_safe):
    have = {"django": installed, "daphne": "4.2.2"}
    monkeypatch.setattr(versions, "version", have.__getitem__)

    found = versions.versions_are_safe()

    assert [error.id for error in found] == ([] if is_safe else ["config.E101"])


def test_the_floors_are_those_that_are_installed_by():
    text = (ROOT / "pyproject.toml").read_text()

    assert {
        name: re.findall(rf'"{name}>=([\d.]+),', text)[0] for name in versions.MINIMA
    } == versions.MINIMA


def test_a_known_hole_is_reported_with_the_version_that_fixes_it():
    hole = {"id": "PYSEC-1", "fix_versions": ["2.0"]}
    packages = [{"name": "old", "version": "1.0", "vulns": [hole]}, {"name": "new", "vulns": []}]

    report = audit.read(json.dumps({"dependencies": packages}))

    assert report.audited == 2
    assert audit.summary(LOCK, report) == ["old 1.0: PYSEC-1, fixed in: 2.0"]


@pytest.mark.parametrize(
    "text", ["", "{}", '{"dependencies": [{"name": "x", "skip_reason": "not found"}]}']
)
def test_it_is_said_loudly_when_nothing_was_looked_up(text):
    report = audit.read(text)

    [line] = audit.summary(LOCK, report)
    assert "NOTHING WAS AUDITED" in line
    assert report.holes == ()


def test_it_is_said_what_was_left_out():
    packages = [{"name": "a", "vulns": []}, {"name": "b", "skip_reason": "not found"}]

    report = audit.read(json.dumps({"dependencies": packages}))

    assert audit.summary(LOCK, report) == ["NOT AUDITED of requirements/run.txt: b"]
