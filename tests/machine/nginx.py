"""A throw-away nginx on loopback.

It runs the example of the documentation, in which only the ports and paths are replaced.
"""

import http.client
import os
import re
import signal
import socket
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from tests.machine import programs
from tests.machine.ports import free_port
from tests.machine.timeouts import TIMEOUT_SECONDS

EXAMPLE = Path(__file__).parents[2] / "docs/how-to/production/nginx.conf"
NAME = "chat.example.org"

AROUND = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log warn;
worker_processes 2;
events {{ worker_connections 2048; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/livechat.conf;
}}
"""


class Logged(msgspec.Struct):
    """The fields of an access-log line that tests use."""

    network: str
    status: int
    method: str
    path: str


class Nginx:
    """One nginx in front of the servers on `ports`.

    `port` speaks TLS; `plain_port` redirects to it.
    """

    def __init__(self, folder: Path, ports: Sequence[int]) -> None:
        program = programs.nginx()
        if program is None:
            raise RuntimeError(f"nginx is missing: {programs.by_hand(['nginx'])}")
        self.port = free_port()
        self.plain_port = free_port()
        self.certificate = folder / "fullchain.pem"
        self._folder = folder
        self._command = [str(program), "-c", str(folder / "nginx.conf")]
        self._process: subprocess.Popen[bytes] | None = None
        _certify(folder)
        (folder / "livechat.conf").write_text(_filled(folder, self.plain_port, self.port, ports))
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user))

    def trusting(self) -> ssl.SSLContext:
        """Return a TLS context that trusts the certificate."""
        return ssl.create_default_context(cafile=str(self.certificate))

    def check(self) -> str:
        """Return the output of nginx's check of its configuration.

        Without faults it only says "ok".
        """
        done = subprocess.run(
            [*self._command, "-t"], capture_output=True, text=True, check=False, cwd=self._folder
        )
        return done.stdout + done.stderr

    def start(self) -> None:
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=self._folder,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"nginx does not start:\n{self.check()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """End now, together with its worker processes."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def logged(self) -> list[Logged]:
        """Return the requests so far. A WebSocket appears when it has ended."""
        lines = (self._folder / "access.log").read_bytes().splitlines()
        return [msgspec.json.decode(line, type=Logged) for line in lines]

    def statuses(self) -> Counter[int]:
        return Counter(line.status for line in self.logged())

    def connection(self) -> http.client.HTTPSConnection:
        """Return a connection to `NAME`."""
        return _Here(self.port, self.trusting())

    def complaints(self) -> list[str]:
        """Return nginx's error log without refused connections: a server that stops causes them."""
        lines = (self._folder / "error.log").read_text().splitlines()
        return [line for line in lines if "Connection refused" not in line]

    def connecting(self) -> dict[str, Any]:
        """Return the arguments with which the `websockets` package connects to `NAME` here."""
        return {"host": "127.0.0.1", "port": self.port, "ssl": self.trusting()}

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True


class _Here(http.client.HTTPSConnection):
    """Connects to this machine, whatever the name, and leaves the port out of the Host header."""

    def __init__(self, port: int, trusting: ssl.SSLContext) -> None:
        super().__init__(NAME, port, context=trusting, timeout=TIMEOUT_SECONDS)
        self.default_port = port
        self._trusting = trusting

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        self.sock = self._trusting.wrap_socket(plain, server_hostname=NAME)


@contextmanager
def running(ports: Sequence[int]) -> Iterator[Nginx]:
    """Yield an nginx in front of the servers on `ports`; remove it and its folder afterwards."""
    with TemporaryDirectory(prefix="livechat-nginx-") as folder:
        server = Nginx(Path(folder), ports)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _filled(folder: Path, plain_port: int, port: int, ports: Sequence[int]) -> str:
    """Return the example with the paths and ports of this machine."""
    text = EXAMPLE.read_text()
    servers = "".join(f"    server 127.0.0.1:{number} max_fails=0;\n" for number in ports)
    text, found = re.subn(r"(?m)(^    server 127\.0\.0\.1:\d+ max_fails=0;\n)+", servers, text)
    assert found == 1
    # IPv4 is enough here, and not every machine has IPv6.
    text = re.sub(r"(?m)^    listen \[::\].*\n", "", text)
    for before, after in {
        "listen 80;": f"listen 127.0.0.1:{plain_port};",
        "listen 443 ": f"listen 127.0.0.1:{port} ",
        "/etc/letsencrypt/live/chat.example.org": str(folder),
        "/var/log/nginx/livechat.log": f"{folder}/access.log",
        "/var/www/html": f"{folder}/html",
    }.items():
        assert before in text, before
        text = text.replace(before, after)
    return text


def _certify(folder: Path) -> None:
    """Create a key and a self-signed certificate for `NAME`."""
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *(
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={NAME}",
                "-addext",
                f"subjectAltName=DNS:{NAME}",
            ),
            *("-keyout", "privkey.pem", "-out", "fullchain.pem"),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise RuntimeError(f"openssl failed:\n{made.stderr}")
