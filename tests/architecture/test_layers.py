"""import-linter and mypy check every app, so that no contract passes because it sees nothing."""

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_import_linter_and_mypy_know_every_app():
    apps = {path.parent.name for path in ROOT.glob("*/apps.py")}
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]

    assert apps <= set(tools["importlinter"]["root_packages"])
    assert apps <= set(tools["mypy"]["packages"])
