"""Post to a third party's URL: checked, within a time limit, and keeping only the status.

The host name is looked up here, all its IP addresses are checked, and the connection goes to one
of those checked. So a name that changes between look-up and connection (DNS rebinding) gains
nothing. Proxies of the environment are not used, redirects are not followed, the response's body
is not kept.
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
from livechat.integrations.call_results import GiveUp, Receipt, TryLater

LIMIT_SECONDS = 10.0
"""Total time for the look-up, the connection, TLS, sending, and the response."""
MAX_BODY = 256 * 1024
MAX_ANSWER = 64 * 1024
"""Bytes read of a response, headers included."""
LONGEST_WAIT = timedelta(hours=24)
"""The longest wait that a response may ask for with ``Retry-After``."""

Resolve = Callable[[str, int], Sequence[str]]


def look_up(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host, in the order in which to try them; raises OSError."""
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
    """Post `body` and return a receipt when the response is 2xx.

    `private` as in `webhook_targets.parse`; `trust` replaces the system's trusted certificates.
    Raises TryLater, and GiveUp for 410 and for a body above 256 KiB.
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
    """The moment by which all steps must be done."""

    def __init__(self, seconds: float) -> None:
        self._started = time.monotonic()
        self._end = self._started + seconds

    def left(self) -> float:
        """Return the seconds that are left; raises TimeoutError if there are none."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def passed(self) -> float:
        return time.monotonic() - self._started


def _addresses(
    target: Target, private: bool, resolve: Resolve, deadline: _Deadline
) -> Sequence[str]:
    """Return the IP addresses of a host; raises TryLater if any of them is not allowed."""
    found: list[str] = []
    failed: list[OSError] = []

    def ask() -> None:
        try:
            found.extend(resolve(target.host, target.port))
        except (OSError, UnicodeError) as error:
            failed.append(OSError(str(error)))

    # The resolver has no time-out, so its thread is abandoned at the deadline.
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
    """Return a connection to the first address that accepts one; raises the last OSError."""
    failure = OSError("no address")
    for number, address in enumerate(addresses):
        # Each address gets its share of the time, so that a silent one leaves some to the others.
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
    # Read to the end, so that the receiver sees no broken connection. Only the status counts.
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
    """A socket that keeps the deadline even if bytes arrive slowly, and limits what it reads.

    It has only the methods that `http.client` uses.
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
        """Do nothing: the caller that opened the socket closes it."""


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
