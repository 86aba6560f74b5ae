"""A throw-away PostgreSQL on loopback that can be killed and restarted."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.machine import programs
from tests.machine.ports import free_port
from tests.machine.timeouts import TIMEOUT_SECONDS

NAME = "livechat"

# PostgreSQL refuses to run as root; its package creates this user.
OWNER = "postgres" if os.geteuid() == 0 else None


class Postgres:
    """One server with its own data folder. It trusts every connection from 127.0.0.1.

    Without `fsync` it does not wait for the disk. A killed server still loses no commit, because
    the operating system keeps running; benchmarks use `fsync`. `data` is a folder made by another
    server's `copy`; without it the database is empty.
    """

    def __init__(self, folder: Path, *, fsync: bool = False, data: Path | None = None) -> None:
        program = programs.postgres()
        if program is None:
            raise RuntimeError(f"PostgreSQL is missing: {programs.by_hand(['postgres'])}")
        self.port = free_port()
        self.url = f"postgresql://{NAME}@127.0.0.1:{self.port}/{NAME}"
        self._programs = program.parent
        self._folder = folder
        self._fsync = fsync
        self._process: subprocess.Popen[bytes] | None = None
        if OWNER:
            shutil.chown(self._folder, OWNER, OWNER)
        if data is None:
            self._make()
        else:
            _copy(data, self._folder / "data")
            self.start()

    def program(self, name: str) -> Path:
        """Return the path of a program of this version, such as ``pg_dump``."""
        return self._programs / name

    def start(self) -> None:
        """Start the server and return when it accepts connections."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "fsync": "on" if self._fsync else "off",
        }
        command = [str(self._programs / "postgres"), "-D", str(self._folder / "data")]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=self._folder,
                user=OWNER,
                group=OWNER,
                extra_groups=[] if OWNER else None,
                start_new_session=True,  # the tests handle Ctrl-C and then stop this process
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Roll back open transactions, write everything, end: as an administrator stops it."""
        self._end(signal.SIGINT)

    def kill_immediate(self) -> None:
        """Cut all connections and end without writing anything, as in a crash.

        This is not SIGKILL, which would leave the server's children, and they would block a
        restart.
        """
        self._end(signal.SIGQUIT)

    def copy(self, data: Path) -> None:
        """Copy the data of a stopped server to `data`, for other servers to start from."""
        _copy(self._folder / "data", data)

    def freeze(self) -> None:
        """Keep every connection but respond to none, until `thaw`."""
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Continue after `freeze`."""
        self._tell_all(signal.SIGCONT)

    def _tell_all(self, what: signal.Signals) -> None:
        """Signal the server and its children, each of which serves one connection."""
        if self._process is None or self._process.poll() is not None:
            return
        parent = self._process.pid
        os.kill(parent, what)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it may have ended since
                fields = stat.read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    os.kill(int(stat.parent.name), what)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _make(self) -> None:
        self._run(
            *("initdb", "--pgdata", "data", "--username", NAME, "--auth", "trust", "--no-sync"),
            *("--encoding", "UTF8"),
            # With locale C, PostgreSQL would change the case of ASCII letters only.
            *("--locale", "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"),
        )
        self.start()
        try:
            self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", NAME, NAME)
        except BaseException:
            self.stop()
            raise

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.program(program)), *arguments],
            cwd=self._folder,
            user=OWNER,
            group=OWNER,
            extra_groups=[] if OWNER else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        ask = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while subprocess.run(ask, check=False).returncode:
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill_immediate()
                raise RuntimeError(f"PostgreSQL does not start:\n{self._log.read_text()[-4000:]}")
            time.sleep(0.05)

    def _end(self, how: signal.Signals) -> None:
        self.thaw()
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with its owners, because only the owner may read it."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@contextmanager
def running(*, fsync: bool = False, data: Path | None = None) -> Iterator[Postgres]:
    """Yield a server, empty or with `data`; remove it and its folder afterwards."""
    with TemporaryDirectory(prefix="livechat-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder), fsync=fsync, data=data)
        try:
            yield server
        finally:
            server.stop()
