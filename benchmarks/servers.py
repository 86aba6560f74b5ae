"""The servers under test, on a core of their own if the machine has two."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.machine.app import OURS
from tests.machine.ports import free_port

ROOT = Path(__file__).parents[1]
TIMEOUT_SECONDS = 60
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cores() -> tuple[set[int], set[int]]:
    """Return the server's core and the core for everything else; the same if there is only one."""
    available = sorted(os.sched_getaffinity(0))
    return {available[0]}, set(available[1:2]) or {available[0]}


SERVER_CORE, OTHER_CORE = cores()


@contextmanager
def on(core: set[int]) -> Iterator[None]:
    """Run this thread, and processes started inside the block, on `core`."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass
class Server:
    """A running server: its port, and its use of CPU and memory."""

    port: int
    pid: int

    def cpu_seconds(self) -> float:
        """Return the CPU time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident(self) -> int:
        """Return the resident memory in bytes."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE


@contextmanager
def serving(words: Sequence[str], environ: Mapping[str, str], log: Path) -> Iterator[Server]:
    """Yield a Python server that accepts connections; `words` may contain ``{port}``.

    Raises RuntimeError, with the end of the log, if it does not start.
    """
    port = free_port()
    command = [sys.executable, *(word.format(port=port) for word in words)]
    with log.open("ab") as output, on(SERVER_CORE):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=clean_environ() | dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # only the benchmark gets Ctrl-C; it stops the server
        )
    try:
        _wait_until_open(process, port, log)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run(words: Sequence[str], environ: Mapping[str, str], *, pinned: bool = True) -> str:
    """Return the output of a Python program. Raises RuntimeError if it fails.

    It runs on the server's core if `pinned`, else on both cores.
    """
    with on(SERVER_CORE if pinned else SERVER_CORE | OTHER_CORE):
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env=clean_environ() | dict(environ),
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def clean_environ() -> dict[str, str]:
    """Return this process's environment without the variables that configure a server."""
    return {name: value for name, value in os.environ.items() if name not in OURS}


def _wait_until_open(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"The server does not start:\n{log.read_text()[-4000:]}")
