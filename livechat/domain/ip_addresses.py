"""IP addresses: the key that rate limits use for a client, and the part that may be stored."""

import ipaddress
from functools import lru_cache

KEPT_IPV4_BITS = 24
KEPT_IPV6_BITS = 48
"""Enough to distinguish networks, too little to identify a person."""


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Return the key under which rate limits count a client; "unknown" for any other text.

    For IPv4 it is the address, for IPv6 the /64 network, because one household has 2**64 addresses.
    """
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if isinstance(ip, ipaddress.IPv6Address):
        return ipaddress.ip_network((ip, 64), strict=False).network_address.compressed
    return str(ip)


def network_of(address: str) -> str:
    """Return the /24 or /48 network of an IP address; "" for any other text."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    bits = KEPT_IPV4_BITS if ip.version == 4 else KEPT_IPV6_BITS
    return str(ipaddress.ip_network((ip, bits), strict=False))
