"""Known holes in locked dependencies, from the advisory database if it can be reached."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Report:
    """Result of an audit: a line per hole, the number of audited packages, names of the others."""

    holes: tuple[str, ...] = ()
    audited: int = 0
    left_out: tuple[str, ...] = ()


def audit(path: Path) -> Report:
    """Look up every package of a lock file. Return an empty report when it takes too long."""
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(path), *options],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Report()
    return read(done.stdout)


def read(text: str) -> Report:
    """Return a report of pip-audit's JSON output.

    pip-audit succeeds even when it could look up nothing, and prints nothing when the database did
    not respond. `Report.audited` shows both.
    """
    try:
        packages = json.loads(text)["dependencies"]
    except (ValueError, KeyError):
        return Report()
    holes: list[str] = []
    for package in packages:
        for hole in package.get("vulns", ()):
            fixed = ", ".join(hole["fix_versions"]) or "not yet"
            holes.append(f"{package['name']} {package['version']}: {hole['id']}, fixed in: {fixed}")
    left_out = tuple(package["name"] for package in packages if "skip_reason" in package)
    return Report(tuple(holes), len(packages) - len(left_out), left_out)


def summary(path: Path, report: Report) -> Sequence[str]:
    """Return the lines to print in a box; none when all is well."""
    lines = list(report.holes)
    if not report.audited:
        lines.append(f"NOTHING WAS AUDITED of {path}: the advisory database was not reached.")
    elif report.left_out:
        lines.append(f"NOT AUDITED of {path}: {', '.join(report.left_out)}")
    return lines
