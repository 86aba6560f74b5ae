"""Read a client's IP address and scheme from the headers that proxies write.

Each proxy adds what it saw at the right: the address that connected to it. So the right-most entry
is the word of the proxy that connected to this server, the one before it that of the proxy before,
and so on. Readers walk from the right and stop at the first address that is not a trusted proxy:
everything further left was written by the client and may be forged.

An entry without a usable address (``unknown``, ``_hidden``, or garbage) ends the walk too. The
client then is the proxy that wrote the entry, because nothing else about it is known.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from livechat.domain.ip_addresses import normal_address

MAX_HOPS = 16
"""Entries that are read, from the right. A chain of proxies has two or three."""
MAX_FORWARDED = 2_048
"""Bytes of ``Forwarded`` that are read, from the right."""

_PAIR = re.compile(
    rb"""\s*([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32})=(?:"((?:[^"\\]|\\.)*)"|([^"\\,;\s]*))\s*(?:;|$)"""
)
"""A parameter of ``Forwarded``. Unquoted values may have colons and brackets: RFC 7239 wants quotes
there, and many proxies omit them."""


class Client(NamedTuple):
    """The normal form of a client's IP address, and the scheme that it used ("" if unknown)."""

    address: str
    scheme: str


IsTrusted = Callable[[str], bool]


def client_of_x_forwarded(
    addresses: bytes, schemes: bytes, peer: str, is_trusted: IsTrusted
) -> Client:
    """Return the client that ``X-Forwarded-For`` and ``X-Forwarded-Proto`` name.

    `peer` is the trusted proxy that connected to this server. The last scheme counts: the two
    lists need not have the same length, so schemes cannot be assigned to proxies.
    """
    scheme = schemes.rpartition(b",")[2].strip().lower().decode("latin-1")
    hops = (Client(normal_address(one.decode("latin-1")), scheme) for one in _entries(addresses))
    return _walk(peer, hops, is_trusted)


def client_of_forwarded(value: bytes, peer: str, is_trusted: IsTrusted) -> Client:
    """Return the client that ``Forwarded`` (RFC 7239) names.

    `peer` is the trusted proxy that connected to this server. The scheme is that of the entry at
    which the walk ended: it was written by the proxy to which the client connected.
    """
    return _walk(peer, map(_hop, _elements(value)), is_trusted)


def _walk(peer: str, hops: Iterator[Client], is_trusted: IsTrusted) -> Client:
    client = Client(peer, "")
    for hop in hops:
        client = Client(hop.address or client.address, hop.scheme)
        if not hop.address or not is_trusted(hop.address):
            break
    return client


def _entries(value: bytes) -> Iterator[bytes]:
    """Yield the entries of a list from the right, at most `MAX_HOPS`."""
    entries = value.rsplit(b",", MAX_HOPS)
    yield from reversed(entries[-MAX_HOPS:])


def _elements(value: bytes) -> Iterator[bytes]:
    """Yield the elements of ``Forwarded`` from the right, at most `MAX_HOPS`.

    From the right, because a quote that a client leaves open must not swallow what proxies add.
    A quoted string begins at ``="``, which it cannot contain: a quote inside is escaped.
    """
    is_cut = len(value) > MAX_FORWARDED
    value = value[-MAX_FORWARDED:]
    end = len(value)
    for _ in range(MAX_HOPS):
        start = _start_of_element(value, end)
        if start is None:
            yield b""  # quotes that do not match
            return
        if start == 0 and is_cut:
            return
        yield value[start:end]
        if start == 0:
            return
        end = start - 1


def _start_of_element(value: bytes, end: int) -> int | None:
    """Return where the element that ends at `end` begins; None if its quotes do not match."""
    while True:
        comma, quote = value.rfind(b",", 0, end), value.rfind(b'"', 0, end)
        if quote <= comma:  # also when there is neither
            return comma + 1
        end = value.rfind(b'="', 0, quote)
        if end < 0:
            return None


def _hop(element: bytes) -> Client:
    """Return the client of one element of ``Forwarded``, with "" for what is unknown."""
    pairs: dict[bytes, bytes] = {}
    at = 0
    while at < len(element):
        match = _PAIR.match(element, at)
        if match is None or match[1].lower() in pairs:
            return Client("", "")
        quoted, plain = match[2], match[3]
        value = plain if quoted is None else re.sub(rb"\\(.)", rb"\1", quoted)
        pairs[match[1].lower()] = value
        at = match.end()
    address = normal_address(pairs.get(b"for", b"").decode("latin-1"))
    return Client(address, pairs.get(b"proto", b"").decode("latin-1").lower())
