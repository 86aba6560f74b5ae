"""Stages of a test run: their time, tests and load; tests that failed once and then passed."""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "var" / "test-stages.jsonl"
"""One line for each stage of the run so far."""

TESTS_FAILED = 1
NO_TESTS = 5
MAX_FLAKY = 5
"""In a whole run. More than these are not bad luck but a fault."""

SLOWEST = 20

Call = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Flaky:
    """A test that failed, and passed when it ran alone."""

    name: str
    why: str


@dataclass(frozen=True)
class Stage:
    """The record of a stage.

    `busy`: share of all CPUs in use by any process; None where the system does not report it.
    `began`: seconds since 1970, because stages may run in parallel.
    """

    title: str
    seconds: float
    code: int
    tests: int = 0
    busy: float | None = None
    flaky: tuple[Flaky, ...] = ()
    slowest: tuple[tuple[float, str], ...] = ()
    began: float = 0.0


@dataclass(frozen=True)
class Results:
    """The results of a pytest run, from its JUnit file."""

    tests: int = 0
    failures: dict[str, str] = field(default_factory=dict)
    slowest: tuple[tuple[float, str], ...] = ()


def begin(record: Path = RECORD) -> None:
    """Delete the records of an earlier run."""
    record.unlink(missing_ok=True)


def run(
    title: str, words: Sequence[str], call: Call, *, again: bool = False, record: Path = RECORD
) -> Stage:
    """Run a stage and record it.

    With `again`, failed tests of pytest are retried once, without the others and in a new process.
    A test that then passes is flaky. The stage fails when a test failed twice, or when the whole
    run has more than MAX_FLAKY flaky tests.
    """
    began, started, before = time.time(), time.monotonic(), _cpu_times()
    results = Results()
    flaky: tuple[Flaky, ...] = ()
    if "pytest" in words:
        code, results, flaky = _pytest(
            words, call, again, sum(len(s.flaky) for s in recorded(record))
        )
    else:
        code = call(words)
    seconds = time.monotonic() - started
    busy = _busy(before, _cpu_times())
    stage = Stage(
        title, round(seconds, 1), code, results.tests, busy, flaky, results.slowest, round(began, 1)
    )
    record.parent.mkdir(exist_ok=True)
    with record.open("a") as file:
        file.write(json.dumps(asdict(stage)) + "\n")
    return stage


def _pytest(
    words: Sequence[str], call: Call, again: bool, flaky_before: int
) -> tuple[int, Results, tuple[Flaky, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        # With a cache of its own, a retry does not include the failures of another stage.
        options = ["-o", f"cache_dir={folder}/cache"]
        first = Path(folder, "first.xml")
        code = call([*words, *options, "--junitxml", str(first)])
        results = read(first)
        failures = results.failures
        if not again or code != TESTS_FAILED or not failures:
            return code, results, ()
        allowed = MAX_FLAKY - flaky_before
        if len(failures) > allowed:
            print(f"{len(failures)} failed, more than luck: not tried again", flush=True)
            return code, results, ()
        print(f"\nOnce more, on their own: {len(failures)} that failed", flush=True)
        last = ["--last-failed", "--last-failed-no-failures", "none"]
        if "--numprocesses" in words:
            # Keep using a worker: without one, grouped tests have other names.
            last += ["--numprocesses", "1"]
        second = Path(folder, "second.xml")
        code = call([*words, *options, *last, "--junitxml", str(second)])
        repeated = read(second)
        if code == 0 and repeated.tests < len(failures):
            print("Not all that failed were found again", flush=True)
            return TESTS_FAILED, results, ()
        passed = failures.keys() - repeated.failures.keys()
        return code, results, tuple(Flaky(name, failures[name]) for name in sorted(passed))


def read(path: Path) -> Results:
    """Return the results in a JUnit file; empty ones where pytest wrote no valid file."""
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))  # noqa: S314 - pytest wrote it
    except (OSError, ElementTree.ParseError):
        return Results()
    failures: dict[str, str] = {}
    times: dict[str, float] = {}
    for case in cases:
        name = f"{case.get('classname', '').removeprefix('tests.')}::{case.get('name', '')}"
        times[name] = times.get(name, 0.0) + float(case.get("time") or 0)
        for problem in (*case.findall("failure"), *case.findall("error")):
            lines = (problem.get("message") or problem.text or "").strip().splitlines()
            failures.setdefault(name, lines[0] if lines else "no message")
    slowest = sorted(((round(s, 1), name) for name, s in times.items()), reverse=True)
    return Results(len(times), failures, tuple(slowest[:SLOWEST]))


def recorded(record: Path = RECORD) -> list[Stage]:
    """Return the stages of the run so far."""
    if not record.exists():
        return []
    found = []
    for line in record.read_text().splitlines():
        values = json.loads(line)
        values["flaky"] = tuple(Flaky(**flaky) for flaky in values["flaky"])
        values["slowest"] = tuple((seconds, name) for seconds, name in values["slowest"])
        found.append(Stage(**values))
    return found


def report(stages: Sequence[Stage]) -> list[str]:
    """Return the lines to print: the table of stages, the slowest tests, the flaky tests."""
    if not stages:
        return []
    width = max(len(stage.title) for stage in stages)
    lines = [f"{'stage':<{width}}   seconds   tests   CPUs busy"]
    for stage in stages:
        busy = "-" if stage.busy is None else f"{stage.busy:.0%}"
        tests = stage.tests or "-"
        verdict = f"   FAILED with {stage.code}" if stage.code else ""
        lines.append(f"{stage.title:<{width}}{stage.seconds:>10.1f}{tests:>8}{busy:>12}{verdict}")
    count = sum(stage.tests for stage in stages)
    seconds = max(s.began + s.seconds for s in stages) - min(s.began for s in stages)
    lines.append(f"{'all':<{width}}{seconds:>10.1f}{count:>8}")
    slowest = sorted((s for stage in stages for s in stage.slowest), reverse=True)[:SLOWEST]
    if slowest:
        lines += ["", f"The {len(slowest)} slowest tests, in seconds"]
        lines += [f"{seconds:>8.1f}  {name}" for seconds, name in slowest]
    if flaky := [f for stage in stages for f in stage.flaky]:
        lines += ["", f"FLAKY: {len(flaky)} failed once and passed on their own"]
        lines += [f"  {test.name}\n      {test.why}" for test in flaky]
    return lines


def _cpu_times() -> tuple[float, float] | None:
    """Return (busy, all) in ticks since the system started; None where it does not report them."""
    try:
        first = Path("/proc/stat").read_text().splitlines()[0]
    except OSError:
        return None
    ticks = [float(tick) for tick in first.split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def _busy(before: tuple[float, float] | None, after: tuple[float, float] | None) -> float | None:
    if before is None or after is None or after[1] <= before[1]:
        return None
    return round((after[0] - before[0]) / (after[1] - before[1]), 2)
