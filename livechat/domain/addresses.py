"""Where somebody comes from, as far as limits are concerned."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4096)
def source_of(address: str) -> str:
    """Return what is counted as one place: an IPv4 address, or the network of an IPv6 one, of
    which a single household has 2**64 addresses."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        ip = ip.ipv4_mapped or ip
    if isinstance(ip, ipaddress.IPv6Address):
        return ipaddress.ip_network((ip, 64), strict=False).network_address.compressed
    return str(ip)
