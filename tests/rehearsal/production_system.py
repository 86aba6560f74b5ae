"""A production system on loopback, with the documentation's environment, units and commands."""

import http.client
import json
import os
import secrets
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.machine import nginx, postgres, redis, units
from tests.machine.app import OURS, ROOT
from tests.machine.docs_commands import commands
from tests.machine.nginx import Nginx
from tests.machine.ports import free_port
from tests.machine.postgres import Postgres
from tests.machine.redis import Redis
from tests.machine.timeouts import TIMEOUT_SECONDS

PAGE = "go-to-production.md"
ADMIN = "admin"
UNDER_LOAD = {"MESSAGES_PER_SECOND": "100", "FRAMES_PER_SECOND": "500"}
"""Higher limits: the defaults are for a person's hands, and these clients write faster."""


class Service:
    """A service that starts and stops as its unit file says."""

    def __init__(self, name: str, environ: Mapping[str, str], log: Path, port: int = 0) -> None:
        self.name = f"{name.rpartition('.')[0]}{port or ''}"
        self.log = log
        self._command = units.command(name, str(port))
        self._port = port
        service = units.read(name)["Service"]
        self._stop_timeout = int(service["TimeoutStopSec"][0])
        self._kill_signal = signal.Signals[service["KillSignal"][0]]
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the service; if it has a port, return when it responds."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self._port and not self.answers("/healthz"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.05)

    def answers(self, path: str) -> bool:
        """Return whether a GET from this machine has the status 200."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", path, headers={"Host": "localhost"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def stop(self) -> tuple[int | None, float]:
        """Return exit code and seconds.

        Kills the service when it takes longer than its unit allows.
        """
        process, self._process = self._process, None
        if process is None:
            return None, 0.0
        started = time.monotonic()
        process.send_signal(self._kill_signal)
        try:
            process.wait(self._stop_timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return process.returncode, time.monotonic() - started


@dataclass
class ProductionSystem:
    """The whole system. `servers` listen on ports known to `proxy`; `password` is the admin's."""

    environ: dict[str, str]
    manage_script: Path
    proxy: Nginx
    postgres: Postgres
    redis: Redis
    servers: list[Service]
    worker: Service
    beat: Service
    password: str

    @property
    def services(self) -> list[Service]:
        return [*self.servers, self.worker, self.beat]

    def manage(self, *words: str) -> str:
        """Return the output of `livechat-manage`; raises RuntimeError when it fails."""
        done = subprocess.run(
            ["sh", str(self.manage_script), *words],
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"livechat-manage {shlex.join(words)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def shell(self, code: str) -> Any:
        """Run `code` in a new Django process; return its JSON output."""
        return json.loads(self.manage("shell", "--no-imports", "-c", code) or "null")

    def set_up(self) -> list[str]:
        """Run the commands of the how-to's section *Set it up*; return them."""
        lines = commands(PAGE, "Set it up")
        for line in lines:
            program, *words = shlex.split(line)
            assert program == "livechat-manage", line
            if words == ["createsuperuser"]:
                words += ["--no-input", "--username", ADMIN, "--email", "admin@example.org"]
            self.manage(*words)
        return lines


@contextmanager
def built(folder: Path, servers: int = 2) -> Iterator[ProductionSystem]:
    """Yield a system that is not set up: only PostgreSQL, Redis and nginx run."""
    with ExitStack() as stack:
        database = stack.enter_context(postgres.running(fsync=True))
        memory = stack.enter_context(redis.running())
        ports = [free_port() for _ in range(servers)]
        proxy = stack.enter_context(nginx.running(ports))
        var = folder / "var"
        var.mkdir()
        password = secrets.token_urlsafe(12)
        given = units.environment(
            {
                "SECRET_KEY": secrets.token_hex(32),
                "DATABASE_URL": database.url,
                "REDIS_URL": memory.url,
                "VAR_DIR": str(var),
            }
        )
        written = folder / "environment"
        written.write_text("".join(f"{name}={value}\n" for name, value in given.items()))
        script = folder / "livechat-manage"
        script.write_text(
            (units.FOLDER / "livechat-manage")
            .read_text()
            .replace("/etc/livechat/environment", str(written))
            .replace("/opt/livechat", str(ROOT))
            .replace("setpriv --reuid livechat --regid livechat --init-groups ", "")
        )
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        environ = {**inherited, **UNDER_LOAD, "DJANGO_SUPERUSER_PASSWORD": password}

        def service(name: str, port: int = 0) -> Service:
            log = folder / f"{name}{port or ''}.log"
            made = Service(name, {**inherited, **UNDER_LOAD, **given}, log, port)
            stack.callback(made.stop)
            return made

        yield ProductionSystem(
            environ=environ,
            manage_script=script,
            proxy=proxy,
            postgres=database,
            redis=memory,
            servers=[service("livechat@.service", port) for port in ports],
            worker=service("livechat-worker.service"),
            beat=service("livechat-beat.service"),
            password=password,
        )
