"""The maximum size of a body: rejected before it is stored, with every server."""

import http.client
import json
import socket
from collections.abc import Iterator, Mapping

import pytest

from config.http.body_limit import MAX_ANONYMOUS, MAX_PROFILE, MAX_UPLOAD, MIB, BodyLimit, limit_of
from livechat.asgi_responses import respond
from tests.asgi import Exchange
from tests.machine import app

pytestmark = pytest.mark.xdist_group("http_limits")

UPLOAD = "/widget/abc123/files/"
LONG = b"a" * 40 * 65_536


async def call(body: bytes, headers: Mapping[str, str] | None = None) -> tuple[Exchange, int]:
    """Send a body through the limit; return the response and the number of bytes let through."""
    got = 0

    async def application(scope, receive, send):
        nonlocal got
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            got += len(message["body"])
            if not message["more_body"]:
                break
        await respond(scope, send, 200)

    request = Exchange(
        BodyLimit(application),
        "POST",
        headers={"accept": "application/json", **(headers or {})},
        body=body,
    )
    return await request.run(), got


def test_each_address_has_its_limit():
    assert limit_of("/") == limit_of("/admin/livechat/channel/1/change/") == MIB
    assert limit_of("/files/x/") == limit_of("/widget/a/files/x/") == limit_of("/a" + UPLOAD) == MIB
    assert limit_of(UPLOAD) == limit_of("/dashboard/files/") == MAX_UPLOAD
    assert limit_of("/profile/") == MAX_PROFILE
    assert limit_of(UPLOAD, "PUT") == limit_of("/profile/", "GET") == MIB


async def test_what_fits_goes_through():
    answer, got = await call(b"a" * MIB, {"Content-Length": str(MIB)})

    assert (answer.status, got) == (200, MIB)


async def test_what_says_it_is_too_long_is_not_read():
    answer, got = await call(b"a", {"Content-Length": str(MIB + 1)})

    assert (answer.status, got) == (413, 0)
    assert answer.json == {"error": {"code": "too_large"}}
    assert answer.headers["connection"] == "close"


async def test_what_turns_out_to_be_too_long_is_forgotten():
    answer, got = await call(LONG)

    assert (answer.status, got) == (413, MIB)


async def test_a_body_that_does_not_say_its_length_has_to_be_short():
    answer, got = await call(LONG, {"transfer-encoding": "chunked"})
    _short, all_of_it = await call(b"a" * 1_000, {"transfer-encoding": "chunked"})

    assert (answer.status, got) == (413, MAX_ANONYMOUS)
    assert all_of_it == 1_000


async def test_a_body_longer_than_its_declared_length_is_still_limited():
    answer, got = await call(LONG, {"Content-Length": "10"})

    assert (answer.status, got) == (413, MIB)


async def test_a_length_of_a_thousand_digits_is_too_long():
    answer, _got = await call(b"", {"Content-Length": "1" + "0" * 1000})

    assert answer.status == 413


@pytest.fixture(params=["serve", "runserver"], scope="module")
def server(request, migrated, tmp_path_factory) -> Iterator[app.App]:
    folder = migrated.copy(tmp_path_factory.mktemp("limits"))
    running = app.App(folder, command=request.param)
    running.start()
    yield running
    running.stop()
    assert "Traceback" not in running.log.read_text()
    assert "Warning" not in running.log.read_text()


def read(connection: socket.socket) -> tuple[int, bytes]:
    answer = http.client.HTTPResponse(connection)
    answer.begin()
    return answer.status, answer.read()


def opened(server: app.App) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


@pytest.mark.slow
def test_a_real_server_refuses_a_declared_length_that_is_too_large(server):
    with opened(server) as connection:
        connection.sendall(
            b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
            b"Content-Length: 1048577\r\n\r\n"
        )
        connection.sendall(b"a" * 1_048_577)

        status, body = read(connection)

    assert (status, json.loads(body)) == (413, {"error": {"code": "too_large"}})


@pytest.mark.slow
def test_a_real_server_counts_what_comes_in_chunks(server):
    with opened(server) as connection:
        connection.sendall(
            b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        for _ in range(20):
            connection.sendall(b"10000\r\n" + b"a" * 65_536 + b"\r\n")
        connection.sendall(b"0\r\n\r\n")

        status, _body = read(connection)

    assert status == 413


@pytest.mark.slow
def test_a_real_server_takes_large_files_and_answers_the_next_request(server):
    form = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
        + b"a" * 8 * MIB
        + b"\r\n--x--\r\n"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    headers["Authorization"] = f"Visitor {made(server)}"
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)

    connection.request("POST", UPLOAD, form, headers)
    first = connection.getresponse()
    kept = json.loads(first.read())
    connection.request("GET", "/healthz")
    second = connection.getresponse()
    second.read()
    connection.close()

    assert (first.status, kept["size"]) == (201, 8 * MIB)
    assert second.status == 200


@pytest.mark.slow
@pytest.mark.parametrize("server", ["serve"], indirect=True)  # Daphne receives the body first
def test_a_real_server_answers_a_stranger_before_the_file_comes(server):
    with opened(server) as connection:
        connection.sendall(
            f"POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Content-Length: {MAX_UPLOAD}\r\n\r\n".encode()
        )

        status, body = read(connection)

    assert (status, json.loads(body)) == (401, {"error": {"code": "auth_required"}})


def made(server: app.App) -> str:
    """Create the channel; return a token of a visitor."""
    return server.manage(
        "shell",
        "--no-imports",
        "--command",
        "import uuid; from livechat import auth; from livechat.models import Channel;"
        "Channel.objects.create(name='A', slug='a', key='abc123');"
        "print(auth.visitor_token(uuid.uuid4(), 'abc123'))",
    ).strip()
