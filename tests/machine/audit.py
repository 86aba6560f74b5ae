"""Known holes in what we depend on, as far as the advisory database can be reached."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE_SECONDS = 300


@dataclass(frozen=True)
class Report:
    """What was found: lines about `holes`, how many were `audited`, and the names of the others."""

    holes: tuple[str, ...] = ()
    audited: int = 0
    left_out: tuple[str, ...] = ()


def audit(path: Path) -> Report:
    """Ask for everything a lock file names."""
    options = ("--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pip_audit", "--requirement", str(path), *options],
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Report()
    return read(done.stdout)


def read(text: str) -> Report:
    """Return what pip-audit tells in JSON. It is content, and says so, where it could look up
    nothing; and it says nothing at all where it got no answer."""
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


def told(path: Path, report: Report) -> Sequence[str]:
    """Return what has to be said loudly; nothing when all is well."""
    lines = list(report.holes)
    if not report.audited:
        lines.append(f"NOTHING WAS AUDITED of {path}: the advisory database was not reached.")
    elif report.left_out:
        lines.append(f"NOT AUDITED of {path}: {', '.join(report.left_out)}")
    return lines
