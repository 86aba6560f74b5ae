"""The real responses of every address: headers, hosts, schemes, and nothing about the server."""

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.machine.app import App

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("responses")]

CHANNEL = "kettleandleaf"
TELLING = re.compile(
    r"uvicorn|daphne|autobahn|twisted|django|python|websockets/|traceback|/work/|site-packages"
    r"|SELECT |\.py\b",
    re.IGNORECASE,
)
NO_STORE = "private, no-store"
NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"
SANDBOX = "default-src 'none'; sandbox"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def policy(self) -> dict[str, list[str]]:
        """Return the CSP by its directives."""
        parts = [part.split() for part in self.headers["content-security-policy"].split(";")]
        return {part[0]: part[1:] for part in parts if part}


@dataclass
class Browser:
    """Sends requests as a browser does, and keeps the cookies as received."""

    server: App
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookies: list[str] = field(default_factory=list)

    def ask(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        sent = {
            "Accept": "text/html",
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            **self.headers,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                self.set_cookies.append(value)
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            assert name.lower() == "set-cookie" or name.lower() not in found, f"{name} twice"
            found[name.lower()] = value
        return Answer(answer.status, found, read)

    def post(self, path: str, **fields: str) -> Answer:
        page = self.ask("/login/").body.decode()
        token = re.findall(r'csrfmiddlewaretoken" value="(\w+)"', page)
        if token:
            fields["csrfmiddlewaretoken"] = token[0]
        else:
            cookie = [value for name, value in self.cookies.items() if "csrf" in name]
            fields["csrfmiddlewaretoken"] = cookie[0]
        kind = "application/x-www-form-urlencoded"
        return self.ask(path, "POST", urlencode(fields), Content_Type=kind)


@pytest.fixture(scope="module")
def server(with_demo, tmp_path_factory) -> Iterator[App]:
    app = App(with_demo.copy(tmp_path_factory.mktemp("responses")), environ={"DEMO": "1"})
    app.start()
    yield app
    app.stop()
    assert "Traceback" not in app.log.read_text().replace("(Permission denied)", "")


@pytest.fixture(scope="module")
def passwords(server) -> dict[str, str]:
    found: dict[str, str] = json.loads((server.log.parent / "demo-accounts.json").read_text())
    return found


@pytest.fixture(scope="module")
def people(server, passwords) -> dict[str, Browser]:
    """Browsers of a stranger, an operator and the administrator."""
    found = {"nobody": Browser(server)}
    for name in ("anna", "admin"):
        found[name] = Browser(server)
        assert found[name].post("/login/", username=name, password=passwords[name]).status == 302
    return found


ADDRESSES = [
    # sender, address, status, cache, policy
    ("nobody", "/", 200, NEVER, "strict"),
    ("nobody", "/login/", 200, NEVER, "strict"),
    ("nobody", "/dashboard/", 302, NO_STORE, "strict"),
    ("nobody", "/profile/", 302, NO_STORE, "strict"),
    ("nobody", "/logout/", 405, NEVER, "strict"),
    ("nobody", "/profile/password/", 302, NEVER, "strict"),
    ("nobody", "/profile/sign-out/", 405, NO_STORE, "strict"),
    ("anna", "/dashboard/", 200, NEVER, "inbox"),
    ("anna", "/profile/", 200, NEVER, "strict"),
    ("anna", "/profile/password/", 200, NEVER, "strict"),
    ("anna", "/admin/", 302, NEVER, "admin"),
    ("admin", "/admin/", 200, NEVER, "admin"),
    ("admin", "/admin/livechat/channel/", 200, NEVER, "admin"),
    ("admin", "/admin/axes/accessattempt/", 200, NEVER, "admin"),
    ("admin", "/admin/nosuch/", 404, NO_STORE, "error"),
    ("admin", "/dashboard/", 200, NEVER, "inbox"),
    ("nobody", f"/widget/{CHANNEL}/loader.js", 200, "public", "nothing"),
    ("nobody", "/widget/nosuch/loader.js", 404, NO_STORE, "nothing"),
    ("nobody", f"/widget/{CHANNEL}/init?url=https://shop.example/", 200, "no-store", "nothing"),
    ("nobody", "/widget/nosuch/init?url=https://shop.example/", 404, "no-store", "nothing"),
    ("nobody", f"/widget/{CHANNEL}/frame/", 200, NEVER, "frame"),
    ("nobody", "/widget/nosuch/frame/", 404, NO_STORE, "error"),
    ("nobody", f"/chat/{CHANNEL}/", 404, NO_STORE, "error"),
    ("nobody", "/chat/kettle-and-leaf/", 200, NEVER, "strict"),
    ("nobody", "/files/forged/", 404, "no-store", "strict"),
    ("nobody", "/transcripts/forged/", 404, "no-store", "strict"),
    ("nobody", "/avatars/nosuch.webp", 404, "no-store", "strict"),
    ("nobody", "/dashboard/files/", 405, NO_STORE, "strict"),
    ("nobody", "/dashboard/worker.js", 200, NEVER, "strict"),
    ("nobody", "/healthz", 200, NO_STORE, "nothing"),
    ("nobody", "/readyz", 200, NO_STORE, "nothing"),
    ("nobody", "/demo/", 200, NO_STORE, "demo"),
    ("nobody", "/demo/checkout/", 200, NO_STORE, "demo"),
    ("nobody", "/nosuch", 404, NO_STORE, "error"),
    ("nobody", "/static/nosuch.js", 404, NO_STORE, "error"),
    ("nobody", "/static/livechat/icon.svg", 200, "max-age=300, public", "nothing"),
    ("nobody", "/x?%00", 400, NO_STORE, "error"),
]


@pytest.mark.parametrize(
    ("who", "path", "status", "cache", "policy"), ADDRESSES, ids=lambda value: str(value)[:40]
)
def test_what_each_address_answers(people, who, path, status, cache, policy):
    answer = people[who].ask(path)

    assert answer.status == status
    headers = answer.headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert cache in headers["cache-control"]
    assert "server" not in headers
    assert "x-powered-by" not in headers
    check_policy(answer, policy)


def check_policy(answer: Answer, kind: str) -> None:
    """Assert what a kind of address lets its page do."""
    policy = answer.policy()
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == (["*"] if kind == "frame" else ["'none'"])
    assert policy["base-uri"] == ["'none'"]
    assert ("x-frame-options" in answer.headers) == (kind not in ("frame", "nothing"))
    everything = answer.headers["content-security-policy"]
    assert "http" not in everything
    assert ("unsafe" in everything) == (kind == "admin")
    assert ("require-trusted-types-for" in policy) == (
        kind in ("strict", "inbox", "frame", "error")
    )
    if kind in ("strict", "inbox", "frame"):
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == ["'self'"]
        assert policy["object-src"] == ["'none'"]
        worker = "notification-worker" if kind == "inbox" else "'none'"
        assert policy["trusted-types"] == [worker]
        assert "frame-src" not in policy
    if kind == "error":
        assert [name for name in policy if name.endswith("-src")] == [
            *("default-src", "style-src", "img-src"),
        ]
        assert policy["style-src"][0].startswith("'sha256-")


@pytest.mark.parametrize("path", ["/nosuch", "/x?%00", "/widget/nosuch/frame/"])
@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("de", "ltr"), ("ar", "rtl")])
def test_error_pages_speak_the_readers_language_and_fit_their_policy(
    server, path, language, direction
):
    answer = Browser(server).ask(path, Accept_Language=language)

    page = answer.body.decode()
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert "style=" not in page
    assert not TELLING.search(page)


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/nosuch", "application/json"), ("/dashboard/files/x", "text/html"), ("/api/v9/", "*/*")],
)
def test_programs_are_answered_in_json(server, path, accept):
    answer = Browser(server).ask(path, Accept=accept)

    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answer.body) == {"error": {"code": "not_found"}}


def test_a_form_from_another_site_is_refused_and_changes_nothing(server, passwords):
    """Login CSRF: another site signs the visitor in with its own account."""
    answer = Browser(server).ask(
        "/login/",
        "POST",
        urlencode({"username": "anna", "password": passwords["anna"]}),
        Content_Type="application/x-www-form-urlencoded",
        Origin="https://evil.example",
    )

    assert answer.status == 403
    assert "This form has expired" in answer.body.decode()
    assert 'href="/login/"' in answer.body.decode()
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("wish", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_signing_in_leads_nowhere_else(server, passwords, wish):
    browser = Browser(server)

    answer = browser.post(
        f"/login/?{urlencode({'next': wish})}",
        username="anna",
        password=passwords["anna"],
        next=wish,
    )

    assert answer.headers["location"] == "/dashboard/"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("127.0.0.1:99", 200),
        ("[::1]", 200),
        ("[::1]:8000", 200),
        ("::1", 400),
        ("localhost:8000", 200),
        ("LOCALHOST", 200),
        ("localhost:8000@evil.example", 400),
        ("localhost/evil", 400),
        ("", 400),
    ],
)
def test_a_request_for_another_host_is_refused_at_every_entry_point(server, host, status):
    browser = Browser(server)

    assert browser.ask("/", Host=host).status == status
    init = browser.ask(f"/widget/{CHANNEL}/init?url=https://shop.example/", Host=host)
    loader = browser.ask(f"/widget/{CHANNEL}/loader.js", Host=host)
    static = browser.ask("/static/livechat/icon.svg", Host=host)
    assert (
        (init.status == 400) == (loader.status == 400) == (static.status == 400) == (status == 400)
    )
    assert upgrade(server, host) == (403 if status == 400 else 101)


def test_two_hosts_are_none(server):
    assert raw(server, b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n")[0] == 400
    assert raw(server, b"GET / HTTP/1.0\r\n\r\n")[0] == 400


def upgrade(server: App, host: str) -> int:
    """Return the status of the response to a visitor's handshake."""
    head = (
        f"GET /ws/visitor/{CHANNEL}/ HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return raw(server, head.encode())[0]


def raw(server: App, data: bytes) -> tuple[int, bytes]:
    """Send bytes; return the status and everything that arrives until a pause of two seconds."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        answer = b""
        # The server may close the connection before it has read everything.
        with contextlib.suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
            connection.sendall(data)
            connection.settimeout(20)  # the server may be busy
            while part := connection.recv(65_536):
                answer += part
                connection.settimeout(2)
                if b"101 Switching" in answer:
                    break
    return int(answer.split(b" ", 2)[1] if answer else 0), answer


@pytest.fixture(params=["serve", "runserver"], scope="module")
def both_servers(request, server) -> Iterator[App]:
    """Provide both kinds of server, on the same data."""
    if request.param == "serve":
        yield server
        return
    app = App(server.log.parent, command=request.param, environ={"DEMO": "1"})
    app.start()
    yield app
    app.stop()


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET /nosuch HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: evil\r\nConnection: close\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /ws/staff/ HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n"
        b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        b"GET /ws/nosuch/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        b"Upgrade: websocket\r\nSec-WebSocket-Version: 99\r\nSec-WebSocket-Key: x\r\n\r\n",
    ],
    ids=range(10),
)
def test_no_response_names_the_software_behind_it(both_servers, data):
    _status, answer = raw(both_servers, data)

    head = answer.partition(b"\r\n\r\n")[0]
    assert b"\nserver:" not in head.lower()
    assert b"x-powered-by" not in head.lower()
    assert not TELLING.search(answer.decode("latin-1")), answer


def test_a_frame_that_is_no_text_is_refused_and_not_complained_of(server):
    address = f"{server.socket_url}/ws/visitor/{CHANNEL}/"
    with connect(address, origin=Origin(server.url), proxy=None) as opened:
        opened.send(json.dumps({"type": "hello", "version": 1, "tab": "a"}))
        assert json.loads(opened.recv(20))["type"] == "welcome"
        opened.send(b'{"type": "\xff"}', text=True)
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(20)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1007
    assert "Traceback" not in server.log.read_text()


@pytest.fixture(scope="module")
def behind_proxy(server) -> Iterator[App]:
    """The same server behind a proxy that speaks TLS: this machine."""
    app = App(
        server.log.parent,
        environ={
            "DEMO": "1",
            "HTTPS": "1",
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "ALLOWED_HOSTS": "chat.localhost",
            "HSTS_INCLUDE_SUBDOMAINS": "1",
        },
    )
    app.start()
    yield app
    app.stop()


VISITS = {"Host": "chat.localhost", "X-Forwarded-For": "203.0.113.9"}


def test_over_tls_cookies_and_addresses_are_for_tls_alone(behind_proxy, passwords):
    headers = {"X-Forwarded-Proto": "https", "Origin": "https://chat.localhost"}
    browser = Browser(behind_proxy, {**VISITS, **headers})

    answer = browser.post("/login/", username="anna", password=passwords["anna"])
    loader = browser.ask(f"/widget/{CHANNEL}/loader.js")

    assert answer.status == 302
    assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
    assert browser.cookies.keys() == {"__Host-csrftoken", "__Host-sessionid"}
    for cookie in browser.set_cookies:
        assert {"Secure", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()
    assert "HttpOnly" in next(c for c in browser.set_cookies if "session" in c)
    assert b'"secure": true' in loader.body
    assert browser.ask("/dashboard/").status == 200
    init = browser.ask(f"/widget/{CHANNEL}/init?url=https://shop.example/")
    assert init.headers["strict-transport-security"].startswith("max-age=")


@pytest.mark.parametrize("said", [None, "http", "https, http", "HTTP", ""])
def test_what_is_not_said_to_be_tls_is_none(behind_proxy, said):
    headers = VISITS if said is None else {**VISITS, "X-Forwarded-Proto": said}

    answer = Browser(behind_proxy, headers).ask(f"/widget/{CHANNEL}/loader.js")

    assert b'"secure"' not in answer.body
    assert "strict-transport-security" not in answer.headers


def test_a_stranger_is_not_believed_to_speak_tls(server):
    answer = Browser(server, {"X-Forwarded-Proto": "https"}).ask(f"/widget/{CHANNEL}/loader.js")

    assert b'"secure"' not in answer.body


@pytest.mark.parametrize(("origin", "status"), [("https", 101), ("http", 403)])
def test_a_page_that_came_over_http_opens_no_socket_over_tls(behind_proxy, origin, status):
    head = (
        f"GET /ws/visitor/{CHANNEL}/ HTTP/1.1\r\nHost: chat.localhost\r\nConnection: Upgrade\r\n"
        f"Origin: {origin}://chat.localhost\r\nX-Forwarded-Proto: https\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )

    assert raw(behind_proxy, head.encode())[0] == status
