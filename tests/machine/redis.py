"""A throw-away Redis on loopback that can be killed and restarted."""

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.machine import programs
from tests.machine.ports import free_port
from tests.machine.timeouts import TIMEOUT_SECONDS


class Redis:
    """One server that keeps everything in memory: killed, it restarts empty."""

    def __init__(self, folder: Path) -> None:
        program = programs.redis()
        if program is None:
            raise RuntimeError(f"Redis is missing: {programs.by_hand(['redis'])}")
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._program = program
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return when it responds."""
        settings = {"bind": "127.0.0.1", "port": self.port, "save": "", "appendonly": "no"}
        command = [str(self._program)]
        for name, value in settings.items():
            command += [f"--{name}", str(value)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                start_new_session=True,  # the tests handle Ctrl-C and then stop this process
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """End after the current command."""
        self.thaw()
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End at once, as in a crash; every key is lost."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def freeze(self) -> None:
        """Keep every connection but respond to none, until `thaw`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue after `freeze`."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def flushall(self) -> None:
        """Delete every key; connections and subscriptions stay."""
        answer = self._ask("FLUSHALL")
        if answer != "+OK":
            raise RuntimeError(f"Redis answered {answer!r} to FLUSHALL")

    def limit_memory(self, size: int) -> None:
        """Reject commands that store data while `size` bytes are in use; 0 is no limit."""
        answer = self._ask(f"CONFIG SET maxmemory {size}")
        if answer != "+OK":
            raise RuntimeError(f"Redis answered {answer!r} to CONFIG SET")

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _ask(self, command: str) -> str:
        """Return the first line of the response; the protocol accepts a plain line as a command."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(f"{command}\r\n".encode())
            with connection.makefile("r") as answer:
                line = answer.readline().strip()
        if not line:
            raise ConnectionError("Redis ended before it answered")
        return line

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self._answers():
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"Redis does not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            return self._ask("PING") == "+PONG"
        except OSError:
            return False


@contextmanager
def running() -> Iterator[Redis]:
    """Yield an empty server; remove it and its folder afterwards."""
    with TemporaryDirectory(prefix="livechat-redis-") as folder:
        server = Redis(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()
