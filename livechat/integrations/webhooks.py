"""Posting to somebody else's address: checked, in time, and nothing of the answer but its status.

The name is looked up here, every address it has is judged, and the connection goes to one of the
very addresses that were judged: a name that changes between look and connection gains nothing.
Proxies of the environment are not used, redirects not followed, the answer's text not kept.
"""

import contextlib
import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from livechat.domain import webhook_targets
from livechat.domain.deliveries import Failure
from livechat.domain.webhook_targets import Target, TargetError
from livechat.integrations.calls import GiveUp, Receipt, TryLater

LIMIT_SECONDS = 10.0
"""For everything together: looking the name up, connecting, TLS, sending, and the answer."""
MAX_BODY = 256 * 1024
MAX_ANSWER = 64 * 1024
"""Bytes read of an answer, its headers among them."""
LONGEST_WAIT = timedelta(hours=24)
"""As long as this, and no longer, an answer may make us wait by ``Retry-After``."""

Resolve = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, in the order in which to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    private: bool,
    resolve: Resolve = look_up,
    trust: ssl.SSLContext | None = None,
    limit_seconds: float = LIMIT_SECONDS,
) -> Receipt:
    """Post `body` and return when a 2xx said that it arrived.

    `private` as in `webhook_targets.parse`; `trust` whose certificates are believed, the system's
    unless given. Raises TryLater, and GiveUp for 410 and for a body beyond 256 KiB.
    """
    if len(body) > MAX_BODY:
        raise GiveUp(Failure.TOO_LARGE)
    try:
        target = webhook_targets.parse(url, private=private)
    except TargetError:
        raise TryLater(Failure.ADDRESS) from None
    deadline = _Deadline(limit_seconds)
    try:
        sock = _connect(_addresses(target, private, resolve, deadline), target.port, deadline)
        with sock:
            if target.is_tls:
                sock.settimeout(deadline.left())
                context = trust or ssl.create_default_context()
                with context.wrap_socket(sock, server_hostname=target.host) as secured:
                    return _exchange(secured, target, body, headers, deadline)
            return _exchange(sock, target, body, headers, deadline)
    except TimeoutError:
        raise TryLater(Failure.TIMEOUT) from None
    except ssl.SSLError:
        raise TryLater(Failure.TLS) from None
    except OSError:
        raise TryLater(Failure.CONNECTION) from None
    except (http.client.HTTPException, ValueError):
        raise TryLater(Failure.ANSWER) from None


class _Deadline:
    """A moment by which everything has to be done."""

    def __init__(self, seconds: float) -> None:
        self._started = time.monotonic()
        self._end = self._started + seconds

    def left(self) -> float:
        """Return the seconds that are left; raises TimeoutError when there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def passed(self) -> float:
        return time.monotonic() - self._started


def _addresses(
    target: Target, private: bool, resolve: Resolve, deadline: _Deadline
) -> Sequence[str]:
    """Return the addresses of a host; one that is not open makes all of them suspect."""
    found: list[str] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            found.extend(resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:
            failed.append(OSError(str(error)))

    # The resolver knows no limit of time, so it is waited for and left behind.
    thread = threading.Thread(target=ask, name="look-up", daemon=True)
    thread.start()
    thread.join(deadline.left())
    addresses = list(found)
    if failed or not addresses:
        deadline.left()
        raise TryLater(Failure.NAME)
    if not all(webhook_targets.is_open(address, private=private) for address in addresses):
        raise TryLater(Failure.ADDRESS)
    return addresses


def _connect(addresses: Sequence[str], port: int, deadline: _Deadline) -> socket.socket:
    """Return a connection to the first address that takes one."""
    failure = OSError("no address")
    for number, address in enumerate(addresses):
        # Each gets its share of the time, so that one that is silent leaves some for the others.
        share = deadline.left() / (len(addresses) - number)
        try:
            return socket.create_connection((address, port), timeout=share)
        except OSError as error:
            failure = error
    raise failure


def _exchange(
    sock: socket.socket,
    target: Target,
    body: bytes,
    headers: Mapping[str, str],
    deadline: _Deadline,
) -> Receipt:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = _Line(sock, deadline)
    connection.request("POST", target.path, body, {**headers, "Host": target.authority})
    answer = connection.getresponse()
    receipt = Receipt(answer.status, deadline.passed())
    # To its end, or the other side would hear a broken connection; the status has said everything.
    with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
        answer.read(MAX_ANSWER)
    _judge(receipt, answer.headers.get("Retry-After", ""))
    return receipt


def _judge(receipt: Receipt, retry_after: str) -> None:
    status, seconds = receipt.status, receipt.seconds
    if 200 <= status < 300:
        return
    if status == http.client.GONE:
        raise GiveUp(Failure.GONE, status=status, seconds=seconds)
    failure = Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS
    after = timedelta()
    if retry_after.isdecimal() and len(retry_after) < 10:
        after = min(timedelta(seconds=int(retry_after)), LONGEST_WAIT)
    raise TryLater(failure, status=status, seconds=seconds, after=after)


class _Line:
    """A socket that keeps to the deadline however slowly bytes come, and reads no more than it may.

    What `http.client` wants of a socket, and no more.
    """

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Incoming(self._sock, self._deadline), 4096)

    def close(self) -> None:
        """Whoever opened the socket closes it."""


class _Incoming(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        self._left = MAX_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._left <= 0:
            raise ValueError("the answer is too long")
        self._sock.settimeout(self._deadline.left())
        count = self._sock.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count
