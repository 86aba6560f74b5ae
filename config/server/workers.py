"""Many processes behind one listening socket: ``manage.py serve --workers N``.

uvicorn's supervisor spawns them, each with an interpreter of its own, and collects signals. Ours
drain, which takes a while: nothing here waits for a worker without hearing signals meanwhile.
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

django.setup()  # a spawned interpreter begins with this module

from config.server.process import EXIT_SECONDS, Server  # noqa: E402 - needs the apps to be loaded

logger = structlog.stdlib.get_logger(__name__)

RETIRE = signal.SIGUSR1
"""What tells a worker that another one has taken its place."""
START_SECONDS = 60
"""How long a new worker has until it answers."""
RESPAWN_SECONDS = 1.0
"""The shortest time between two workers that take the place of dead ones."""


class Worker(Process):
    """A process that serves until the supervisor says so, or is gone."""

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        threading.Thread(target=_leave_with_the_supervisor, daemon=True).start()
        server = self._server = WorkersServer(self.config)  # uvicorn would take its own
        signal.signal(RETIRE, server.retire)
        super().target(sockets)


class WorkersServer(Server):
    """The server inside a worker. A terminal and a service manager may send their signal to all
    processes at once; the supervisor's, which comes on top, is no second one."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and not self.should_exit:
            super().handle_exit(sig, frame)

    def retire(self, _sig: int, frame: FrameType | None) -> None:
        """Stop while others stay at the port: whoever asks it is still to hear that it is ready."""
        self.gives_notice = False
        self.handle_exit(signal.SIGTERM, frame)


class Supervisor(Multiprocess):
    """Keeps the workers alive. SIGHUP replaces them one after the other, SIGTERM and SIGINT have
    all of them drain, and the second of these ends them at once."""

    def __init__(self, config: uvicorn.Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.processes: list[Process] = []
        self._has_served = False
        self._next_start = 0.0
        self._outdated: deque[Process] = deque()
        self._successor: Process | None = None
        self._patient_until = 0.0
        self._leaving: list[Process] = []

    def run_to_the_end(self) -> bool:
        """Serve until told to stop; say whether all workers ended as they should: drained, or
        before they had begun to serve."""
        self.run()
        return all(worker.exitcode in (0, -signal.SIGTERM) for worker in self._all())

    # What uvicorn's loop calls.

    def init_processes(self) -> None:
        self.processes = [self._start() for _ in range(self.processes_num)]

    def keep_subprocess_alive(self) -> None:
        """Do the work of half a second."""
        self._has_served = self._has_served or any(one.is_ready(0.1) for one in self.processes)
        for dead in [one for one in self.processes if not one.process.is_alive()]:
            self._replace(dead)
        for gone in [one for one in self._leaving if not one.process.is_alive()]:
            self._leaving.remove(gone)
            mark_process_dead(gone.pid)  # type: ignore[no-untyped-call]
        if self._outdated and not self._leaving:
            self._renew()

    def terminate_all(self) -> None:
        """Have all workers drain. Our copy of the listening socket would keep the port open, and
        who connects would wait for an answer that nobody gives."""
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

    # What it does.

    def _start(self) -> Process:
        worker = Worker(self.config, self.sockets)
        # The first child brings this process along, which would unblock the signal again.
        resource_tracker.ensure_running()
        # Blocked for good in the worker: Ctrl-C reaches it too, before it can know what to do.
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
        """Take one step of replacing all workers: start the next one, or, once it answers, send
        away whom it replaces."""
        if self._successor is None:
            self._successor = self._start()
            self._patient_until = time.monotonic() + START_SECONDS
        elif self._successor.is_ready(0.5):
            old = self._outdated.popleft()
            self.processes[self.processes.index(old)] = self._successor
            self._leaving = [old]
            if old.process.is_alive() and old.pid is not None:
                os.kill(old.pid, RETIRE)
            logger.info("worker.replaced", process=old.pid, successor=self._successor.pid)
            self._successor = None
        elif not self._successor.process.is_alive() or time.monotonic() > self._patient_until:
            # The others stay as they are.
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
