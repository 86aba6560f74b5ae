"""Celery's worker and beat as child processes beside a server."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.machine.app import ROOT, App

PATIENCE_SECONDS = 30


class Celery:
    """``celery -A config worker`` or ``beat`` on the environment of `app`."""

    def __init__(self, app: App, var: Path, *words: str) -> None:
        self.log = var / f"{words[0]}.log"
        self._words = [sys.executable, "-m", "celery", "-A", "config", *words]
        self._environ = app.environ
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; what it does is seen in the rows of the jobs."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._words,
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def freeze(self) -> None:
        """Halt it and its children where they are, until `thaw`."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def stop(self) -> int | None:
        """Let it finish what it does; return its exit code, or None when it did not run."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill(process)
            raise

    def kill(self) -> None:
        """End it and its children at once, as in a crash; they are a process group of their own."""
        process, self._process = self._process, None
        if process is not None:
            self._kill(process)

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
