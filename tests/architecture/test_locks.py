"""The lock files match their requirements, and name no host."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUN = PROJECT["dependencies"]
TEST = [*RUN, *PROJECT["optional-dependencies"]["test"]]


def pins(text: str) -> dict[str, str]:
    """Return the version of every package in a requirements file."""
    found = re.findall(r"^([\w.-]+)(?:\[[\w,-]+\])?==([^\s;]+)", text, re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize(
    ("lock", "requirements"), [("requirements/run.txt", RUN), ("requirements/test.txt", TEST)]
)
def test_a_requirements_file_is_hashed_and_fulfils_pyproject(lock, requirements):
    text = (ROOT / lock).read_text()
    pinned = pins(text)

    wrong = [
        line
        for line in requirements
        if not (wanted := Requirement(line)).specifier.contains(
            pinned.get(canonicalize_name(wanted.name), "0")
        )
    ]

    assert wrong == [], "make lock"
    assert "://" not in text
    for block in re.split(r"\n(?=\S)", text):
        assert block.startswith("#") or "--hash=sha256:" in block, block


def test_tests_run_on_the_packages_that_are_run():
    run = pins((ROOT / "requirements/run.txt").read_text())
    test = pins((ROOT / "requirements/test.txt").read_text())

    assert {name: test.get(name) for name in run} == run


def test_package_lock_is_hashed_names_no_host_and_fulfils_package_json():
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    tools = {name.removeprefix("node_modules/"): entry for name, entry in packages.items() if name}

    assert {name: tools[name]["version"] for name in wanted} == wanted
    assert all("integrity" in entry and "resolved" not in entry for entry in tools.values())
