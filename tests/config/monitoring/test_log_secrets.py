"""A real server receives secrets at every entry point, and logs none of them."""

import http.client
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.machine.app import App

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("log_secrets")]

SEED = (
    "from livechat.models import Channel, User;"
    "Channel.objects.create(name='Berlin', slug='berlin', key='berlin');"
    "User.objects.create_user('canary-login', 'canary-mail@example.org', 'canary password 42')"
)
FORGED = '\n{"event":"forged","level":"info"}\r\n2026 forged \x1b[31m'


@dataclass(frozen=True)
class ServerRun:
    """The statuses of the responses, and the log after the server has stopped."""

    statuses: list[int]
    log: str

    @property
    def lines(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]


@pytest.fixture(params=["serve", "runserver"], scope="module")
def server_run(request, with_static_files, tmp_path_factory) -> Iterator[ServerRun]:
    folder = with_static_files.copy(tmp_path_factory.mktemp("secrets"))
    environ = {"LOG_FORMAT": "json", "LOG_LEVEL": "debug"}
    entry = ("-m", "tests.config.monitoring.failing_server")
    server = App(folder, command=request.param, environ=environ, entry=entry)
    server.manage("shell", "--no-imports", "-c", SEED)
    server.start()
    try:
        statuses = visit_pages(server)
        sign_in(server)
        chat(server)
        server.stop()
        yield ServerRun(statuses, server.log.read_text())
    finally:
        server.kill()


def ask(server: App, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """Send a request and return the status."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.putrequest(method, path, skip_host="Host" in headers)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {**named, "Content-Length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
        return answer.status


def visit_pages(server: App) -> list[int]:
    evil = quote(FORGED)
    form = "application/x-www-form-urlencoded"
    file = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="canary-file.exe"\r\n\r\n'
        b"MZ canary-bytes\r\n--x--\r\n"
    )
    multipart = "multipart/form-data; boundary=x"
    login = b"username=canary-login&password=canary-password"
    return [
        ask(server, "GET", "/canary-path/?token=canary-query", Cookie="sessionid=canary-session"),
        ask(server, "GET", f"/{evil}/canary-path?x={evil}", User_Agent="canary-agent"),
        ask(server, "GET", "/login/", Host="canary-host.example"),
        ask(server, "POST", "/login/", login, Content_Type=form, Referer="http://canary-referer/"),
        ask(server, "GET", "/fail/?why=canary-why", Authorization="Bearer canary-token"),
        ask(server, "GET", "/files/canary-token/"),
        ask(server, "GET", "/transcripts/canary-token/"),
        ask(server, "GET", "/avatars/canary-name"),
        ask(server, "GET", "/widget/berlin/init?url=https://canary-site.example/canary-page"),
        ask(server, "GET", "/metrics", Authorization="Bearer canary-token"),
        ask(
            *(server, "POST", "/widget/berlin/files/", file),
            Content_Type=multipart,
            Authorization="Bearer canary-token",
        ),
        ask(server, "POST", "/widget/berlin/files/", b"canary-body", Content_Type=multipart),
    ]


def sign_in(server: App) -> None:
    """Try a wrong password with a valid form, as a person would."""
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("GET", "/login/")
        answer = connection.getresponse()
        cookie = (answer.headers["Set-Cookie"] or "").partition(";")[0]
        hidden = re.search(r'csrfmiddlewaretoken" value="(\w+)"', answer.read().decode())
        assert hidden
        body = (
            f"csrfmiddlewaretoken={hidden[1]}&username=canary-mail%40example.org&password=canary-pw"
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": cookie}
        headers["Origin"] = server.url
        connection.request("POST", "/login/", body, headers)
        assert connection.getresponse().status == 200


def chat(server: App) -> None:
    address = f"{server.socket_url}/ws/visitor/berlin/"
    page = {"url": "https://canary-site.example/?q=canary-query", "title": "canary-title"}
    hello = {"type": "hello", "version": 1, "tab": uuid.uuid4().hex, "page": page}
    with connect(address, origin=server.url) as socket:  # type: ignore[call-overload]
        socket.send(json.dumps(hello))
        assert json.loads(socket.recv(10))["type"] == "welcome"
        opening = {"type": "conversation.open", "client_id": str(uuid.uuid4())}
        socket.send(json.dumps({**opening, "text": f"canary-text {FORGED}"}))
        ack: dict[str, str] = {}
        while ack.get("type") != "ack":
            ack = json.loads(socket.recv(10))
        for frame in (
            {
                "type": "message.post",
                "conversation": ack["conversation"],
                "client_id": str(uuid.uuid4()),
                "text": f"canary-message {FORGED}",
            },
            {"type": "attributes.set", "attributes": {"name": "canary-name"}},
            {"type": f"canary-type{FORGED}"},
            {"type": "typing.set", "conversation": "canary-id", "active": True},
        ):
            socket.send(json.dumps(frame))
        socket.send("canary-frame {")
        socket.send(b"canary-bytes")
        refusals: set[str] = set()
        refused = 0
        while refused < 6:
            answer = json.loads(socket.recv(10))
            if answer["type"] != "heartbeat":  # a heartbeat may come at any time
                refused += 1
                refusals.add(answer["code"])
    assert {"unavailable", "unknown_type", "bad_frame"} <= refusals
    for path, origin in (
        ("/ws/canary-path/?canary=1", server.url),
        ("/ws/staff/", "http://canary"),
    ):
        with suppress(InvalidStatus, ConnectionClosed):
            connect(f"{server.socket_url}{path}", origin=origin)  # type: ignore[call-overload]
    with connect(address, origin=server.url) as socket:  # type: ignore[call-overload]
        socket.send(json.dumps({**hello, "token": "canary-token"}))
        with suppress(ConnectionClosed):
            while True:
                socket.recv(10)


def test_nothing_that_clients_send_is_logged(server_run):
    assert {400, 403, 404, 500} <= set(server_run.statuses)
    assert {
        *("http.failed", "http.refused", "http.suspicious", "command.failed", "writer.failed"),
        *("socket.opened", "socket.refused", "socket.closed", "file.refused"),
    } <= {line["event"] for line in server_run.lines}
    assert "canary" not in server_run.log
    assert "forged" not in server_run.log
    assert "\x1b" not in server_run.log
    own = "".join(line for line in server_run.log.splitlines() if line.startswith("{"))
    assert "127.0.0.1" not in own


def test_log_lines_of_a_socket_can_be_followed_from_the_handshake_into_threads(server_run):
    opened = next(line for line in server_run.lines if line["event"] == "socket.opened")
    own = [line["event"] for line in server_run.lines if line.get("socket") == opened["socket"]]
    assert own[0] == "socket.opened"
    assert own[-1] == "socket.closed"
    assert "command.failed" in own
    # The writer works for many sockets at once, so its lines name none.
    assert all(
        "socket" not in line for line in server_run.lines if line["event"] == "writer.failed"
    )
