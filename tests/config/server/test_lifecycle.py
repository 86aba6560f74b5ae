"""Stopping: sockets move elsewhere first, open requests get a response, and it ends in time."""

import json
import signal
import socket
import time
import uuid
from contextlib import closing, contextmanager

import pytest
from django.core.management import CommandError, call_command
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from config.server import lifecycle
from tests.machine import app

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("drain")]


@pytest.fixture(scope="module")
def server(with_demo, tmp_path_factory):
    """A server of the demo. A test that stops it must start it again."""
    running = app.App(with_demo.copy(tmp_path_factory.mktemp("drain")), environ={"DEMO": "1"})
    yield running
    running.kill()


@pytest.fixture
def started(server):
    server.kill()
    server.start()
    return server


@contextmanager
def visitor(server, *, hello=True):
    """Yield a socket that sends nothing by itself."""
    address = f"{server.socket_url}/ws/visitor/kettleandleaf/"
    with connect(address, origin=server.url) as opened:
        if hello:
            opened.send(json.dumps({"type": "hello", "version": 1, "tab": uuid.uuid4().hex}))
            assert next_type(opened) == "welcome"
        yield opened


def frame(opened):
    """Return the next frame, except heartbeats, which may come at any time."""
    while True:
        said = json.loads(opened.recv(10))
        if said["type"] != "heartbeat":
            return said


def next_type(opened):
    return frame(opened)["type"]


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_stops_says_so_and_closes_4503(started, sig):
    with visitor(started) as greeted, visitor(started, hello=False) as silent:
        started.send(sig)
        frames = [frame(one) for one in (greeted, silent)]
        codes = []
        for one in (greeted, silent):
            with pytest.raises(ConnectionClosed) as closed:
                one.recv(10)
            codes.append(closed.value.rcvd and closed.value.rcvd.code)

    assert started.wait() == 0
    assert [said["type"] for said in frames] == ["drain", "drain"]
    assert all(0 <= said["reconnect_in_ms"] <= 10_000 for said in frames)
    assert codes == [4503, 4503]
    assert "Traceback" not in started.log.read_text()


def test_a_request_under_way_is_answered(started):
    body = b"username=anna&password=tea"
    head = (
        f"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1:{started.port}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with closing(socket.create_connection(("127.0.0.1", started.port))) as slow:
        slow.sendall(head.encode() + body[:10])
        time.sleep(0.3)
        started.send(signal.SIGTERM)
        while started.status("/healthz"):  # until it accepts no connections
            time.sleep(0.05)
        slow.sendall(body[10:])
        answer = slow.recv(4096)

    assert answer.startswith(b"HTTP/1.1 403")  # no token, but a response
    assert started.wait() == 0


def test_a_connection_that_has_not_asked_yet_is_answered(started):
    with closing(accepted_before_the_port_closes(started)) as opened:
        opened.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        answer = opened.recv(4096)

        assert answer.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answer.lower()
        assert started.wait() == 0


def test_a_socket_that_has_not_asked_yet_is_sent_elsewhere(started):
    address = f"{started.socket_url}/ws/visitor/kettleandleaf/"
    line = accepted_before_the_port_closes(started)
    with connect(address, origin=started.url, sock=line) as opened:
        assert next_type(opened) == "drain"
        with pytest.raises(ConnectionClosed) as closed:
            opened.recv(10)

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4503
    assert started.wait() == 0


def accepted_before_the_port_closes(server):
    """Return a connection that a stopping server has accepted, and that has sent nothing."""
    line = socket.create_connection(("127.0.0.1", server.port))
    assert server.status("/healthz") == 200  # accepted later, so it has accepted `line` too
    server.send(signal.SIGTERM)
    while server.status("/healthz"):  # until it accepts no connections
        pass
    return line


def test_the_second_signal_ends_it_at_once(started):
    with visitor(started) as opened:
        started.send(signal.SIGTERM)
        assert next_type(opened) == "drain"  # so it has handled the first signal
        started.send(signal.SIGTERM)
        code = started.wait()

    assert code == -signal.SIGTERM


def test_a_server_with_hanging_work_ends_in_time_and_logs_what_hung(server, tmp_path):
    server.kill()
    stuck = app.App(
        server.log.parent, environ={"DEMO": "1"}, entry=("-m", "tests.config.server.stuck_server")
    )
    stuck.log = tmp_path / "stuck.log"
    stuck.start()
    with visitor(stuck, hello=False) as waiting:
        waiting.send(json.dumps({"type": "hello", "version": 1, "tab": "a"}))
        time.sleep(0.5)
        stuck.send(signal.SIGTERM)
        assert next_type(waiting) == "drain"
        with pytest.raises(ConnectionClosed) as closed:
            waiting.recv(10)
        code = stuck.wait()

    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4503
    assert code == 1
    assert "hang_for_ever" in stuck.log.read_text()


def test_a_thousand_sockets_are_sent_away_over_ten_seconds(settings):
    settings.DRAIN_SECONDS = 10
    turns = lifecycle._drain_delays(1000)

    assert turns != sorted(turns)
    per_second = [sum(second <= turn < second + 1 for turn in turns) for second in range(10)]
    assert per_second == [100] * 10
    assert max(lifecycle._drain_delays(2)) < 0.1
    assert lifecycle._drain_delays(0) == []


@pytest.mark.parametrize(("workers", "says"), [(2, "PostgreSQL and Redis"), (0, "1 or more")])
def test_several_processes_are_refused_without_what_they_need(workers, says, settings):
    settings.REDIS_URL = ""

    with pytest.raises(CommandError, match=says):
        call_command("serve", "--workers", str(workers))
