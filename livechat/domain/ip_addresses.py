"""IP addresses: their one spelling, the key that rate limits use for a client, and the part that
may be stored."""

import ipaddress
import re
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

KEPT_IPV4_BITS = 24
KEPT_IPV6_BITS = 48
"""Enough to distinguish networks, too little to identify a person."""
MAX_ADDRESS = 128
"""Characters of an address with brackets, zone and port. Longer texts are no addresses; Python
would accept, and caches would keep, a zone of any length."""
MAPPED_BITS = 96
"""The prefix of IPv4 addresses written as IPv6: ``::ffff:0:0/96``."""

_PORT = r"(?::[\w.-]{1,32})?"
_IPV6 = r"[0-9A-Fa-f]*:[0-9A-Fa-f:.]*"
_WRITTEN = re.compile(
    rf"([0-9.]+){_PORT}|\[({_IPV6})(?:%[^\]]*)?\]{_PORT}|({_IPV6})(?:%.*)?",
    re.ASCII,
)


def normal_address(text: str) -> str:
    """Return the one spelling of an IP address; "" for any other text.

    Brackets, port and zone are dropped. An IPv4-mapped address (``::ffff:192.0.2.1``), as a server
    sees that listens for IPv6 and IPv4 on one port, becomes the IPv4 address.
    """
    return _normal_address(text) if len(text) <= MAX_ADDRESS else ""


@lru_cache(maxsize=4096)  # called several times for every request
def _normal_address(text: str) -> str:
    written = _WRITTEN.fullmatch(text.strip())
    try:
        ip = ipaddress.ip_address(written[written.lastindex or 0]) if written else None
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    return str(ip or "")


def normal_network(text: str) -> Network:
    """Return a network in the form that matches normal addresses; raises ValueError.

    ``::ffff:10.0.0.0/104`` becomes ``10.0.0.0/8``.
    """
    network = ipaddress.ip_network(text)
    if isinstance(network, ipaddress.IPv6Network) and network.prefixlen >= MAPPED_BITS:
        mapped = network.network_address.ipv4_mapped
        if mapped:
            return ipaddress.ip_network((mapped, network.prefixlen - MAPPED_BITS))
    return network


@lru_cache(maxsize=4096)
def is_among(address: str, networks: tuple[Network, ...]) -> bool:
    """Return whether one of the networks contains a normal address; False for any other text."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(ip in network for network in networks)


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Return the key under which rate limits count a client; "unknown" for any other text.

    For IPv4 it is the address, for IPv6 the /64 network, because one household has 2**64 addresses.
    """
    normal = normal_address(address)
    if ":" in normal:
        return ipaddress.IPv6Network((normal, 64), strict=False).network_address.compressed
    return normal or "unknown"


def network_of(address: str) -> str:
    """Return the /24 or /48 network of an IP address; "" for any other text."""
    normal = normal_address(address)
    if not normal:
        return ""
    bits = KEPT_IPV6_BITS if ":" in normal else KEPT_IPV4_BITS
    return str(ipaddress.ip_network((normal, bits), strict=False))
