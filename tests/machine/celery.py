"""Celery's worker and beat as child processes beside a server."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from tests.machine.app import App, Process
from tests.machine.patience import PATIENCE_SECONDS


class Celery:
    """``celery -A config worker`` or ``beat`` on the environment of `app`."""

    def __init__(self, app: App, var: Path, *words: str) -> None:
        self.log = var / f"{words[0]}.log"
        self._app = app
        self._program = ["-m", "celery", "-A", "config", *words]
        self._process: Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; what it does is seen in the rows of the jobs."""
        self._process = self._app.begin(self._program, self.log)

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

    def _kill(self, process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # before it had a group of its own
        process.wait()
