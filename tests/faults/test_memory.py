"""The worst clients take bounded memory from a real server, which still serves the others.

Bounds are generous and in bytes. Times only limit the waiting. FAULT_SECONDS makes it longer.
"""

import asyncio
import json
import os
import re
import socket
import struct
import time
import uuid
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from tests.faults import world
from tests.faults.people import Visitor, says
from tests.faults.test_sockets import closing, living, raw
from tests.machine.timeouts import TIMEOUT_SECONDS, until

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("memory")]

SECONDS = float(os.environ.get("FAULT_SECONDS") or 3)
MIB = 2**20
KEPT_EMPTY = ("0A", "05", "06")
"""The listening socket, and connections closed in order: FIN_WAIT2, TIME_WAIT."""
MUCH = 120 * MIB
"""Maximum growth of the server's memory in a test."""


@pytest.fixture(scope="module")
def system(tmp_path_factory):
    """Provide one server on SQLite, with the default limits."""
    with world.embedded(tmp_path_factory.mktemp("memory"), environ={}) as running:
        yield running
        log = running.apps[0].log.read_text()
        assert "Traceback" not in log, log[-4000:]


def memory(system) -> int:
    """Return the server's resident memory in bytes."""
    status = Path(f"/proc/{system.apps[0].pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) * 1024


def connections(system) -> int:
    """Return the number of connections for which the server or the kernel still keeps data."""
    port = f":{system.apps[0].port:04X}"
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    return sum(
        line.split()[1].endswith(port) and line.split()[3] not in KEPT_EMPTY for line in lines
    )


@asynccontextmanager
async def visitor_chats(system):
    """Yield a visitor who chats; check before and after that they are served."""
    walt = Visitor(system.addresses, 7, channel=system.channel)
    life = asyncio.create_task(walt.live())
    try:
        await until(lambda: walt.outbox.connected)
        await expect_answer(walt)
        yield walt
        await expect_answer(walt)
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)


async def expect_answer(visitor) -> None:
    entry = visitor.post()
    await until(lambda: says(visitor, entry.text))


async def raw_connection(system, *, reads: bool = True):
    """Return a plain connection to the server; without `reads` its receive window is minimal."""
    plain = socket.socket()
    plain.setblocking(False)
    if not reads:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(plain, ("127.0.0.1", system.apps[0].port))
    return plain


async def upgraded(system, *, reads: bool = True):
    """Return a connection after its WebSocket handshake, without reading more than that."""
    plain = await raw_connection(system, reads=reads)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(plain, handshake(system))
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += await loop.sock_recv(plain, 1_024)
    assert b" 101 " in answer
    return plain


def handshake(system, path="/ws/visitor/berlin/") -> bytes:
    url = system.apps[0].url
    return (
        f"GET {path} HTTP/1.1\r\nHost: {url.removeprefix('http://')}\r\nOrigin: {url}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    ).encode()


def frame(data: bytes, opcode: int = 1) -> bytes:
    """Return a masked frame whose mask changes nothing."""
    length = (
        bytes([0x80 | len(data)])
        if len(data) < 126
        else b"\xfe" + struct.pack("!H", len(data))
        if len(data) < 65_536
        else b"\xff" + struct.pack("!Q", len(data))
    )
    return bytes([0x80 | opcode]) + length + b"\0\0\0\0" + data


HELLO = frame(json.dumps({"type": "hello", "version": 1, "tab": "raw"}).encode())


@contextmanager
def all_closed(sockets):
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


async def send_repeatedly(plain, data: bytes, times: int) -> int:
    """Send `data` up to `times` times, until the server stops reading; return the bytes sent."""
    loop, taken = asyncio.get_running_loop(), 0
    with suppress(OSError, TimeoutError):
        for _ in range(times):
            async with asyncio.timeout(2.0):
                await loop.sock_sendall(plain, data)
            taken += len(data)
    return taken


async def ended(plain) -> bool:
    """Return whether the server ends the connection; reads and drops what it sends."""
    loop = asyncio.get_running_loop()
    with suppress(ConnectionError):
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while await loop.sock_recv(plain, 65_536):
                    pass
        except TimeoutError:
            return False
    return True


async def test_a_client_that_never_reads_is_closed_and_leaves_nothing_behind(system):
    """Clients request long pages and read none. Neither memory nor connections stay in use."""
    loop = asyncio.get_running_loop()
    friends = [Visitor(system.addresses, number, channel=system.channel) for number in range(5)]
    async with visitor_chats(system) as walt, living(*friends):
        for friend in friends:
            await expect_answer(friend)
            for _ in range(6):
                friend.send(post_frame(friend, "x" * 7_900))
        before, others = memory(system), connections(system)
        deaf: list[socket.socket] = []
        with all_closed(deaf):
            for friend in friends:
                page = {"type": "timeline.fetch", "conversation": friend.current(), "after_seq": 0}
                for number in range(4):
                    plain = await upgraded(system, reads=False)
                    deaf.append(plain)
                    hello = {"type": "hello", "version": 1, "tab": f"deaf {number}"}
                    greeting = frame(json.dumps(hello | {"token": friend.token}).encode())
                    asking = frame(json.dumps(page).encode()) * 14
                    await loop.sock_sendall(plain, greeting + asking)
            await expect_answer(walt)
            highest = memory(system)
            # A stalled connection is cut ten seconds after its close began, so before an idle one.
            await until(lambda: connections(system) <= others)
            highest = max(highest, memory(system))

    assert highest - before < MUCH


def post_frame(visitor, text: str) -> dict[str, str]:
    post = {"type": "message.post", "conversation": visitor.current(), "text": text}
    return post | {"client_id": str(uuid.uuid4())}


async def test_garbage_and_the_smallest_frames_are_bounded(system):
    kinds = [
        frame(b"{}") * 30_000,
        frame(b"[" * 50_000) * 20,
        frame(b"\xff\xfe" * 1_000, opcode=2) * 100,
        frame(b"", opcode=9) * 30_000,
        b"\x01\x80\0\0\0\0" + b"\x00\x80\0\0\0\0" * 30_000,
        os.urandom(300_000),
        frame(b"a" * 200_000) * 4,
    ]
    async with visitor_chats(system):
        before = memory(system)
        rude = [await upgraded(system) for _garbage in kinds for _ in range(5)]
        with all_closed(rude):
            for plain in rude:
                await asyncio.get_running_loop().sock_sendall(plain, HELLO)
            pouring = zip(rude, [garbage for garbage in kinds for _ in range(5)], strict=True)
            await asyncio.gather(
                *(send_repeatedly(plain, garbage, 3) for plain, garbage in pouring)
            )
            highest = memory(system)
            assert all(await asyncio.gather(*(ended(plain) for plain in rude)))

    assert highest - before < MUCH


async def test_ten_thousand_frames_at_once_wait_in_the_kernel_not_in_memory(system):
    view = json.dumps({"type": "page.view", "page": {"url": "https://shop.example/" + "x" * 900}})
    async with visitor_chats(system):
        before = memory(system)
        async with raw(system.apps[0], "/ws/visitor/berlin/") as flooding:

            async def flood():
                with suppress(ConnectionClosed):
                    for _ in range(10_000):
                        await flooding.send(view)

            flooded = asyncio.create_task(flood())
            code = await closing(flooding)
            highest = memory(system)
            await flooded

    assert code == 4429
    assert highest - before < MUCH


async def test_connections_that_send_no_complete_request_are_closed_after_a_while(system):
    """A thousand sockets send no `hello`; heads and bodies of requests come byte by byte."""
    beginnings = [
        b"",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
        b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nabc",
        b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /healthz HTTP/1.1\r\nX-Slow: ",
    ]
    loop = asyncio.get_running_loop()
    async with visitor_chats(system):
        before, others = memory(system), connections(system)
        silent: list[socket.socket] = []
        slow: list[socket.socket] = []
        with all_closed(silent), all_closed(slow):
            for _ in range(1_000):
                silent.append(await raw_connection(system))
                await loop.sock_sendall(silent[-1], handshake(system))
            for beginning in beginnings * 50:
                slow.append(await raw_connection(system))
                await loop.sock_sendall(slow[-1], beginning)
            highest = memory(system)
            deadline = time.monotonic() + TIMEOUT_SECONDS
            while connections(system) > others and time.monotonic() < deadline:
                await asyncio.sleep(1.0)
                for number, plain in enumerate(slow):
                    if number % len(beginnings):
                        with suppress(OSError):
                            await loop.sock_sendall(plain, b"x")
            left = connections(system)

    assert left <= others
    assert highest - before < MUCH


async def test_many_requests_at_once_on_one_line_are_refused(system):
    async with visitor_chats(system):
        before = memory(system)
        plain = await raw_connection(system)
        with all_closed([plain]):
            await send_repeatedly(
                plain, b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 20_000, 1
            )
            assert await ended(plain)
            highest = memory(system)

    assert highest - before < MUCH


async def test_the_memory_comes_to_a_plateau(system):
    """The same abuse, repeated, takes no more memory than the first times."""
    peaks: list[int] = []
    started = time.monotonic()
    async with visitor_chats(system):
        while len(peaks) < 6 or time.monotonic() - started < SECONDS:
            rude = [await upgraded(system, reads=number % 2 == 0) for number in range(60)]
            with all_closed(rude):
                for plain in rude:
                    with suppress(OSError):
                        await asyncio.get_running_loop().sock_sendall(
                            plain, HELLO + frame(b"{}") * 50
                        )
                await asyncio.sleep(0.3)
                peaks.append(memory(system))

    half = len(peaks) // 2
    assert max(peaks[half:]) - max(peaks[:half]) < 24 * MIB


async def test_a_client_that_connects_too_often_is_refused_with_a_time_to_wait(tmp_path):
    with world.embedded(tmp_path, environ={"PEOPLE_PER_ADDRESS": "10"}) as system:
        app = system.apps[0]
        address = f"{app.socket_url}/ws/visitor/berlin/"
        async with AsyncExitStack() as kept:
            for _ in range(40):
                await kept.enter_async_context(connect(address, origin=Origin(app.url), proxy=None))
            with pytest.raises(InvalidStatus) as refused:
                await connect(address, origin=Origin(app.url), proxy=None)

    refusal = refused.value.response
    assert refusal.status_code == 429
    assert int(refusal.headers["Retry-After"]) >= 1
