"""A throw-away PostgreSQL on loopback that may be killed and started again."""

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
from tests.machine.patience import PATIENCE_SECONDS
from tests.machine.ports import free_port

NAME = "livechat"

# PostgreSQL refuses to run as root; its package brings this user.
OWNER = "postgres" if os.geteuid() == 0 else None


class Postgres:
    """One server with its own data folder; everybody on 127.0.0.1 is trusted.

    Without `fsync` it does not wait for the disk. Killing the server still loses no commit, for the
    operating system lives on; benchmarks want the real thing. `data` is what another server has
    left with `copy`; without it the database is empty.
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
        """Start the server and return when it takes connections."""
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
                start_new_session=True,  # Ctrl-C is for the tests, which stop us in their turn
            )
        self._wait_until_ready(self._process)

    def stop(self) -> None:
        """Stop as an administrator would: roll back what is open, write everything, end."""
        self._end(signal.SIGINT)

    def kill_immediate(self) -> None:
        """Cut all connections and end without writing anything, as in a crash.

        Not SIGKILL: that would leave the server's children, and they would keep it from starting.
        """
        self._end(signal.SIGQUIT)

    def copy(self, data: Path) -> None:
        """Keep what a stopped server holds, for others to begin with."""
        _copy(self._folder / "data", data)

    def freeze(self) -> None:
        """Answer nobody, and keep every connection, until `thaw`."""
        self._tell_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._tell_all(signal.SIGCONT)

    def _tell_all(self, what: signal.Signals) -> None:
        """Signal the server and its children, each of which serves one connection."""
        if self._process is None or self._process.poll() is not None:
            return
        parent = self._process.pid
        os.kill(parent, what)
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):  # it has ended meanwhile
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
            # Without a locale, PostgreSQL knows upper and lower case of ASCII alone.
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
        deadline = time.monotonic() + PATIENCE_SECONDS
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
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _copy(source: Path, target: Path) -> None:
    """Copy a folder with its owners, who alone may read it."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


@contextmanager
def running(*, fsync: bool = False, data: Path | None = None) -> Iterator[Postgres]:
    """Yield a server with an empty database, or with `data`; it and its folder are gone
    afterwards."""
    with TemporaryDirectory(prefix="livechat-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder), fsync=fsync, data=data)
        try:
            yield server
        finally:
            server.stop()
