"""Stopping sends everybody elsewhere first."""

import json
import threading
import uuid

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.machine import app

pytestmark = pytest.mark.slow


def test_a_server_that_stops_says_so_and_closes_4503(tmp_path):
    server = app.App(tmp_path, environ={"DEMO": "1"})
    server.manage("migrate", "--verbosity", "0")
    server.manage("load_demo")
    server.start()
    address = f"{server.socket_url}/ws/visitor/kettleandleaf/"
    with connect(address, origin=server.url) as socket:  # type: ignore[call-overload]
        socket.send(json.dumps({"type": "hello", "version": 1, "tab": uuid.uuid4().hex}))
        assert json.loads(socket.recv(10))["type"] == "welcome"

        stopping = threading.Thread(target=server.stop)
        stopping.start()
        frame = json.loads(socket.recv(10))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(10)
        stopping.join()

    assert frame["type"] == "drain"
    assert 0 <= frame["reconnect_in_ms"] <= 10_000
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4503
