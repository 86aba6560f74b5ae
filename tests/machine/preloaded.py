"""Servers that start at once: forked from a process that has already done their imports.

A server spends most of its start on imports, and tests start hundreds of servers. Python's fork
server imports this module once, and with it the libraries that all servers import. A fork reads the
settings from its own environment and runs its program as Python would.

`prepare` makes the fork server read the settings too. This fits servers whose settings differ only
in the folder, as in browser tests: these settings name the folder as the process's own.
"""

import atexit
import gc
import importlib
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

PRELOAD = "LIVECHAT_PRELOAD"
"""Environment variable for the fork server: the folder of a template, or NO_SETTINGS."""
NO_SETTINGS = "none"
ROOT = Path(__file__).parents[2]
OWN_FOLDER = Path("/proc/self/cwd")

AVAILABLE = OWN_FOLDER.exists()
"""Only Linux has such a path."""
everywhere = False
"""Whether servers with any settings are forked: in tests yes, in benchmarks of their speed no."""

LIBRARIES = (
    *("celery.apps.worker", "channels.db", "channels.generic.websocket", "channels.layers"),
    *("django.contrib.admin", "django.contrib.postgres.fields", "django.views.generic"),
    *("django.contrib.staticfiles.storage", "django.db.backends.postgresql.base"),
    *("django.db.backends.sqlite3.base", "django.template.defaulttags", "django.views.debug"),
    *("django.template.loader_tags", "geoip2.database", "httptools", "idna", "PIL.Image"),
    *("psycopg", "re2", "redis.asyncio", "servestatic.storage", "structlog"),
    *("uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl"),
    "uvicorn.supervisors.multiprocess",
)
"""Slow imports that read neither settings nor the environment."""

_context = multiprocessing.get_context("forkserver")
_beginning = threading.Lock()
_kind = ""
"""What the fork server of this process is for. A process has one fork server at most."""


def prepare(template: Path, environ: Mapping[str, str]) -> bool:
    """Start the fork server with the settings of `environ` and the folder `template`.

    Returns False where forking is not available, or the fork server has other settings already.
    """
    return AVAILABLE and _is_for(str(template), {**environ, "VAR_DIR": str(OWN_FOLDER)})


def is_for_any() -> bool:
    """Return whether a server with any settings can be forked."""
    return everywhere and _is_for(NO_SETTINGS, os.environ)


def _is_for(kind: str, environ: Mapping[str, str]) -> bool:
    global _kind
    with _beginning:
        if not _kind:
            _begin(kind, environ)
            _kind = kind
    return _kind == kind


def _begin(kind: str, environ: Mapping[str, str]) -> None:
    """Start the fork server.

    It inherits the environment of this process, which is replaced for that moment. This happens
    only once, because other threads may read the environment.
    """
    _context.set_forkserver_preload([__name__])
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update({**environ, "PYTHONPATH": str(ROOT), PRELOAD: kind})
    try:
        forkserver.ensure_running()
    finally:
        os.environ.clear()
        os.environ.update(before)


class Forked:
    """A forked process with the methods of `subprocess.Popen` that `App` uses.

    `program` are the arguments for ``python``: a file of this repository, or ``-m`` and a module,
    then arguments. Without `environ` the fork has the settings given to `prepare`.
    """

    def __init__(
        self,
        program: Sequence[str],
        *,
        folder: Path,
        log: Path,
        errors: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._process: ForkServerProcess = _context.Process(
            target=_serve, args=(program, folder, log, errors or log, environ)
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


def _serve(
    program: Sequence[str],
    folder: Path,
    log: Path,
    errors: Path,
    environ: Mapping[str, str] | None,
) -> None:
    from django.apps import apps

    os.setsid()  # the tests handle Ctrl-C and then stop this process
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    stdout, stderr = (os.open(one, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for one in (log, errors))
    for own, other in ((0, nothing), (1, stdout), (2, stderr)):
        os.dup2(other, own)
    os.chdir(folder)
    if environ is None:
        assert apps.ready, "nothing was prepared"
    else:
        os.environ.clear()
        os.environ.update(environ)
    try:
        if program[0] == "-m":
            sys.argv = list(program[1:])
            runpy.run_module(program[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = list(program)
            runpy.run_path(str(ROOT / program[0]), run_name="__main__")
    finally:
        atexit._run_exitfuncs()  # a fork does not run these by itself


def _import(preload: str) -> None:
    if preload != NO_SETTINGS:
        os.chdir(preload)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        importlib.import_module("django").setup()
        libraries: tuple[str, ...] = (
            "config.asgi",
            "config.management.commands.serve",
            "config.urls",
        )
    else:
        libraries = LIBRARIES
    for library in libraries:
        importlib.import_module(library)
    # These objects are never garbage. Frozen, they are not scanned, so no fork copies their memory.
    gc.collect()
    gc.freeze()


if PRELOAD in os.environ and multiprocessing.current_process().name == "MainProcess":
    _import(os.environ.pop(PRELOAD))
