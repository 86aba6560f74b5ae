"""Archives and Office files, plain ones and ones with hidden contents."""

import io
import struct
import zipfile
from collections.abc import Iterable

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SLIDES = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
OPEN_TEXT = "application/vnd.oasis.opendocument.text"

OFFICE_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
OFFICE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
DOCUMENT_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MICROSOFT_RELATIONS = "http://schemas.microsoft.com/office/2006/relationships"

Part = tuple[str, str | bytes]


def zipped(*names: str, first: Part | None = None, parts: Iterable[Part] = ()) -> bytes:
    """Return an archive of `first`, members of these names, and `parts` with their contents."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if first:
            archive.writestr(*first)
        for name in names:
            archive.writestr(name, "x" * 100, zipfile.ZIP_DEFLATED)
        for name, content in parts:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def content_types(*types: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    parts = "".join(
        f'<Override PartName="/part{number}" ContentType="{kind}"/>'
        for number, kind in enumerate(types)
    )
    return (
        f'{head}<Types xmlns="{OFFICE_TYPES}"><Default Extension="xml" '
        f'ContentType="application/xml"/>{parts}</Types>'
    )


def relations(*types: str) -> str:
    rows = "".join(
        f'<Relationship Id="r{number}" Type="{kind}" Target="part{number}"/>'
        for number, kind in enumerate(types)
    )
    return f'<Relationships xmlns="{OFFICE_RELATIONS}">{rows}</Relationships>'


def office(
    kind: str = WORD, *names: str, types: Iterable[str] = (), parts: Iterable[Part] = ()
) -> bytes:
    """Return an Office file of this kind, with additional members and content types."""
    main = f"{kind}.main+xml"
    return zipped(
        *names,
        first=("[Content_Types].xml", content_types(main, *types)),
        parts=[
            ("_rels/.rels", relations(f"{DOCUMENT_RELATIONS}/officeDocument")),
            ("word/document.xml", "<document/>"),
            *parts,
        ],
    )


def open_document(*names: str, kind: str = OPEN_TEXT, parts: Iterable[Part] = ()) -> bytes:
    return zipped("content.xml", *names, first=("mimetype", kind), parts=parts)


def compound(*streams: str, before: int = 0) -> bytes:
    """Return the beginning of a legacy Office file.

    `before` bytes of other data precede a directory of these streams.
    """
    entries = b""
    for stream in streams:
        wide = stream.encode("utf-16-le")
        entries += (wide.ljust(64, b"\0") + struct.pack("<HB", len(wide) + 2, 2)).ljust(128, b"\0")
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".ljust(30, b"\0") + b"\x09\0"
    return header.ljust(512, b"\0") + b"\x55" * before + entries
