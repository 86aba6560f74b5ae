"""The real server as a child process, with its own folder and environment."""

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
from tests.machine.ports import free_port
from tests.machine.preloaded import Forked
from tests.machine.timeouts import TIMEOUT_SECONDS

Process = subprocess.Popen[bytes] | Forked

ROOT = Path(__file__).parents[2]
OURS = (
    *("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "DEMO"),
    *("GEOIP_PATH", "HTTPS", "PORT", "HOST", "WORKERS", "DRAIN_SECONDS"),
    *("MESSAGES_PER_SECOND", "FRAMES_PER_SECOND", "PEOPLE_PER_ADDRESS", "MAX_SOCKETS"),
    *("MAX_MEMORY_MB", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "LOG_FORMAT", "LOG_LEVEL"),
    *("METRICS_TOKEN", "DISK_RESERVE_PERCENT", "PROMETHEUS_MULTIPROC_DIR"),
)


class App:
    """``manage.py serve`` (or `command`) on a free port; embedded by default.

    Database, keys and static files are in `var`, so a second App on the same folder is a restart.
    `second_site_port` is the port of the demo's second site, 0 for none. Python runs `entry`
    instead of ``manage.py``: the same code, broken on purpose. `code` is the folder of another
    version. `forked`: True forks the server and its commands from the process that
    `preloaded.prepare` has prepared, with its environment. False forks nothing. By default, a
    program is forked where that makes no difference.
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
        """Return the output of a ``manage.py`` command; raises RuntimeError when it fails."""
        with tempfile.TemporaryDirectory() as folder:
            said, complained = Path(folder, "said"), Path(folder, "complained")
            code = self.begin([*self._entry, *arguments], said, complained).wait()
            if code:
                output = f"{said.read_text()}{complained.read_text()}"
                raise RuntimeError(f"manage.py {' '.join(arguments)}:\n{output}")
            return said.read_text()

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Return status and body of the response to a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def beside(self, *arguments: str) -> Process:
        """Start another ``manage.py`` command on the same folder; the caller must end it."""
        return self.begin([*self._entry, *arguments], self.log)

    def start(self) -> None:
        """Start the server and return when it responds."""
        address = (
            ["--noreload", f"127.0.0.1:{self.port}"]
            if self._command == "runserver"
            else ["--host", "127.0.0.1", "--port", str(self.port), *self._beside]
        )
        program = [*self._entry, self._command, *address]
        self._process = self.begin(program, self.log)
        self._wait_until_ready(self._process)

    def begin(self, program: Sequence[str], log: Path, errors: Path | None = None) -> Process:
        """Start a Python program in the server's environment.

        `program` are the arguments for Python. Output goes to `log`, errors to `errors` if given.
        """
        if self._forked:
            return Forked(program, folder=self._var, log=log, errors=errors)
        if self._can_be_forked(program):
            return Forked(program, folder=ROOT, log=log, errors=errors, environ=self.environ)
        with log.open("ab") as output, (errors or log).open("ab") as complained:
            return subprocess.Popen(
                [sys.executable, *program],
                cwd=self.code,
                env=self.environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=complained,
                start_new_session=True,  # the tests handle Ctrl-C and then stop this process
                preexec_fn=_hear_ctrl_c,
            )

    def _can_be_forked(self, program: Sequence[str]) -> bool:
        """Return whether a fork is equivalent: not for older code or with a preloaded library."""
        if self._forked is False:
            return False
        is_ours = self.code == ROOT and program[0] in {"manage.py", "-m"}
        return is_ours and "LD_PRELOAD" not in self.environ and preloaded.is_for_any()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """Let the server drain and end; return its exit code, or None when it was not running."""
        if self._process is None:
            return None
        self.send(how)
        return self.wait()

    def wait(self) -> int:
        """Return the exit code of a server that has received a signal to end.

        Kills it and raises TimeoutExpired when it takes longer than TIMEOUT_SECONDS.
        """
        process, self._process = self._process, None
        assert process is not None
        try:
            return process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def send(self, sig: signal.Signals) -> None:
        """Send a signal to the running server."""
        assert self._process is not None
        self._process.send_signal(sig)

    def kill(self) -> None:
        """Kill the server, as in a crash."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()

    def _wait_until_ready(self, process: Process) -> None:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self.status("/healthz") != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"The server does not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def status(self, path: str) -> int:
        """Return the status of the response to a GET, 0 without a response."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path, headers=self._host)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()


def _host_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the Host header for a server whose ALLOWED_HOSTS has a name, not its address."""
    name = environ.get("ALLOWED_HOSTS", "").partition(",")[0]
    return {"Host": name} if name else {}


def _hear_ctrl_c() -> None:
    """Restore Ctrl-C, which children of tests started in the background would ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(
    var: Path, *, command: str = "serve", environ: Mapping[str, str] | None = None
) -> Iterator[App]:
    """Yield a server that responds; stop it afterwards."""
    app = App(var, command=command, environ=environ)
    app.start()
    try:
        yield app
    finally:
        app.stop()
