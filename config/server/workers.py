"""Several worker processes behind one listening socket: ``manage.py serve --workers N``.

uvicorn's supervisor spawns them, each with an interpreter of its own, and collects signals. Workers
take a while to drain, so the supervisor handles signals while it waits for them.
"""

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections import deque
from multiprocessing import resource_tracker
from types import FrameType

import django
import structlog
import uvicorn
from prometheus_client.multiprocess import mark_process_dead
from uvicorn.supervisors.multiprocess import Multiprocess, Process

django.setup()  # a spawned interpreter starts with this module

from config.server.process import EXIT_SECONDS, Server  # noqa: E402 - needs the apps to be loaded

logger = structlog.stdlib.get_logger(__name__)

RETIRE = signal.SIGUSR1
"""The signal that tells a worker that another one has replaced it."""
START_SECONDS = 60
"""How long a new worker may take to become ready."""
RESPAWN_SECONDS = 1.0
"""The shortest time between the replacements of two workers that died."""


class Worker(Process):
    """A process that serves until the supervisor stops it, or has died itself."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        threading.Thread(target=_leave_with_the_supervisor, daemon=True).start()
        server = self._server = WorkersServer(self.config)  # uvicorn would take its own
        signal.signal(RETIRE, server.retire)
        super().target(sockets)


class WorkersServer(Server):
    """The server inside a worker.

    A terminal or a service manager may signal all processes at once. The supervisor's signal, which
    follows, does not count as a second one.
    """

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and not self.should_exit:
            super().handle_exit(sig, frame)

    def retire(self, _sig: int, frame: FrameType | None) -> None:
        """Stop while other workers keep serving the port, so /readyz stays 200."""
        self.announces_shutdown = False
        self.handle_exit(signal.SIGTERM, frame)


class Supervisor(Multiprocess):
    """Replaces workers that die. SIGHUP replaces all of them, one after the other. SIGTERM and
    SIGINT drain all of them; a second one kills them."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.processes: list[Process] = []
        self._has_served = False
        self._next_start = 0.0
        self._outdated: deque[Process] = deque()
        self._successor: Process | None = None
        self._ready_deadline = 0.0
        self._leaving: list[Process] = []

    def run_to_the_end(self) -> bool:
        """Serve until stopped. Return whether all workers ended properly: after draining, or before
        they began to serve."""
        self.run()
        return all(worker.exitcode in (0, -signal.SIGTERM) for worker in self._all())

    # Called by uvicorn's loop.

    def init_processes(self) -> None:
        self.processes = [self._start() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        """Check the workers; called about twice a second."""
        self._has_served = self._has_served or any(one.is_ready(0.1) for one in self.processes)
        for dead in [one for one in self.processes if not one.process.is_alive()]:
            self._replace(dead)
        for gone in [one for one in self._leaving if not one.process.is_alive()]:
            self._leaving.remove(gone)
            mark_process_dead(gone.pid)  # type: ignore[no-untyped-call]
        if self._outdated and not self._leaving:
            self._renew()

    def terminate_all(self) -> None:
        """Drain all workers. Closes the supervisor's copy of the listening socket first: it would
        keep the port open, and clients would connect without getting a response."""
        for listening in self.sockets:
            listening.close()
        super().terminate_all()
        if self._successor is not None:
            self._successor.terminate()

    def join_all(self) -> None:
        latest = time.monotonic() + EXIT_SECONDS + 1
        while any(one.process.is_alive() for one in self._all()):
            self.handle_signals()
            if time.monotonic() > latest:
                self._kill_all()
            time.sleep(0.05)

    def handle_hup(self) -> None:
        logger.info("workers.renewed")
        self._outdated = deque([*self.processes, *([self._successor] if self._successor else [])])

    def handle_term(self) -> None:
        if self.should_exit.is_set():
            self._kill_all()
        self.should_exit.set()

    handle_int = handle_term
    # The number of workers is what it was started with.
    handle_ttin = handle_ttou = None  # type: ignore[assignment]

    # Internals.

    def _start(self) -> Process:
        worker = Worker(self.config, self.sockets)
        # Starting the first child starts the resource tracker, which would unblock the signal.
        resource_tracker.ensure_running()
        # Stays blocked in the worker, which Ctrl-C reaches before its handlers are installed.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        worker.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        return worker

    def _replace(self, dead: Process) -> None:
        if not self._has_served and (dead.exitcode or 0) > 0:
            logger.error("worker.never_served", process=dead.pid, status=dead.exitcode)
            self.should_exit.set()
        elif time.monotonic() > self._next_start:
            self._next_start = time.monotonic() + RESPAWN_SECONDS
            new = self.processes[self.processes.index(dead)] = self._start()
            logger.error("worker.ended", process=dead.pid, status=dead.exitcode, successor=new.pid)
            mark_process_dead(dead.pid)  # type: ignore[no-untyped-call]
            if dead in self._outdated:
                self._outdated.remove(dead)

    def _renew(self) -> None:
        """Take one step of replacing all workers: start the next one, or, once it is ready, retire
        the worker that it replaces."""
        if self._successor is None:
            self._successor = self._start()
            self._ready_deadline = time.monotonic() + START_SECONDS
        elif self._successor.is_ready(0.5):
            old = self._outdated.popleft()
            self.processes[self.processes.index(old)] = self._successor
            self._leaving = [old]
            if old.process.is_alive() and old.pid is not None:
                os.kill(old.pid, RETIRE)
            logger.info("worker.replaced", process=old.pid, successor=self._successor.pid)
            self._successor = None
        elif not self._successor.process.is_alive() or time.monotonic() > self._ready_deadline:
            # Keep the remaining workers of the old release.
            logger.error("worker.never_ready", process=self._successor.pid)
            self._successor.kill()
            self._successor.join()
            self._successor = None
            self._outdated.clear()

    def _all(self) -> list[Process]:
        return [*self.processes, *self._leaving, *([self._successor] if self._successor else [])]

    def _kill_all(self) -> None:
        for one in self._all():
            one.process.kill()


def _leave_with_the_supervisor() -> None:
    supervisor = multiprocessing.parent_process()
    if supervisor is not None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)
