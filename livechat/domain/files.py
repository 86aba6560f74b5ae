"""Files that people send: detects their type by their content and makes their names safe.

The content type that a browser states decides nothing. The name only distinguishes kinds of text.
A file whose bytes match no known type is refused. Files that programs run or browsers show as a
page (HTML, SVG, XML, scripts, executables, Office files with macros) are never a known type.
`archive_inspection` inspects files that contain others.
"""

import codecs
import io
import re
import unicodedata
from enum import StrEnum
from typing import NamedTuple

from livechat.domain import archive_inspection, text
from livechat.domain.enumerations import FileSet
from livechat.errors import Invalid

MIB = 1024 * 1024
MAX_BYTES_LIMIT = 50 * MIB
"""The most that a channel can allow."""
DEFAULT_MAX_BYTES = 10 * MIB
MAX_PER_MESSAGE = 10
MAX_NAME = 120
"""Characters of a file's name, including the extension."""
MAX_PIXELS = 40_000_000
MAX_SIDE = 12_000
"""Pixels of a picture's longer side. Browsers make larger pictures smaller before the upload."""
HEAD_BYTES = 256 * 1024
TAIL_BYTES = 256 * 1024
"""Bytes read at a file's beginning and end; archives and Office files are read completely."""


class Family(StrEnum):
    """What people call a type of file."""

    IMAGE = "image"
    DOCUMENT = "document"
    AUDIO = "audio"
    VIDEO = "video"
    ARCHIVE = "archive"


class Kind(NamedTuple):
    """A known type: its family and its extensions, the usual one first."""

    family: Family
    extensions: tuple[str, ...]


_OOXML, _ODF = archive_inspection.OOXML, archive_inspection.ODF

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
    """Say whether a channel with this set accepts files of this type."""
    kind = KINDS.get(content_type)
    return kind is not None and kind.family in _FAMILIES[file_set]


def accept_attribute(file_set: FileSet) -> str:
    """Return the ``accept`` of an ``<input type=file>``, "" where nothing is accepted.

    It lists types and extensions. With types, phones offer the camera and convert HEIC to JPEG.
    Desktops recognise most documents only by their extensions.
    """
    kinds = [(name, kind) for name, kind in KINDS.items() if kind.family in _FAMILIES[file_set]]
    types = [name for name, _ in kinds]
    return ",".join([*types, *(f".{ext}" for _, kind in kinds for ext in kind.extensions)])


def is_inline(content_type: str) -> bool:
    """Say whether a page may show files of this type; all others are only downloaded."""
    kind = KINDS.get(content_type)
    return kind is not None and kind.family in (Family.IMAGE, Family.AUDIO, Family.VIDEO)


# Names


def clean_name(name: str, content_type: str) -> str:
    """Return a name on one line, in which no character is invisible or turns text around.

    It may hold any other character, also quotes and angle brackets: like a message it is text, not
    HTML, and a browser replaces what its own system forbids when it saves the file. Joiners stay
    where they change what is seen, as in Persian and in emoji of families. A matching extension
    stays. Otherwise the usual one of `content_type` is appended: "photo.exe"
    that is a JPEG becomes "photo.exe.jpg". A name without visible characters becomes "file".
    Cleaning a clean name changes nothing. Raises Invalid ``file_type`` for an unknown type.
    """
    kind = KINDS.get(content_type)
    if kind is None:
        raise Invalid("file_type")
    part = next((part for part in reversed(_SEPARATORS.split(name)) if part.strip(" .")), "")
    if len(part) > 10 * MAX_NAME:  # normalising thousands of marks is slow
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
    longest = MAX_NAME - len(extension) - 1
    if len(stem) > longest:
        stem = stem[:longest].rstrip(f" .{_JOINERS}")
    return f"{stem}.{extension}"


_SEPARATORS = re.compile(r"[/\\]")
_RESERVED = frozenset(
    {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in "0123456789¹²³"}
)
# Controls, format characters (bidi, zero-width), surrogates, private characters, noncharacters.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_WHITE_CONTROLS = frozenset("\t\n\v\f\r\x85")
# Marks and letters that are blank or only join others.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS = "\u200c\u200d"
_VIRAMA = 9
"""The combining class of the marks after which a joiner chooses the form of an Indic letter."""
_MAX_MARKS = 4
"""Marks on one letter. No language needs more, and more would cover the lines around the name."""


def _plain(name: str) -> str:
    kept: list[str] = []
    marks = _MAX_MARKS  # no marks before the first letter
    joiner = ""
    for char in text.normal(name):
        if char in _JOINERS:
            joiner = joiner or char
            continue
        category = text.category(char)
        if char in _WHITE_CONTROLS or category in _SPACES:
            char = " "
        elif category in _DROPPED or char in _UNSEEN:
            continue
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            if joiner and kept and _joins(kept[-1], char):
                kept.append(joiner)
            kept.append(char)
        joiner = ""
        if char == " " or not kept:
            marks = _MAX_MARKS
    if joiner and kept and _joins(kept[-1], ""):
        kept.append(joiner)
    return text.normal(" ".join("".join(kept).split()))


def _joins(before: str, after: str) -> bool:
    """Say whether a joiner between two characters changes what is seen."""
    if unicodedata.combining(before) == _VIRAMA:
        return True
    return _is_joined(before) and (
        unicodedata.combining(after) == _VIRAMA
        if after and text.category(after).startswith("M")
        else _is_joined(after)
    )


def _is_joined(char: str) -> bool:
    """Say whether a joiner may act on a character: a letter or mark of Hebrew or a later script, or
    a symbol, as emoji are. Between the letters of Europe it is only invisible."""
    return char >= "\u0590" and text.category(char)[0] in "LMS"


# Kinds


def kind_of(file: archive_inspection.Source, name: str) -> str:
    """Return the type of a file by its bytes. The position in `file` is undefined afterwards.

    The beginning decides. `archive_inspection` reads archives and Office files completely. The name
    only distinguishes plain text, CSV and Markdown. Raises Invalid: ``file_type`` when the type is
    not one of `KINDS` or the file may hold a program, ``file_broken`` for a damaged archive.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if head.startswith(archive_inspection.ZIP_MARK):
        return archive_inspection.kind_of_zip(file)
    if head.startswith(archive_inspection.COMPOUND_MARK):
        found = archive_inspection.kind_of_compound(file)
    else:
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        found = by_ends(head, file.read(TAIL_BYTES), name)
    if found is None:
        raise Invalid("file_type")
    return found


def by_ends(head: bytes, tail: bytes, name: str) -> str | None:
    """Return the type of a file by its first and last bytes; None for archives and unknown types.

    For a picture the first 64 bytes are enough.
    """
    return _by_signature(head) or _pdf(head, tail) or _text(head, tail, name)


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


# The `ftyp` brands of MP4 and QuickTime. HEIC and AVIF also begin with `ftyp`; they are not known.
_BRANDS = (
    dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4")
    | dict.fromkeys((b"qt  ",), "video/quicktime")
    | dict.fromkeys((b"mp41", b"mp42", b"avc1", b"dash", b"M4V ", b"MSNV"), "video/mp4")
    | {b"iso" + bytes([number]): "video/mp4" for number in b"m23456789"}
)
# The DocType element of Matroska, with its length in each possible encoding.
_WEBM = re.compile(rb"\x42\x82(?:\x84|\x40\x04|\x20\x00\x04|\x10\x00\x00\x04)webm")
_OGG_AUDIO = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")


def _is_mp3(head: bytes) -> bool:
    if head.startswith(b"ID3"):
        return len(head) > 10 and head[3] in (2, 3, 4) and max(head[6:10]) < 0x80
    length = _mp3_frame(head[:4])
    # One frame header can occur by chance, two consecutive ones hardly.
    return length > 0 and _mp3_frame(head[length : length + 4]) > 0


_BIT_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 0)
_BIT_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160, 0)
_SAMPLE_RATES = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}


def _mp3_frame(header: bytes) -> int:
    """Return the bytes of the MPEG layer III frame with this header, 0 if it is not one."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate = header[1] >> 3 & 3, header[2] >> 2 & 3
    bits = (_BIT_RATES_1 if version == 3 else _BIT_RATES_2)[header[2] >> 4]
    if version not in _SAMPLE_RATES or rate == 3 or not bits:
        return 0
    slots = 144_000 if version == 3 else 72_000
    return slots * bits // _SAMPLE_RATES[version][rate] + (header[2] >> 1 & 1)


def _pdf(head: bytes, tail: bytes) -> str | None:
    """Return the type of a PDF, None for other files.

    Like PDF readers, accept the header anywhere in the first 1,024 bytes, after plain text.
    """
    found = re.search(rb"%PDF-\d", head[:1024])
    if not found:
        return None
    before = head[: found.start()].removeprefix(codecs.BOM_UTF8)
    if not before.strip():
        return "application/pdf"
    # With words before the header, the file may be a text about PDF.
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
        if b"\xdc" <= high <= b"\xdf":  # the second half of a surrogate pair
            tail = tail[2:]
    else:
        encoding = "utf-8"
        tail = re.sub(rb"\A[\x80-\xbf]{1,3}", b"", tail)
    texts = _decoded(head, tail, encoding)
    if texts is None and name.lower().endswith((".csv", ".txt")):
        texts = _decoded(head, tail, "cp1252")  # spreadsheets in western Europe export it
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
