"""Limits and normalises text that people write, once, where it enters. Text never becomes HTML.

Unicode normalisation sorts each run of combining marks, in time quadratic in the length of the run.
IDNA is quadratic in the length of a label. Therefore only this module calls `normalize`, `urlsplit`
and the ``idna`` codec, after it has limited lengths and runs. A test finds other callers.
"""

import re
import unicodedata
from urllib.parse import SplitResult, urlsplit, urlunsplit

from livechat.errors import Invalid

MAX_CHARACTERS = 8_000
MAX_BYTES = 32_768
MAX_MARKS = 8
"""Marks kept on one letter. Vietnamese needs 2, Hindi and Thai 3, Hebrew with vowels and
cantillation 5, the tallest stack in Tibetan 8. More would cover the lines around the text."""
MAX_HOST = 253
"""Characters of a host name (RFC 1035)."""
MAX_URL = 2_048

# C0 and C1 controls except tab and newline: they print nothing and confuse terminals and logs.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str, *, optional: bool = False) -> str:
    """Return `text` in NFC, trimmed, with Unix line ends and at most eight marks per letter.

    Removes control characters except tabs and newlines. Raises Invalid ``too_long`` for more than
    8,000 characters or 32 KiB of UTF-8. When nothing visible is left (only spaces or zero-width
    characters), returns "" if `optional`, otherwise raises Invalid ``empty``.
    """
    if len(text) > 2 * MAX_CHARACTERS:
        raise Invalid("too_long")
    text = _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = normal(text).strip("\n \t")
    if not is_visible(text):
        if optional:
            return ""
        raise Invalid("empty")
    if len(text) > MAX_CHARACTERS or len(text.encode()) > MAX_BYTES:
        raise Invalid("too_long")
    return text


def normal(text: str) -> str:
    """Return `text` in NFC, with at most eight marks per letter, in linear time.

    The caller must limit the length.
    """
    if text.isascii():
        return text
    few = few_marks(text)
    normalised = unicodedata.normalize("NFC", few)
    # NFC replaces some marks by two marks.
    return normalised if normalised == few else few_marks(normalised)


def compatible_parts(character: str) -> str:
    """Return one character in NFKD: its base and its marks, without a special form."""
    return unicodedata.normalize("NFKD", character[:1])


def few_marks(text: str) -> str:
    """Return `text` with at most eight marks per letter."""
    kept, end = [], 0
    for start, stop in _mark_runs(text):
        kept.append(text[end : start + MAX_MARKS])
        end = stop
    return "".join([*kept, text[end:]]) if kept else text


def _mark_runs(text: str) -> list[tuple[int, int]]:
    """Return start and end of each run of marks in `text` that is longer than `MAX_MARKS`."""
    if text.isascii():
        return []
    found: list[tuple[int, int]] = []
    for run in _MAYBE_MARK_RUN.finditer(text):
        # A category has two characters, the first one in upper case: "LuMnMn".
        kinds = "".join(map(unicodedata.category, run[0].translate(_LIKE_MARKS)))
        places = [(match.start() // 2, match.end() // 2) for match in _MARK_RUN.finditer(kinds)]
        found += [(run.start() + start, run.start() + stop) for start, stop in places]
    return found


# Joiners do not end a letter. NFKC turns the sound marks of half-width kana into combining marks.
_LIKE_MARKS = dict.fromkeys(map(ord, "\u200c\u200d\uff9e\uff9f"), "\u0301")
_SCRIPTS = (*range(0x300, 0x3400), *range(0xA000, 0xAC00), *range(0xF900, 0x10000))
"""The ranges with marks below U+10000; the rest is Chinese and Korean."""
_MARKS = "".join(
    chr(code)
    for code in _SCRIPTS
    if code in _LIKE_MARKS or unicodedata.category(chr(code)).startswith("M")
)
# Above U+FFFF every character is checked by category: a list of ranges would be fifty times slower.
_MAYBE_MARK = f"[{_MARKS}\U00010000-\U0010ffff]"
_MAYBE_MARK_RUN = re.compile(f"{_MAYBE_MARK}{_MAYBE_MARK}{{{MAX_MARKS},}}")
_MARK_RUN = re.compile(f"(?:M.){{{MAX_MARKS + 1},}}")


def is_visible(text: str) -> bool:
    """Say whether `text` has at least one visible character."""
    if text.isascii():
        return bool(text.strip())
    return any(category(char) not in _INVISIBLE and char not in _BLANK for char in text)


def category(char: str) -> str:
    """Return the Unicode category of a character.

    A character newer than Python's tables counts as a symbol ("So"): most are emoji, which browsers
    know years earlier. "Cn" are only characters that Unicode never assigns, or reserves as
    invisible.
    """
    found = unicodedata.category(char)
    return "So" if found == "Cn" and not _NEVER_SEEN.match(char) else found


# Noncharacters, and unassigned characters that every browser hides (Default_Ignorable_Code_Point).
_NEVER_SEEN = re.compile(
    "[\u2065\ufdd0-\ufdef\ufff0-\ufff8\ufffe\uffff\U000e0000-\U000e0fff"
    + "".join(chr(plane << 16 | last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# Separators, controls, format characters (zero-width, bidi) and marks without a base.
_INVISIBLE = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Cn", "Mn", "Me"})
# Blank on every screen, although not by category: Hangul fillers and the Braille blank.
_BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")


def one_line(text: str, limit: int) -> str:
    """Return `text` on one line without control characters, with at most eight marks per letter,
    cut to `limit` characters."""
    return few_marks(" ".join(_CONTROLS.sub(" ", text).split()))[:limit]


def split_url(url: str, limit: int = MAX_URL) -> SplitResult:
    """Return the parts of an address. Raises ValueError when it is invalid, longer than `limit`, or
    has more than eight marks on a letter."""
    if len(url) > limit or _mark_runs(url):
        raise ValueError("no web address")
    return urlsplit(url)


def ascii_host(host: str) -> str:
    """Return a host name in lower-case ASCII (IDNA). Raises ValueError when it is invalid.

    Names longer than 253 characters are refused before they are converted.
    """
    if len(host) > MAX_HOST or _mark_runs(host):
        raise ValueError("no host")
    return (host if host.isascii() else host.encode("idna").decode()).lower()


def has_user_info(url: str) -> bool:
    """Say whether an address has user info before its host, which readers mistake for the host."""
    try:
        return "@" in split_url(url).netloc
    except ValueError:
        return False


def page_url(url: str) -> str:
    """Return an http(s) address without credentials, query and fragment; "" for anything else.

    The host is in ASCII, because letters of other scripts can look like Latin ones. Queries hold
    names, order numbers and tokens that operators do not need.
    """
    try:
        parts = split_url(_CONTROLS.sub("", url).strip())
        host, port = ascii_host(parts.hostname or ""), parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    netloc = f"[{host}]" if ":" in host else host
    return urlunsplit((parts.scheme, f"{netloc}:{port}" if port else netloc, parts.path, "", ""))
