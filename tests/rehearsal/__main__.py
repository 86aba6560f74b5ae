"""``make rehearse``: set up a production system, restart it under load, look at it in a browser.

Follows the documentation. Prints a log; exits with 1 when a promise was broken. Judge the times
yourself: on an idle machine, 99 % of the messages are acknowledged within a second.
"""

import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.rehearsal import production_system, rolling, smoke
from tests.rehearsal.production_system import ProductionSystem
from tests.rehearsal.rolling import Result


def main() -> int:
    """Run the whole rehearsal; return the exit code."""
    # Exit through the context managers, which end the servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    seed = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="livechat-rehearsal-") as folder,
        production_system.built(Path(folder)) as place,
    ):
        for line in place.set_up():
            say(started, line)
        for service in place.services:
            service.start()
            say(started, f"{service.name} runs")
        say(started, f"people chat through nginx while everything is restarted (FAULT_SEED={seed})")
        result = rolling.rehearse(place, seed)
        for line in protocol(result):
            say(started, line)
        for line in smoke.look(place):
            say(started, line)
        faults = [*result.faults(), *traces(place), *place.proxy.complaints()]
        for fault in faults:
            say(started, f"NOT AS PROMISED: {fault}")
    say(started, f"{len(faults)} faults" if faults else "as promised")
    return 1 if faults else 0


def protocol(result: Result) -> list[str]:
    outcome, restarts = result.outcome, result.restarts
    answers = ", ".join(f"{count} of {status}" for status, count in sorted(result.statuses.items()))
    return [
        str(outcome),
        f"{len(restarts.seconds)} restarts; the longest stop took {max(restarts.seconds):.1f} s",
        f"acked within {outcome.wait(0.5):.3f} s (half), {outcome.wait(0.99):.3f} s (99 %),"
        f" {outcome.wait(1):.3f} s (all)",
        f"nginx answered {answers}",
    ]


def traces(place: ProductionSystem) -> list[str]:
    """Return the services that logged a traceback, each with the end of its log."""
    found = [(service.name, service.log.read_text()) for service in place.services]
    return [f"{name}: {log[-2000:]}" for name, log in found if "Traceback" in log]


def say(started: float, line: str) -> None:
    sys.stdout.write(f"{time.monotonic() - started:6.1f} s  {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
