"""Servers that are there at once: forked from a process that has imported everything.

A server spends most of its start on imports, and each browser test has one of its own. Python has a
fork server: it imports this module once, in the folder `TEMPLATE` names; a copy of that folder is a
server by a fork. Settings are read before the fork, so they name the folder as the process's own.
"""

import gc
import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

TEMPLATE = "LIVECHAT_TEMPLATE"
ROOT = Path(__file__).parents[2]
OWN_FOLDER = Path("/proc/self/cwd")

AVAILABLE = OWN_FOLDER.exists()
"""Only Linux has such a name."""

_context = multiprocessing.get_context("forkserver")


def prepare(template: Path, environ: Mapping[str, str]) -> None:
    """Start the process to fork from, with settings as `environ` and the folder `template` say."""
    _context.set_forkserver_preload([__name__])
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(
        {**environ, "VAR_DIR": str(OWN_FOLDER), "PYTHONPATH": str(ROOT), TEMPLATE: str(template)}
    )
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


class Forked:
    """A process with what `App` asks of a `subprocess.Popen`."""

    def __init__(self, folder: Path, arguments: Sequence[str], log: Path) -> None:
        self._process: ForkServerProcess = _context.Process(
            target=_serve, args=(folder, arguments, log)
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        if (code := self._process.exitcode) is None:
            raise subprocess.TimeoutExpired("manage.py", timeout or 0.0)
        return code

    def send_signal(self, sig: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self._process.kill()


def _serve(folder: Path, arguments: Sequence[str], log: Path) -> None:
    from django.apps import apps
    from django.core.management import execute_from_command_line

    assert apps.ready, "nothing was imported before the fork"
    os.setsid()  # Ctrl-C is for the tests, which stop us in their turn
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for own, other in ((0, nothing), (1, written), (2, written)):
        os.dup2(other, own)
    sys.argv = ["manage.py", *arguments]
    execute_from_command_line(sys.argv)


if os.environ.get(TEMPLATE) and multiprocessing.current_process().name == "MainProcess":
    os.chdir(os.environ[TEMPLATE])
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django

    django.setup()
    import config.asgi
    import config.management.commands.serve
    import config.urls  # noqa: F401

    # What is here now is never garbage: no server looks it through, nor copies its memory for that.
    gc.collect()
    gc.freeze()
