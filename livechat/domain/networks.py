"""Addresses, as far as they may be kept: enough to tell networks apart, too little for people."""

import ipaddress

IPV4_BITS = 24
IPV6_BITS = 48


def network_of(address: str) -> str:
    """Return the /24 or /48 that an IP address is in, "" for what is no address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    bits = IPV4_BITS if ip.version == 4 else IPV6_BITS
    return str(ipaddress.ip_network((ip, bits), strict=False))
