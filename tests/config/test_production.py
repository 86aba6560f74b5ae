"""The files for production are right: nginx runs its example, systemd accepts the units."""

import http.server
import json
import re
import shutil
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest

from config import env
from config.http.body_limit import limit_of
from tests.machine import nginx, programs, units
from tests.machine.nginx import NAME
from tests.machine.ports import free_port
from tests.machine.units import FOLDER

MIB = 1024 * 1024
SERVICES = ("livechat@.service", "livechat-worker.service", "livechat-beat.service")
TASK_SECONDS = 330
EXIT_SECONDS = 25
KNOWN = {
    "Unit": {"Description", "Documentation", "PartOf", "Wants", "After"},
    "Install": {"WantedBy"},
    "Service": {
        *("User", "Group", "WorkingDirectory", "EnvironmentFile", "UMask", "LimitNOFILE"),
        *("ExecStart", "ExecStartPost", "Restart", "RestartSec"),
        *("KillSignal", "KillMode", "TimeoutStartSec", "TimeoutStopSec"),
        *("CapabilityBoundingSet", "LockPersonality", "NoNewPrivileges", "PrivateDevices"),
        *("PrivateTmp", "ProtectClock", "ProtectControlGroups", "ProtectHome", "ProtectHostname"),
        *("ProtectKernelLogs", "ProtectKernelModules", "ProtectKernelTunables", "ProtectProc"),
        *("ProtectSystem", "ReadWritePaths", "RestrictAddressFamilies", "RestrictNamespaces"),
        *("RestrictRealtime", "RestrictSUIDSGID"),
        *("SystemCallArchitectures", "SystemCallFilter", "SystemCallErrorNumber"),
    },
}
"""The directives that systemd knows, for machines without systemd."""

with_nginx = pytest.mark.skipif(programs.nginx() is None, reason="needs nginx")


# --- units


@pytest.mark.parametrize("name", [*SERVICES, "livechat.target"])
def test_a_unit_says_nothing_that_systemd_does_not_know(name):
    said = units.read(name)

    for section, directives in said.items():
        assert directives.keys() <= KNOWN[section]


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="the test before it is for such machines"
)
def test_systemd_has_nothing_to_say_against_the_units(tmp_path):
    for path in FOLDER.glob("livechat*.*"):
        # systemd checks that programs exist, and the test machine has another path for Python.
        (tmp_path / path.name).write_text(path.read_text().replace(units.PYTHON, "/usr/bin/env"))
    for port in ("8001", "8002"):
        shutil.copy(tmp_path / "livechat@.service", tmp_path / f"livechat@{port}.service")
    if shutil.which("curl") is None:
        pytest.skip("systemd looks for curl, which is not here")

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.glob("*[!@].*")))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_service_has_the_time_to_end_well():
    seconds = {name: int(units.read(name)["Service"]["TimeoutStopSec"][0]) for name in SERVICES}

    assert seconds["livechat@.service"] > EXIT_SECONDS
    assert seconds["livechat-worker.service"] > TASK_SECONDS


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_comes_back_and_may_write_in_one_folder_only(name):
    service = units.read(name)["Service"]

    assert service["Restart"] == ["always"]
    assert service["User"] == ["livechat"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["ReadWritePaths"] == [units.environment({})["VAR_DIR"]]


def test_the_target_and_the_proxy_name_the_same_servers():
    wanted = " ".join(units.read("livechat.target")["Unit"]["Wants"])
    ports = re.findall(r"livechat@(\d+)\.service", wanted)

    assert re.findall(r"server 127\.0\.0\.1:(\d+)", nginx.EXAMPLE.read_text()) == ports
    assert {"livechat-worker.service", "livechat-beat.service"} < set(wanted.split())


def test_the_environment_is_one_that_we_start_with():
    given = units.environment({"SECRET_KEY": "x" * 60})

    loaded = env.load(given)

    assert loaded.https
    assert not loaded.debug
    assert not loaded.demo
    assert loaded.allowed_hosts[0] == NAME
    assert loaded.trusted_proxies
    assert loaded.database()["ENGINE"] == "django.db.backends.postgresql"


# --- the proxy


class Echo(http.server.BaseHTTPRequestHandler):
    """A server that responds with the request it received."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        body = json.dumps({"headers": dict(self.headers), "length": length}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


class Older(Echo):
    """A server of the previous release, which lacks this release's files."""

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            self.send_error(404)
        else:
            super().do_GET()


@pytest.fixture(scope="module")
def proxy():
    """nginx in front of three servers, of which the first does not run."""
    with (
        serving(Older) as older,
        serving(Echo) as newer,
        nginx.running([free_port(), older, newer]) as running,
    ):
        yield running


@contextmanager
def serving(handler):
    """Yield the port of a server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def ask(proxy, method="GET", path="/", body=None, headers=None):
    """Return (status, headers, the request that the server received or None)."""
    connection = proxy.connection()
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    is_ours = answer.headers.get_content_type() == "text/plain"
    return answer.status, answer.headers, json.loads(text) if is_ours and text else None


@with_nginx
def test_nginx_has_nothing_to_say_against_its_example(proxy):
    said = re.sub(r"\S+/nginx\.conf", "", proxy.check()).split()

    assert {"ok", "successful"} <= set(said)
    assert not {"[warn]", "[emerg]", "[alert]"} & set(said)


@with_nginx
def test_a_request_without_tls_is_redirected_to_https(proxy):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=10)
    connection.request("GET", "/chat/berlin/?lang=de", headers={"Host": NAME})
    answer = connection.getresponse()
    answer.read()
    connection.close()

    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{NAME}/chat/berlin/?lang=de"
    assert answer.headers["Server"] == "nginx"


@with_nginx
def test_a_server_that_refuses_is_passed_over(proxy):
    assert {ask(proxy)[0] for _ in range(8)} == {200}


@with_nginx
def test_a_static_file_that_one_server_lacks_is_had_from_another(proxy):
    assert {ask(proxy, path="/static/new.js")[0] for _ in range(8)} == {200}


@with_nginx
def test_a_client_cannot_forge_its_address(proxy):
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "http"}

    _status, _headers, asked = ask(proxy, headers=forged)

    assert asked["headers"]["X-Forwarded-For"] == "127.0.0.1"
    assert asked["headers"]["X-Forwarded-Proto"] == "https"
    assert asked["headers"]["Host"] == NAME


@with_nginx
@pytest.mark.parametrize(
    "path", ["/widget/berlin/files/", "/dashboard/files/", "/profile/", "/admin/", "/login/"]
)
def test_a_body_may_be_as_large_as_the_server_takes_it(proxy, path):
    limit = limit_of(path)

    taken = ask(proxy, "POST", path, b"x" * limit)
    refused = ask(proxy, "POST", path, headers={"Content-Length": str(limit + MIB + 1)})

    assert (taken[0], taken[2]["length"]) == (200, limit)
    assert refused[0] == 413


@with_nginx
def test_what_is_compressed_passes_and_nothing_else_is(proxy):
    _status, headers, asked = ask(proxy, headers={"Accept-Encoding": "gzip, br"})

    assert asked["headers"]["Accept-Encoding"] == "gzip, br"
    assert headers["Content-Encoding"] is None


@with_nginx
def test_the_figures_are_not_for_the_world(proxy):
    assert ask(proxy, path="/metrics")[0] == 404


@with_nginx
def test_the_log_names_neither_people_nor_what_opens_a_file(proxy):
    ask(proxy, path="/files/secret-token/?signature=secret")

    deadline = time.monotonic() + 10
    while not (found := [line for line in proxy.logged() if line.path.startswith("/files/")]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert (found[0].network, found[0].path) == ("127.0.0.0", "/files/...")
    assert "secret" not in (proxy.certificate.parent / "access.log").read_text()
