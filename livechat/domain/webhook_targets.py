"""Which addresses may a webhook have? A typed address must not reach our internal network.

`parse` checks the address as written, `is_open` the IP addresses to which its host name resolves.
Callers must use both, and must connect to the IP address that was checked.
"""

import ipaddress
import re
from dataclasses import dataclass

from livechat.domain import text
from livechat.errors import LivechatError

MAX_LENGTH = text.MAX_URL
PORTS = frozenset({443, 8443})
"""The usual TLS ports. Other ports belong to services that are not websites."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TargetError(LivechatError):
    """An address that a webhook must not use. `problem` is a code."""

    code = "bad_target"

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of an address. `host` is ASCII, `path` begins with a slash and has the query."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The value of the ``Host`` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.is_tls else 80) else f"{host}:{self.port}"


def parse(url: str, *, private: bool) -> Target:
    """Return the parts of an address. `private` allows http, any port and private networks.

    Raises TargetError with one of: too_long, characters, scheme, userinfo, fragment, port, host,
    private.
    """
    if len(url) > MAX_LENGTH:
        raise TargetError("too_long")
    # Python removes tabs and line ends from an address; browsers turn a backslash into a slash.
    if re.search(r"[\x00-\x20\x7f\\]", url):
        raise TargetError("characters")
    try:
        parts = text.split_url(url)
        port = parts.port
        name = parts.hostname or ""
    except ValueError:
        raise TargetError("host") from None
    if parts.scheme != "https" and not (private and parts.scheme == "http"):
        raise TargetError("scheme")
    if "@" in parts.netloc:
        raise TargetError("userinfo")
    if ("[" in parts.netloc) != (":" in name):
        raise TargetError("host")
    if "#" in url:
        raise TargetError("fragment")
    if not (parts.path + parts.query).isascii():
        raise TargetError("characters")
    is_tls = parts.scheme == "https"
    port = port if port is not None else (443 if is_tls else 80)
    if port == 0 or not (private or port in PORTS):
        raise TargetError("port")
    host = _host(name, private=private)
    path = parts.path or "/"
    return Target(is_tls, host, port, f"{path}?{parts.query}" if parts.query else path)


def is_open(address: str, *, private: bool) -> bool:
    """Say whether webhooks may connect to an IP address; `private` allows private networks.

    Always refused: addresses of no single machine (multicast, unspecified, reserved), and metadata
    services of clouds, which reveal secrets.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return False
        if found.ipv4_mapped is not None:
            found = found.ipv4_mapped
    if any(found in network for network in _NEVER if network.version == found.version):
        return False
    if private:
        return True
    if isinstance(found, ipaddress.IPv6Address) and found not in _GLOBAL_UNICAST:
        return False
    return found.is_global


def _networks(*names: str) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
    return tuple(map(ipaddress.ip_network, names))


_NEVER = _networks(
    "0.0.0.0/8",
    "169.254.0.0/16",  # link-local, and the metadata of most clouds
    "100.100.100.200/32",  # Alibaba's metadata
    "168.63.129.16/32",  # Azure's, in the middle of public addresses
    "192.0.0.0/24",  # protocols, and Oracle's metadata
    "192.88.99.0/24",  # relays to IPv6
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/128",
    "64:ff9b::/96",  # IPv4 inside IPv6: a translator could reach a refused IPv4 address
    "64:ff9b:1::/48",
    "2001::/23",  # protocols; Teredo among them
    "2002::/16",  # 6to4
    "fd00:ec2::/32",  # Amazon's metadata
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def _host(name: str, *, private: bool) -> str:
    """Return a host in ASCII: a name, or an IP address written in full; raises TargetError.

    Unless `private`, a name must have at least two labels and a public ending.
    """
    if ":" in name:
        if not is_open(name, private=private):
            raise TargetError("private")
        return str(ipaddress.ip_address(name))
    try:
        host = text.ascii_host(name).removesuffix(".")
    except ValueError:
        raise TargetError("host") from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise TargetError("host")
    # Resolvers read 2130706433, 0x7f.1 and 0177.0.0.1 as 127.0.0.1. No host name ends in a number.
    if _NUMBER.fullmatch(labels[-1]):
        try:
            ipaddress.IPv4Address(host)
        except ValueError:
            raise TargetError("host") from None
        if not is_open(host, private=private):
            raise TargetError("private")
    elif not private and (len(labels) < 2 or labels[-1] in _OWN):
        raise TargetError("private")
    return host


_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_OWN = frozenset({"localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa"})
"""Last labels of names that only a private network resolves."""
