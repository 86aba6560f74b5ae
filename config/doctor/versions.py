"""Checks that Python and the libraries are new enough."""

import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

from config.doctor.finding import Finding, error, ok

PYTHON = (3, 11)
MIN_VERSION = {"Django": (5, 2, 15), "channels": (4, 3), "daphne": (4, 2, 2), "uvicorn": (0, 49)}
"""Older versions have known vulnerabilities."""


def numbers(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a version."""
    found: list[int] = []
    for part in text.split("."):
        digits = part[: len(part) - len(part.lstrip("0123456789"))]
        if not digits:
            break
        found.append(int(digits))
    return tuple(found)


def versions() -> Iterator[Finding]:
    if sys.version_info < PYTHON:
        yield error(
            f"Python {platform.python_version()} is too old.", "Install Python 3.11 or newer."
        )
    for name, least in MIN_VERSION.items():
        wanted = ".".join(map(str, least))
        try:
            found = version(name)
        except PackageNotFoundError:
            yield error(
                f"{name} is not installed.", "Install the packages of requirements/run.txt."
            )
            continue
        if numbers(found) < least:
            yield error(
                f"{name} {found} has known vulnerabilities.",
                f"Install the packages of requirements/run.txt. {name} {wanted} or newer is"
                " required.",
            )
    yield ok(f"Python {platform.python_version()}, Django {version('Django')}.")
