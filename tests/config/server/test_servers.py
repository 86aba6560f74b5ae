"""The two ways to start the server: ``serve``, and Django's `runserver`, which is Daphne here."""

import asyncio
import signal

import pytest
import websockets

from tests.machine import app

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("command", ["serve", "runserver"])
def test_a_server_answers_http_and_sockets_and_ends_on_ctrl_c(command, migrated, tmp_path):
    server = app.App(migrated.copy(tmp_path), command=command)

    server.start()
    try:
        refusal = asyncio.run(connect_as_stranger(server))
    finally:
        code = server.stop(signal.SIGINT)

    assert refusal in {403, 4401}
    assert code == 0, server.log.read_text()
    assert "Traceback" not in server.log.read_text()


async def connect_as_stranger(server: app.App) -> int | None:
    """Open the staff's socket as a stranger; return the status or close code of the rejection."""
    address, origin = f"{server.socket_url}/ws/staff/", websockets.Origin(server.url)
    try:
        async with websockets.connect(address, origin=origin, proxy=None) as socket:
            await socket.recv()
    except websockets.InvalidStatus as refused:
        return refused.response.status_code
    except websockets.ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
    return None
