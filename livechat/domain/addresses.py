"""IP addresses: what rate limits count as one place, and how much of an address may be kept."""

import ipaddress
from functools import lru_cache

KEPT_IPV4_BITS = 24
KEPT_IPV6_BITS = 48
"""Enough to tell networks apart, too little to tell people apart."""


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Return what rate limits count as one place: an IPv4 address, or the /64 network of an IPv6
    address, as a single household has 2**64 of them."""
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
