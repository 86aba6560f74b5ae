"""What people write: normalised once where it enters, never turned into HTML."""

import re
import unicodedata
from urllib.parse import urlsplit, urlunsplit

from livechat.errors import Invalid

MAX_CHARACTERS = 8_000
MAX_BYTES = 32_768

# C0 and C1 controls but tab and newline: they print nothing and confuse terminals and logs.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str, *, optional: bool = False) -> str:
    """Return `text` in NFC with Unix line ends, no control characters and no outer blank lines.

    Raises Invalid ``empty`` when nothing visible is left (spaces, zero-width characters) unless it
    is `optional`, then "" is returned; and ``too_long`` over 8,000 characters or 32 KiB of UTF-8.
    """
    if len(text) > 2 * MAX_CHARACTERS:
        raise Invalid("too_long")
    if not text.isascii() or "\r" in text:
        text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _CONTROLS.sub("", text).strip("\n \t")
    if not is_visible(text):
        if optional:
            return ""
        raise Invalid("empty")
    if len(text) > MAX_CHARACTERS or len(text.encode()) > MAX_BYTES:
        raise Invalid("too_long")
    return text


def is_visible(text: str) -> bool:
    """Say whether a reader would see anything of `text`."""
    if text.isascii():
        return bool(text.strip())
    return any(unicodedata.category(char) not in _INVISIBLE and char not in _BLANK for char in text)


# Separators, controls, format characters (zero-width, bidi) and marks without a base.
_INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Mn", "Me"})
# Letters by category, yet blank on every screen: Hangul fillers and the Braille blank.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def one_line(text: str, limit: int) -> str:
    """Return `text` on one line, without control characters, cut to `limit` characters."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:limit]


def page_url(url: str) -> str:
    """Return an http(s) address without credentials, query and fragment; "" for anything else.

    Queries carry names, order numbers and tokens that no operator needs (decision 21).
    """
    try:
        parts = urlsplit(_CONTROLS.sub("", url).strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{netloc}:{port}" if port else netloc, parts.path, "", ""))
