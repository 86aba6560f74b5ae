"""The network rules of `tests.machine.plugin`."""

import asyncio
import socket

import pytest

from tests.machine.plugin import NetworkForbiddenError
from tests.machine.ports import free_port

ELSEWHERE = "192.0.2.1"  # reserved for documentation, so no host responds if the guard fails


def test_a_test_cannot_connect_to_another_machine():
    with socket.socket() as sock, pytest.raises(NetworkForbiddenError):
        sock.connect((ELSEWHERE, 80))


def test_a_test_cannot_ask_for_the_address_of_another_machine():
    with pytest.raises(NetworkForbiddenError):
        socket.create_connection(("livechat.example", 80))


async def test_asyncio_is_held_too():
    with pytest.raises(NetworkForbiddenError):
        await asyncio.open_connection(ELSEWHERE, 80)


def test_loopback_is_open():
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]

        with socket.create_connection(("localhost", port)) as client:
            assert client.getpeername() == ("127.0.0.1", port)
