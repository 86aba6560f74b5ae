"""Which websites may embed a widget?

An origin is a browser's name for a website: scheme, host, and the port if it is not the default.
A pattern is an origin, or one with a star for one or more subdomain labels
(``https://*.shop.example``). The star does not match the domain itself. The same text is valid in
``frame-ancestors`` of the Content Security Policy.
"""

from collections.abc import Iterable

from livechat.domain import text as texts
from livechat.errors import LivechatError

MAX_ORIGINS = 50
_PORTS = {"https": 443, "http": 80}
_WILD = "*."


class OriginError(LivechatError):
    """A line that is not a pattern. `problem` is a code, `line` the text that was entered."""

    code = "bad_origin"

    def __init__(self, problem: str, line: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


def parse(text: str) -> list[str]:
    """Return the patterns in `text`, one per line, as browsers write them, without duplicates.

    A host without a scheme means https. A host in another script is converted to ASCII. Raises
    OriginError for the first line that is not a pattern, and for more than 50 patterns.
    """
    found: dict[str, None] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        found[pattern := _normal(line)] = None
        if len(found) > MAX_ORIGINS:
            raise OriginError("too_many", pattern)
    return list(found)


def is_allowed(patterns: Iterable[str], origin: str) -> bool:
    """Say whether `patterns` allow `origin`, an ``Origin`` header. No patterns allow any website.

    ``null`` (a sandboxed frame, a file) is never allowed: every page can claim it, and browsers
    would not show a frame in such a page.
    """
    if not origin or origin == "null":
        return False
    patterns = list(patterns)
    if not patterns:
        return origin.startswith(("https://", "http://"))
    return any(_matches(pattern, origin) for pattern in patterns)


def _matches(pattern: str, origin: str) -> bool:
    if _WILD not in pattern:
        return pattern == origin
    scheme, _, rest = pattern.partition("://*")
    return origin.startswith(f"{scheme}://") and origin.endswith(rest) and origin != scheme + rest


def _normal(line: str) -> str:
    if line == "null":
        raise OriginError("null", line)
    scheme, separator, _rest = line.partition("://")
    if not separator:
        scheme, line = "https", f"https://{line}"
    if scheme.lower() not in _PORTS:
        raise OriginError("scheme", line)
    try:
        parts = texts.split_url(line)
        port = parts.port
        host = texts.ascii_host((parts.hostname or "").removeprefix(_WILD))
    except ValueError:
        raise OriginError("not_an_origin", line) from None
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise OriginError("path", line)
    is_wild = (parts.hostname or "").startswith(_WILD)
    if "*" in host or (is_wild and "." not in host.strip(".")):
        raise OriginError("wildcard", line)
    if not host or parts.username is not None or not _is_host(host):
        raise OriginError("not_an_origin", line)
    scheme = parts.scheme
    usual = port is None or port == _PORTS[scheme]
    return f"{scheme}://{_WILD if is_wild else ''}{host}{'' if usual else f':{port}'}"


def _is_host(host: str) -> bool:
    if ":" in host:  # an IPv6 address; urlsplit has checked its brackets
        return False
    labels = host.split(".")
    return len(host) <= 253 and all(
        0 < len(label) <= 63
        and label.replace("-", "").replace("_", "").isalnum()
        and not label.startswith("-")
        and not label.endswith("-")
        for label in labels
    )
