"""Files that people send: told by what is in them, named so that nothing can come of it.

Neither the name nor the type that a browser states decides anything but between kinds of text:
of a file that is no known one by its bytes nothing is kept. What programs run or browsers show
as a page (HTML, SVG, XML, scripts, executables, Office files with macros) is never a known one.
"""

import codecs
import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from livechat.domain import text
from livechat.domain.states import FileSet
from livechat.errors import Invalid

MIB = 1024 * 1024
MAX_BYTES_LIMIT = 50 * MIB
"""More than this no channel can allow."""
DEFAULT_MAX_BYTES = 10 * MIB
MAX_PER_MESSAGE = 10
MAX_NAME = 120
"""Characters of a file's name with its extension."""
HEAD_BYTES = 256 * 1024
"""How much of a file's beginning and end `kind_of` needs at least; it may have all."""
TAIL_BYTES = 256 * 1024


class Family(StrEnum):
    """What people would call it."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    ARCHIVE = "archive"


class Kind(NamedTuple):
    """A known type: its family, and its extensions, the usual one first."""

    family: Family
    extensions: tuple[str, ...]


_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

KINDS: dict[str, Kind] = {
    "image/jpeg": Kind(Family.IMAGE, ("jpg", "jpeg", "jfif")),
    "image/png": Kind(Family.IMAGE, ("png",)),
    "image/gif": Kind(Family.IMAGE, ("gif",)),
    "image/webp": Kind(Family.IMAGE, ("webp",)),
    "application/pdf": Kind(Family.DOCUMENT, ("pdf",)),
    "text/plain": Kind(Family.DOCUMENT, ("txt", "log")),
    "text/markdown": Kind(Family.DOCUMENT, ("md",)),
    "text/csv": Kind(Family.DOCUMENT, ("csv",)),
    _OOXML + "wordprocessingml.document": Kind(Family.DOCUMENT, ("docx",)),
    _OOXML + "spreadsheetml.sheet": Kind(Family.DOCUMENT, ("xlsx",)),
    _OOXML + "presentationml.presentation": Kind(Family.DOCUMENT, ("pptx",)),
    _ODF + "text": Kind(Family.DOCUMENT, ("odt",)),
    _ODF + "spreadsheet": Kind(Family.DOCUMENT, ("ods",)),
    _ODF + "presentation": Kind(Family.DOCUMENT, ("odp",)),
    "application/rtf": Kind(Family.DOCUMENT, ("rtf",)),
    "application/msword": Kind(Family.DOCUMENT, ("doc",)),
    "application/vnd.ms-excel": Kind(Family.DOCUMENT, ("xls",)),
    "application/vnd.ms-powerpoint": Kind(Family.DOCUMENT, ("ppt",)),
    "audio/mpeg": Kind(Family.AUDIO, ("mp3",)),
    "audio/mp4": Kind(Family.AUDIO, ("m4a",)),
    "audio/ogg": Kind(Family.AUDIO, ("ogg", "oga", "opus")),
    "audio/wav": Kind(Family.AUDIO, ("wav",)),
    "video/mp4": Kind(Family.VIDEO, ("mp4", "m4v")),
    "video/webm": Kind(Family.VIDEO, ("webm",)),
    "video/quicktime": Kind(Family.VIDEO, ("mov",)),
    "application/zip": Kind(Family.ARCHIVE, ("zip",)),
}

_FAMILIES: dict[FileSet, frozenset[Family]] = {
    FileSet.NONE: frozenset(),
    FileSet.IMAGES: frozenset({Family.IMAGE}),
    FileSet.DOCUMENTS: frozenset({Family.IMAGE, Family.DOCUMENT}),
    FileSet.ALL: frozenset(Family),
}


def family(content_type: str) -> Family:
    """Return the family of a known type; raises Invalid ``file_type`` for any other."""
    kind = KINDS.get(content_type)
    if kind is None:
        raise Invalid("file_type")
    return kind.family


def accepts(file_set: FileSet, content_type: str) -> bool:
    """Say whether a channel with this set takes files of this type."""
    kind = KINDS.get(content_type)
    return kind is not None and kind.family in _FAMILIES[file_set]


def accept_attribute(file_set: FileSet) -> str:
    """Return the ``accept`` of an ``<input type=file>``, "" where nothing is accepted.

    Types and extensions: phones offer the camera and turn HEIC into JPEG for the former, desktops
    know few of the documents but by the latter.
    """
    kinds = [(name, kind) for name, kind in KINDS.items() if kind.family in _FAMILIES[file_set]]
    types = [name for name, _ in kinds]
    return ",".join([*types, *(f".{ext}" for _, kind in kinds for ext in kind.extensions)])


def is_inline(content_type: str) -> bool:
    """Say whether a page may show it; everything else is only ever downloaded."""
    kind = KINDS.get(content_type)
    return kind is not None and kind.family in (Family.IMAGE, Family.AUDIO, Family.VIDEO)


# Names


def clean_name(name: str, content_type: str) -> str:
    """Return a name that is safe to show, to store and to put in Content-Disposition.

    Its extension is one of `content_type`: one that fits stays as it is, otherwise the usual one
    is put behind the whole name ("photo.exe" that is a JPEG is "photo.exe.jpg"). Where nothing
    visible is left the file is called "file". Cleaning a clean name changes nothing. Raises
    Invalid ``file_type`` for an unknown type.
    """
    kind = KINDS.get(content_type)
    if kind is None:
        raise Invalid("file_type")
    part = next((part for part in reversed(_SEPARATORS.split(name)) if part.strip(" .")), "")
    if len(part) > 10 * MAX_NAME:  # sorting thousands of marks takes long
        part = part[: 9 * MAX_NAME] + part[-MAX_NAME:]
    part = _plain(part).rstrip(" .")
    stem, dot, extension = part.rpartition(".")
    if not dot or extension.lower() not in kind.extensions:
        stem, extension = part, kind.extensions[0]
    stem = stem.strip(" .")
    if not text.is_visible(stem):
        stem = "file"
    if stem.partition(".")[0].rstrip().upper() in _RESERVED:
        stem = f"_{stem}"
    return f"{stem[: MAX_NAME - len(extension) - 1].rstrip(' .')}.{extension}"


_SEPARATORS = re.compile(r"[/\\]")
# What Windows does not allow in a name; quotes and angles do no good elsewhere either.
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)
# Controls, format characters (bidi, zero-width), lone surrogates, private and unassigned ones.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_WHITE_CONTROLS = frozenset("\t\n\v\f\r\x85")
# Marks and letters that only join, or that are blank.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_MAX_MARKS = 4
"""More marks on one letter than any language puts there reach into the lines around it."""


def _plain(name: str) -> str:
    kept: list[str] = []
    marks = _MAX_MARKS  # none before the first letter
    for char in text.normal(name):
        category = unicodedata.category(char)
        if char in _WHITE_CONTROLS or category in _SPACES:
            char = " "
        elif category in _DROPPED or char in _UNSEEN:
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
        if char == " " or not kept:
            marks = _MAX_MARKS
    joined = text.normal(" ".join("".join(kept).split()))
    return _FORBIDDEN.sub("_", joined)


# Kinds


def kind_of(head: bytes, tail: bytes, name: str) -> str:
    """Return the type of a file by its first and last bytes, `HEAD_BYTES` and `TAIL_BYTES` of it.

    The beginning decides; the end is looked at for the directory of archives and Office files.
    The name only tells plain text, CSV and Markdown apart. Raises Invalid ``file_type`` for
    whatever is not one of `KINDS`.
    """
    tail = tail or head
    found = _by_signature(head) or _by_container(head, tail)
    found = found or _pdf(head, tail) or _text(head, tail, name)
    if found is None:
        raise Invalid("file_type")
    return found


def _by_signature(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n") and head[12:16] == b"IHDR":
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head.startswith(b"{\\rtf"):
        return "application/rtf"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12])
    if head.startswith(b"\x1a\x45\xdf\xa3") and _WEBM.search(head[:128]):
        return "video/webm"
    if head.startswith(b"OggS\0") and head[28:].startswith(_OGG_AUDIO):
        return "audio/ogg"
    return "audio/mpeg" if _is_mp3(head) else None


# The `ftyp` of MP4 and QuickTime. HEIC and AVIF begin alike and are none of ours.
_BRANDS = (
    dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4")
    | dict.fromkeys((b"qt  ",), "video/quicktime")
    | dict.fromkeys((b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV"), "video/mp4")
    | {b"iso" + bytes([number]): "video/mp4" for number in b"m23456789"}
)
# The DocType element of Matroska with its length in any of the ways that it can be written.
_WEBM = re.compile(rb"\x42\x82(?:\x84|\x40\x04|\x20\x00\x04|\x10\x00\x00\x04)webm")
_OGG_AUDIO = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")


def _is_mp3(head: bytes) -> bool:
    if head.startswith(b"ID3"):
        return len(head) > 10 and head[3] in (2, 3, 4) and max(head[6:10]) < 0x80
    length = _mp3_frame(head[:4])
    # Two bytes are soon alike by chance, two frames one behind the other are not.
    return length > 0 and _mp3_frame(head[length : length + 4]) > 0


_BIT_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_BIT_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_SAMPLE_RATES = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}


def _mp3_frame(header: bytes) -> int:
    """Return the length in bytes of the MPEG layer III frame with this header, 0 if it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate = header[1] >> 3 & 3, header[2] >> 2 & 3
    bits = (_BIT_RATES_1 if version == 3 else _BIT_RATES_2)[header[2] >> 4]
    if version not in _SAMPLE_RATES or rate == 3 or not bits:
        return 0
    slots = 144_000 if version == 3 else 72_000
    return slots * bits // _SAMPLE_RATES[version][rate] + (header[2] >> 1 & 1)


def _by_container(head: bytes, tail: bytes) -> str | None:
    if head.startswith(b"PK\x03\x04"):
        return _zip(head, tail)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(head, tail)
    return None


def _zip(head: bytes, tail: bytes) -> str | None:
    # OpenDocument says what it is in a first, uncompressed member, so at a fixed place.
    if head[30:38] == b"mimetype" and head[38:].startswith(_ODF.encode()):
        declared = re.match(rb"[a-z.\-/]+", head[38:120])
        odf = declared[0].removesuffix(b"PK").decode() if declared else ""
        return odf if odf in KINDS else None
    names = _members(tail)
    if not names:
        return None
    # Of a long directory the beginning may be out of sight; Office writes its mark first.
    names.add(head[30 : 30 + int.from_bytes(head[26:28], "little")])
    if any(_RUN.search(name) for name in names):
        return None
    if b"[Content_Types].xml" not in names:
        return "application/zip"
    for folder, kind in _OFFICE_FOLDERS.items():
        if any(name.startswith(folder) for name in names):
            return kind
    return None  # another package: of programs, of extensions


_OFFICE_FOLDERS = {
    b"word/": _OOXML + "wordprocessingml.document",
    b"xl/": _OOXML + "spreadsheetml.sheet",
    b"ppt/": _OOXML + "presentationml.presentation",
}
# Java, Android and browser programs, and Office's macros.
_RUN = re.compile(
    rb"^META-INF/MANIFEST\.MF$|^AndroidManifest\.xml$|^AppxManifest\.xml$|(^|/)vbaProject\.bin$",
    re.IGNORECASE,
)


def _members(tail: bytes) -> set[bytes]:
    """Return the names in a ZIP's directory, those of them that are within `tail`."""
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        return set()
    size = int.from_bytes(tail[end + 12 : end + 16], "little")
    names = set()
    at = tail.find(b"PK\x01\x02", max(0, end - size), end)
    while 0 <= at < end:
        length = int.from_bytes(tail[at + 28 : at + 30], "little")
        names.add(tail[at + 46 : at + 46 + length])
        at = tail.find(b"PK\x01\x02", at + 46 + length, end)
    return names


def _compound(head: bytes, tail: bytes) -> str | None:
    """Tell legacy Office from the many others (installers, mails) by the names of its streams."""
    if any(_STREAM_OF_MACROS.search(part) for part in (head, tail)):
        return None
    for pattern, kind in _STREAMS:
        if pattern.search(head) or pattern.search(tail):
            return kind
    return None


def _stream(name: str) -> re.Pattern[bytes]:
    """Return what a directory entry looks like: name in 64 bytes, its length, "a stream"."""
    wide = name.encode("utf-16-le")
    length = (len(wide) + 2).to_bytes(2, "little")
    return re.compile(re.escape(wide.ljust(64, b"\0") + length + b"\x02"))


_STREAMS = (
    (_stream("WordDocument"), "application/msword"),
    (_stream("Workbook"), "application/vnd.ms-excel"),
    (_stream("Book"), "application/vnd.ms-excel"),
    (_stream("PowerPoint Document"), "application/vnd.ms-powerpoint"),
)
_STREAM_OF_MACROS = _stream("_VBA_PROJECT")


def _pdf(head: bytes, tail: bytes) -> str | None:
    """Find the header where readers do, in the first 1,024 bytes behind a little plain text."""
    found = re.search(rb"%PDF-\d", head[:1024])
    if not found:
        return None
    before = head[: found.start()].removeprefix(codecs.BOM_UTF8)
    if not before.strip():
        return "application/pdf"
    # With words before it, it may as well be a text about PDF.
    is_plain = re.fullmatch(rb"[\t\n\r\x20-\x3b=-\x7e]*", before) and not _MARKUP.match(
        before.decode()
    )
    return "application/pdf" if is_plain and b"%%EOF" in tail else None


# HTML, SVG, XML, PHP, scripts and PostScript, as browsers and shells recognise them.
_MARKUP = re.compile(r"[\s\ufeff]*(?:<[!?/%]|<[a-z][a-z0-9:_-]*(?:[\s/>]|\Z)|#!|%!)", re.IGNORECASE)
_BINARY = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_TEXTS = {".csv": "text/csv", ".md": "text/markdown"}


def _text(head: bytes, tail: bytes, name: str) -> str | None:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16-le" if head.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        head = head[2:]
        tail = tail[len(tail) % 2 :]
        high = tail[1:2] if encoding == "utf-16-le" else tail[:1]
        if b"\xdc" <= high <= b"\xdf":  # the second half of a character
            tail = tail[2:]
    else:
        encoding = "utf-8"
        tail = re.sub(rb"\A[\x80-\xbf]{1,3}", b"", tail)
    texts = _decoded(head, tail, encoding)
    if texts is None and name.lower().endswith((".csv", ".txt")):
        texts = _decoded(head, tail, "cp1252")  # what spreadsheets of western Europe export
    if texts is None:
        return None
    beginning, end = texts
    if not beginning or _MARKUP.match(beginning):
        return None
    if _BINARY.search(beginning) or _BINARY.search(end.removeprefix("\ufeff")):
        return None
    return _TEXTS.get(name[-4:].lower(), _TEXTS.get(name[-3:].lower(), "text/plain"))


def _decoded(head: bytes, tail: bytes, encoding: str) -> tuple[str, str] | None:
    decoder = codecs.getincrementaldecoder(encoding)
    try:
        return decoder().decode(head), decoder().decode(tail)
    except UnicodeDecodeError:
        return None
