"""The commands behind the Makefile: ``python -m tests.machine install|stage|run|audit|report``."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from tests.machine import audit, postgres, programs, redis, stages

WIDTH = 88


def main() -> int:
    """Run the command given on the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.machine")
    commands = parser.add_subparsers(dest="command", required=True)
    install_parser = commands.add_parser("install", help="install programs where we may")
    install_parser.add_argument(
        "names", nargs="*", metavar="program", help="without any, all that tests need"
    )
    commands.add_parser("begin", help="forget the stages of an earlier run")
    commands.add_parser("report", help="tell how the stages went and what this machine lacks")
    audit_parser = commands.add_parser("audit", help="look for known holes in locked dependencies")
    audit_parser.add_argument("files", nargs="+", type=Path)
    run_parser = commands.add_parser("run", help="run a command beside PostgreSQL and Redis")
    stage_parser = commands.add_parser("stage", help="run a command under a heading, with its time")
    stage_parser.add_argument("title")
    stage_parser.add_argument("--needs", action="append", default=[], choices=programs.FIND_ALL)
    stage_parser.add_argument("--again", action="store_true", help="try failed tests once more")
    for with_command in (run_parser, stage_parser):
        with_command.add_argument("words", nargs="+", metavar="-- command")
    options = parser.parse_args()
    # Exit through the context managers, which end the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))

    match options.command:
        case "install":
            return install(options.names or list(programs.FIND))
        case "begin":
            stages.begin()
            return 0
        case "report":
            return report()
        case "audit":
            return look_for_holes(options.files)
        case "run":
            return run(options.words)
        case _:
            return stage(options.title, options.words, options.needs, again=options.again)


def install(names: Sequence[str]) -> int:
    """Install programs. In CI, return 1 when one is still missing."""
    absent = programs.install(names)
    if absent:
        shout(f"{', '.join(absent)} missing. By hand: {programs.by_hand(absent)}")
    return 1 if absent and in_ci() else 0


def report() -> int:
    """Print the results of all stages and, in a box, which programs were missing."""
    if lines := stages.report(stages.recorded()):
        heading("stages", f"{datetime.now().astimezone():%H:%M:%S}")
        print(*lines, sep="\n", flush=True)
    if absent := programs.missing(programs.FIND):
        shout(
            f"NOT EVERYTHING WAS TESTED: {', '.join(absent)} missing on this machine.",
            f"By hand: {programs.by_hand(absent)}",
        )
    return 0


def look_for_holes(files: Sequence[Path]) -> int:
    """Return 1 for a known hole. Packages that could not be looked up only print a box."""
    code = 0
    for path in files:
        report = audit.audit(path)
        if lines := audit.summary(path, report):
            shout(*lines)
        print(f"{path}: {report.audited} audited, {len(report.holes)} known holes", flush=True)
        code |= bool(report.holes)
    return code


def run(words: Sequence[str]) -> int:
    """Run `words` with DATABASE_URL and REDIS_URL of servers that stop when it ends."""
    # Do not drop the test database: threads still hold connections. It goes with its server.
    pytest_options = f"{os.environ.get('PYTEST_ADDOPTS', '')} --reuse-db"
    with postgres.running() as database, redis.running() as memory:
        return call(
            words,
            {
                "DATABASE_URL": database.url,
                "REDIS_URL": memory.url,
                "PYTEST_ADDOPTS": pytest_options,
            },
        )


def stage(title: str, words: Sequence[str], needs: Sequence[str], *, again: bool) -> int:
    """Run `words`. When a program in `needs` is missing, print a box instead; in CI, return 1."""
    heading(f"{title}", f"{datetime.now().astimezone():%H:%M:%S}")
    if absent := programs.missing(needs):
        shout(f"NOT RUN: {title}. Missing: {', '.join(absent)}")
        return 1 if in_ci() else 0
    done = stages.run(title, words, lambda command: call(command, {}), again=again)
    reason = " (no test was found)" if done.code == stages.NO_TESTS and done.tests == 0 else ""
    verdict = f"FAILED with {done.code}{reason}" if done.code else "done"
    flaky = f", {len(done.flaky)} flaky" if done.flaky else ""
    print(f"{title}: {verdict}{flaky} after {done.seconds} s", flush=True)
    return done.code


def call(words: Sequence[str], environ: Mapping[str, str]) -> int:
    """Return a command's exit code. Ctrl-C reaches it too; wait until it ends."""
    with subprocess.Popen(words, env={**os.environ, **environ}) as child:
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        while True:
            try:
                code = child.wait()
            except KeyboardInterrupt:
                continue
            return code if code >= 0 else 128 - code


def in_ci() -> bool:
    """Return whether this is a CI run, in which nothing may be skipped."""
    return os.environ.get("CI") == "true"


def heading(left: str, right: str) -> None:
    """Print a heading line that stands out in a long log."""
    print(f"\n── {left} {'─' * (WIDTH - len(left) - len(right) - 5)} {right}", flush=True)


def shout(*lines: str) -> None:
    """Print lines in a box that stands out in a long log."""
    bar = "!" * WIDTH
    print("", bar, *(f"!! {line}" for line in lines), bar, "", sep="\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
