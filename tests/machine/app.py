"""The real server as a child process, on a folder and an environment of its own."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.machine import preloaded
from tests.machine.patience import PATIENCE_SECONDS
from tests.machine.ports import free_port
from tests.machine.preloaded import Forked

Process = subprocess.Popen[bytes] | Forked

ROOT = Path(__file__).parents[2]
OURS = (
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "DEMO"),
    *("GEOIP_PATH", "HTTPS", "PORT", "HOST", "WORKERS", "DRAIN_SECONDS"),
    *("MESSAGES_PER_SECOND", "FRAMES_PER_SECOND", "PEOPLE_PER_ADDRESS", "MAX_SOCKETS"),
    *("MAX_MEMORY_MB", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "LOG_FORMAT", "LOG_LEVEL"),
    *("METRICS_TOKEN", "METRICS_PORT", "DISK_RESERVE_PERCENT", "PROMETHEUS_MULTIPROC_DIR"),
)


class App:
    """``manage.py serve`` (or ``runserver``) on a free port, embedded unless `environ` says else.

    Database, keys and static files live in `var`, so a second App on the same folder is a restart.
    `second_site_port` is where the demo's second site goes, 0 for nowhere. `entry` is what Python
    runs instead of ``manage.py``: the same code, broken on purpose. `code` is the folder of another
    version. `forked` servers come from the process that `preloaded.prepare` has prepared, whose
    environment they have; with False nothing is forked, and by default what does the same forked.
    """

    def __init__(
        self,
        var: Path,
        *,
        command: str = "serve",
        environ: Mapping[str, str] | None = None,
        entry: Sequence[str] = ("manage.py",),
        second_site_port: int = 0,
        code: Path = ROOT,
        forked: bool | None = None,
    ) -> None:
        self.code = code
        self._forked = forked
        self._var = var
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.socket_url = f"ws://127.0.0.1:{self.port}"
        self.log = var / "server.log"
        self._host = _host_of(environ or {})
        self._command = command
        # Only the demo has a second site, and an older version knows the option by another name.
        is_demo = "DEMO" in (environ or {})
        self._beside = ["--second-site-port", str(second_site_port)] if is_demo else []
        self._entry = entry
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        self.environ = inherited | {"VAR_DIR": str(var)} | dict(environ or {})
        self._process: Process | None = None

    def manage(self, *arguments: str) -> str:
        """Return what ``manage.py`` prints; raises when it fails."""
        with tempfile.TemporaryDirectory() as folder:
            said, complained = Path(folder, "said"), Path(folder, "complained")
            code = self.begin([*self._entry, *arguments], said, complained).wait()
            if code:
                told = f"{said.read_text()}{complained.read_text()}"
                raise RuntimeError(f"manage.py {' '.join(arguments)}:\n{told}")
            return said.read_text()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Return status and body of an address of the server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def beside(self, *arguments: str) -> Process:
        """Start ``manage.py`` with other work on the same folder; whoever asks for it ends it."""
        return self.begin([*self._entry, *arguments], self.log)

    def start(self) -> None:
        """Start the server and return when it answers."""
        address = (
            ["--noreload", f"127.0.0.1:{self.port}"]
            if self._command == "runserver"
            else ["--host", "127.0.0.1", "--port", str(self.port), *self._beside]
        )
        program = [*self._entry, self._command, *address]
        if self._forked:
            self._process = Forked(program, folder=self._var, log=self.log)
        else:
            self._process = self.begin(program, self.log)
        self._wait_until_ready(self._process)

    def begin(self, program: Sequence[str], log: Path, errors: Path | None = None) -> Process:
        """Start a program of ours, given as Python would get it, on the server's environment. It
        writes to `log`, and its errors to a file of their own where there is one."""
        if self._can_be_forked(program):
            return Forked(program, folder=ROOT, log=log, errors=errors, environ=self.environ)
        with log.open("ab") as told, (errors or log).open("ab") as complained:
            return subprocess.Popen(
                [sys.executable, *program],
                cwd=self.code,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=complained,
                start_new_session=True,  # Ctrl-C is for the tests, which stop us in their turn
                preexec_fn=_hear_ctrl_c,
            )

    def _can_be_forked(self, program: Sequence[str]) -> bool:
        """Return whether a fork does the same: not with older code or a library loaded first."""
        if self._forked is False:
            return False
        is_ours = self.code == ROOT and program[0] in {"manage.py", "-m"}
        return is_ours and "LD_PRELOAD" not in self.environ and preloaded.is_for_any()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """Let the server drain and end; return its exit code, or None when it did not run."""
        if self._process is None:
            return None
        self.send(how)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code of a server that was told to end."""
        process, self._process = self._process, None
        assert process is not None
        try:
            return process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    @property
    def pid(self) -> int:
        """The running server's process."""
        assert self._process is not None
        return self._process.pid

    def send(self, sig: signal.Signals) -> None:
        """Send the running server a signal."""
        assert self._process is not None
        self._process.send_signal(sig)

    def kill(self) -> None:
        """End the server at once, as in a crash."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _wait_until_ready(self, process: Process) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.status("/healthz") != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server does not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def status(self, path: str) -> int:
        """Return the status with which a GET is answered, 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers=self._host)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def _host_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return how to call a server that goes by another name than its address."""
    name = environ.get("ALLOWED_HOSTS", "").partition(",")[0]
    return {"Host": name} if name else {}


def _hear_ctrl_c() -> None:
    """Whoever started the tests in the background made them, and their children, deaf to it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(
    var: Path, *, command: str = "serve", environ: Mapping[str, str] | None = None
) -> Iterator[App]:
    """Yield a server that answers; it is stopped afterwards."""
    app = App(var, command=command, environ=environ)
    app.start()
    try:
        yield app
    finally:
        app.stop()
