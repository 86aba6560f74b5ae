"""Celery's worker and beat as child processes next to a server."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

from tests.machine.app import App, Process
from tests.machine.timeouts import TIMEOUT_SECONDS


class Celery:
    """``celery -A config worker`` or ``beat`` in the environment of `app`."""

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
        """Start it, without waiting. Its progress is visible in the rows of the jobs."""
        self._process = self._app.begin(self._program, self.log)

    def freeze(self) -> None:
        """Suspend it and its children until `thaw`."""
        os.killpg(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def stop(self) -> int | None:
        """Let it finish its work; return its exit code, or None when it was not running."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._kill(process)
            raise

    def kill(self) -> None:
        """Kill it and its children, as in a crash. They have a process group of their own."""
        process, self._process = self._process, None
        if process is not None:
            self._kill(process)

    def _kill(self, process: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()  # in case it has no process group yet
        process.wait()
