"""A system check: below these versions are holes that are used."""

import re
from importlib.metadata import version
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register

MINIMA = {"django": "5.2.15", "daphne": "4.2.2"}
"""The floors of `pyproject.toml` that stand for security, not for what we need."""


@register(Tags.security)
def versions_are_safe(**_kwargs: Any) -> list[CheckMessage]:
    return [
        Error(
            f"{name} {version(name)} has known vulnerabilities. Version {least} or newer is"
            " required.",
            hint="Install the packages of requirements/run.txt.",
            id="config.E101",
        )
        for name, least in MINIMA.items()
        if numbers(version(name)) < numbers(least)
    ]


def numbers(text: str) -> tuple[int, ...]:
    """Return a version for comparing; what comes before a release counts as older than it."""
    release = re.match(r"\d+(\.\d+)*", text)
    found = tuple(map(int, release[0].split("."))) if release else ()
    is_early = re.search(r"(a|b|rc|dev)\d", text) is not None
    return (*found, -1 if is_early else 0)
