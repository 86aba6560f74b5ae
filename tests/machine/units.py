"""The systemd unit files of the documentation: their directives, and the commands they start."""

import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs/how-to/production"
PYTHON = "/opt/livechat/.venv/bin/python"

Unit = dict[str, dict[str, list[str]]]


def read(name: str) -> Unit:
    """Return section -> directive -> values in order; raises ValueError for any other line."""
    unit: Unit = {}
    section: dict[str, list[str]] = {}
    for line in (FOLDER / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if head := re.fullmatch(r"\[(\w+)\]", line):
            section = unit.setdefault(head[1], {})
        elif directive := re.fullmatch(r"(\w+)=(.*)", line):
            section.setdefault(directive[1], []).append(directive[2])
        else:
            raise ValueError(f"{name}: {line}")
    return unit


def command(name: str, instance: str = "") -> list[str]:
    """Return the command that a service starts, with the Python of this process."""
    [line] = read(name)["Service"]["ExecStart"]
    words = shlex.split(line.replace("%i", instance))
    assert words[0] == PYTHON, words
    return [sys.executable, *words[1:]]


def environment(filled: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the example environment file, with the values in `filled`.

    Fails when the example lacks a name in `filled`.
    """
    lines = (FOLDER / "environment").read_text().splitlines()
    given = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert filled.keys() <= given.keys(), filled.keys() - given.keys()
    return given | dict(filled)
