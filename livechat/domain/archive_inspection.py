"""Inspects archives and Office files: reads all their content within limits, or refuses the file.

Two programs can read the same ZIP differently: because of a second directory, of headers that
disagree with the directory, or of data between members. Therefore a ZIP must be complete and
simple: its members follow each other without gaps, the header of each member agrees with the
directory, and each member is decompressed to its end. Files that are encrypted, too large or
compressed with an unusual method cannot be read and are refused.

A file must contain nothing that runs: no programs, scripts, macros or other archives. It may
contain Office files, which are inspected in the same way.
"""

import io
import re
import stat
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol
from urllib.parse import unquote
from xml.parsers import expat

from livechat.domain import text as texts
from livechat.errors import Invalid

MIB = 1024 * 1024
MAX_MEMBERS = 10_000
MAX_DIRECTORY = 2 * MIB
"""Bytes of a ZIP's central directory."""
MAX_UNPACKED = 256 * MIB
"""Decompressed bytes of all members, including those of nested Office files. Reading this much
takes about a second."""
MAX_PART = 4 * MIB
"""Bytes of a member that declares the types of the others."""
MAX_NESTED = 32 * MIB
"""Bytes of a nested Office file, which is inspected in memory."""
MAX_DEPTH = 3
"""Levels of nesting, as of a workbook in a presentation in an archive."""
CHUNK = 64 * 1024

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
ZIP = "application/zip"

ZIP_MARK = b"PK\x03\x04"
COMPOUND_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Source(Protocol):
    """A file that can be read at any position."""

    def read(self, size: int = ..., /) -> bytes: ...

    def seek(self, offset: int, whence: int = ..., /) -> int: ...


class Member(NamedTuple):
    """A member of a ZIP. `names` are all its names. Its header begins at offset `at`, its data at
    `data`, and the next member at `end`."""

    names: tuple[str, ...]
    is_deflated: bool
    crc: int
    packed: int
    size: int
    at: int
    data: int
    end: int

    @property
    def name(self) -> str:
        return self.names[0]


@dataclass(slots=True)
class _Room:
    """The number of members and of decompressed bytes that may still be read."""

    members: int = MAX_MEMBERS
    size: int = MAX_UNPACKED


def kind_of_zip(file: Source) -> str:
    """Return the type of a ZIP: an Office type, or that of an archive.

    Raises Invalid: ``file_broken`` when the ZIP is incomplete or contradicts itself, ``file_type``
    when its content is forbidden or cannot be read.
    """
    return _kind(file, _Room(), MAX_DEPTH)


def kind_of_compound(file: Source) -> str | None:
    """Return the type of a legacy Office file, None for others (installers, e-mails).

    Raises Invalid ``file_type`` when it has macros or an embedded file, or is encrypted.
    """
    names = _streams(file)
    if names & _HIDING_STREAMS:
        raise Invalid("file_type")
    return next((kind for stream, kind in _STREAMS.items() if stream in names), None)


# ZIP


def _kind(file: Source, room: _Room, depth: int) -> str:
    members = _members(file, room)
    names = {name for member in members for name in member.names}
    if len(names) < sum(len(set(member.names)) for member in members):
        raise Invalid("file_broken")  # two members have the same name
    if any(_may_not_be_inside(name) for name in names):
        raise Invalid("file_type")
    is_package = "[content_types].xml" in names
    parts: dict[str, bytes] = {}
    for member in members:
        is_part = member.name in _PARTS or (is_package and member.name.endswith(".rels"))
        data = _look_into(file, member, room, depth, keep=is_part)
        if is_part:
            parts[member.name] = data
    if members[0].name == "mimetype" and parts["mimetype"].startswith(ODF.encode()):
        return _open_document(names, parts, is_package=is_package)
    return _package(names, parts) if is_package else ZIP


_PARTS = frozenset({"[content_types].xml", "mimetype", "meta-inf/manifest.xml"})


def _package(names: Iterable[str], parts: dict[str, bytes]) -> str:
    """Return the declared type of an OOXML package, whatever its parts and folders are called."""
    if any(name.endswith(".piece") for name in names):  # a part split over several members
        raise Invalid("file_type")
    types = {
        attributes.get("ContentType", "").strip().lower()
        for tag, attributes in _elements(parts["[content_types].xml"])
        if tag in ("Default", "Override")
    }
    relations = {
        attributes.get("Type", "").rpartition("/")[2].strip().lower()
        for name, part in parts.items()
        if name.endswith(".rels")
        for tag, attributes in _elements(part)
        if tag == "Relationship"
    }
    if any(_HIDING_TYPE.search(one) for one in types) or relations & _HIDING_RELATIONS:
        raise Invalid("file_type")
    kinds = [kind for kind in _MAIN_PARTS if f"{kind}.main+xml" in types]
    if len(kinds) != 1:
        raise Invalid("file_type")  # another kind of package: a program, an extension, a template
    return kinds[0]


_MAIN_PARTS = (
    OOXML + "wordprocessingml.document",
    OOXML + "spreadsheetml.sheet",
    OOXML + "presentationml.presentation",
)
_HIDING_TYPE = re.compile("vba|macroenabled|macrosheet|activex|msdownload")
_HIDING_RELATIONS = frozenset(
    {
        "vbaproject",
        "wordvbadata",
        "xlmacrosheet",
        "xlintlmacrosheet",
        "control",
        "activexcontrolbinary",
    }
)


def _open_document(names: Iterable[str], parts: dict[str, bytes], *, is_package: bool) -> str:
    """Return the type that an OpenDocument file declares in its first member."""
    declared = parts["mimetype"].decode("latin-1")
    manifest = _elements(parts.get("meta-inf/manifest.xml", b"<manifest/>"))
    holds_scripts = any(_SCRIPTS.search(name) for name in names)
    is_encrypted = any(tag == "encryption-data" for tag, _attributes in manifest)
    if is_package or holds_scripts or is_encrypted or declared not in _OPEN_DOCUMENTS:
        raise Invalid("file_type")
    return declared


_OPEN_DOCUMENTS = frozenset(ODF + kind for kind in ("text", "spreadsheet", "presentation"))
_SCRIPTS = re.compile("(^|/)(basic|scripts)/")


def _members(file: Source, room: _Room) -> list[Member]:
    """Return the members by their position in the file. Everything but their data is checked."""
    size = file.seek(0, io.SEEK_END)
    count, at = _directory(file, size)
    room.members -= count
    if room.members < 0:
        raise Invalid("file_type")
    file.seek(at)
    directory = file.read(size - at - _END.size)
    entries = []
    where = 0
    for _number in range(count):
        entry, where = _entry(directory, where)
        entries.append(entry)
    if where != len(directory):
        raise Invalid("file_broken")
    entries.sort(key=lambda entry: entry.offset)
    ends = [*(entry.offset for entry in entries[1:]), at]
    found = [_member(file, entry, end) for entry, end in zip(entries, ends, strict=True)]
    if not found or found[0].at:
        raise Invalid("file_broken")
    if sum(member.size for member in found) > room.size:
        raise Invalid("file_type")
    return found


_END = struct.Struct("<4s4H2LH")
_LOCATOR_BYTES = 20


def _directory(file: Source, size: int) -> tuple[int, int]:
    """Return the number of members of a ZIP, and the offset of its directory.

    Nothing may follow the directory and its end record, not even a comment.
    """
    file.seek(max(0, size - _END.size - _LOCATOR_BYTES))
    last = file.read(_LOCATOR_BYTES + _END.size)
    if len(last) < _END.size:
        raise Invalid("file_broken")
    mark, disk, first, here, count, length, at, comment = _END.unpack(last[-_END.size :])
    if mark != b"PK\x05\x06" or comment or at + length + _END.size != size:
        raise Invalid("file_broken")
    if disk or first or here != count or count == 0xFFFF or last.startswith(b"PK\x06\x07"):
        raise Invalid("file_type")  # split over several disks, or ZIP64
    if length > MAX_DIRECTORY:
        raise Invalid("file_type")
    return count, at


class _Entry(NamedTuple):
    """A member as the directory describes it."""

    name: bytes
    others: tuple[bytes, ...]
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int


_ENTRY = struct.Struct("<4s4B4H3L5H2L")
_LOCAL = struct.Struct("<4s2B4H3L2H")
_ENCRYPTED = 1 | 1 << 6 | 1 << 13
_DESCRIBED = 1 << 3
"""The flag of a member whose checksum and sizes follow its data."""
_UTF8 = 1 << 11
_TOLD = _ENCRYPTED | _DESCRIBED | _UTF8
_STORED, _DEFLATED = 0, 8
_UNKNOWN = 0xFFFFFFFF


def _entry(directory: bytes, at: int) -> tuple[_Entry, int]:
    """Return the entry at this offset of a directory, and the offset of the next one."""
    if at + _ENTRY.size > len(directory):
        raise Invalid("file_broken")
    mark, _, _, _, _, flags, method, _, _, crc, packed, size, *rest = _ENTRY.unpack_from(
        directory, at
    )
    named, extra, comment, disk, _, attributes, offset = rest
    if mark != b"PK\x01\x02" or disk:
        raise Invalid("file_broken")
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED):
        raise Invalid("file_type")
    if _UNKNOWN in (packed, size, offset) or stat.S_ISLNK(attributes >> 16):
        raise Invalid("file_type")
    begin = at + _ENTRY.size
    name = directory[begin : begin + named]
    others = _other_names(directory[begin + named : begin + named + extra])
    entry = _Entry(name, others, flags, method, crc, packed, size, offset)
    return entry, begin + named + extra + comment


def _member(file: Source, entry: _Entry, end: int) -> Member:
    """Return a member, which must end at `end`.

    Raises Invalid ``file_broken`` when its own header disagrees with the directory.
    """
    file.seek(entry.offset)
    header = file.read(_LOCAL.size)
    if len(header) < _LOCAL.size:
        raise Invalid("file_broken")
    mark, _, _, flags, method, _, _, crc, packed, size, named, extra = _LOCAL.unpack(header)
    name = file.read(named)
    others = _other_names(file.read(extra))
    data = entry.offset + _LOCAL.size + named + extra
    expected = (entry.crc, entry.packed, entry.size)
    is_described = bool(flags & _DESCRIBED)
    if (
        (mark, method, name) != (ZIP_MARK, entry.method, entry.name)
        or (flags ^ entry.flags) & _TOLD
        or any(
            one != other and not (is_described and one in (0, _UNKNOWN))
            for one, other in zip((crc, packed, size), expected, strict=True)
        )
    ):
        raise Invalid("file_broken")
    file.seek(data + entry.packed)
    between = file.read(max(0, min(end - data - entry.packed, _LOCAL.size)))
    if data + entry.packed + len(between) != end or not _is_description(
        between, expected, is_described=is_described
    ):
        raise Invalid("file_broken")
    encoding = "utf-8" if flags & _UTF8 else "cp437"
    names = (_plain(entry.name, encoding), *(_plain(one, "utf-8") for one in entry.others + others))
    return Member(
        names=tuple(dict.fromkeys(names)),
        is_deflated=method == _DEFLATED,
        crc=entry.crc,
        packed=entry.packed,
        size=entry.size,
        at=entry.offset,
        data=data,
        end=end,
    )


def _is_description(between: bytes, expected: tuple[int, int, int], *, is_described: bool) -> bool:
    """Say whether the bytes between two members are valid: none, or checksum and sizes again."""
    if not is_described:
        return not between
    return between.removeprefix(b"PK\x07\x08") in (
        struct.pack("<3L", *expected),
        struct.pack("<L2Q", *expected),
    )


def _other_names(extra: bytes) -> tuple[bytes, ...]:
    """Return the names in a header's extra fields: some programs prefer them."""
    names = []
    at = 0
    while at + 4 <= len(extra):
        field, length = struct.unpack_from("<2H", extra, at)
        if field == _UNICODE_NAME:
            names.append(extra[at + 9 : at + 4 + length])
        at += 4 + length
    return tuple(names)


_UNICODE_NAME = 0x7075


def _plain(name: bytes, encoding: str) -> str:
    """Return a name in a form in which names that a file system could confuse are equal.

    Raises Invalid ``file_broken`` for a name that is empty, undecodable or has control characters.
    """
    try:
        plain = name.decode(encoding)
    except UnicodeDecodeError:
        raise Invalid("file_broken") from None
    plain = texts.normal(unquote(plain).replace("\\", "/")).casefold()
    if not plain or _CONTROL.search(plain):
        raise Invalid("file_broken")
    return plain


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def _may_not_be_inside(name: str) -> bool:
    """Say whether this name leaves its folder, or belongs to a program or an archive."""
    if _LEADS_OUT.search(name) or _RUN.search(name):
        return True
    # Windows ignores spaces and dots at the end of a name, and everything after a colon.
    return any(
        part.rstrip(" .").rpartition(".")[2] in _REFUSED
        for part in name.rpartition("/")[2].split(":")
        if "." in part
    )


_LEADS_OUT = re.compile(r"^/|^[a-z]:|(^|/)\.\.(/|$)")
# Java, Android and Windows programs, and Office macros.
_RUN = re.compile(
    r"^meta-inf/manifest\.mf$|^androidmanifest\.xml$|^appxmanifest\.xml$"
    r"|(^|/)vbaproject\.bin$|(^|/)vbadata\.xml$|(^|/)macrosheets/|(^|/)activex/"
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PROGRAMS = _words(
    "ade adp apk application appref-ms appx appxbundle bat chm cmd com command cpl desktop dex"
    " diagcab diagcfg diagpkg dll elf exe gadget hta inf ins isp jar jnlp js jse library-ms lnk mde"
    " mjs msc msh msi msix msixbundle msp mst nsh pif ps1 ps1xml ps2 psc1 psm1 pyw pyz pyzw reg scf"
    " scr sct search-ms settingcontent-ms sh shb shs sys theme url vb vbe vbs vxd website workflow"
    " ws wsc wsf wsh xbap xll"
)
_OFFICE_PROGRAMS = _words("docm dotm xlsm xltm xlam xlsb xla pptm potm ppsm ppam sldm")
_ARCHIVES = _words(
    "zip zipx rar 7z tar gz tgz bz2 tbz2 xz txz zst lz lzma cab arj ace lzh lha z uue iso img vhd"
    " vhdx dmg wim udf"
)
_REFUSED = _PROGRAMS | _OFFICE_PROGRAMS | _ARCHIVES


def _look_into(file: Source, member: Member, room: _Room, depth: int, *, keep: bool) -> bytes:
    """Read and inspect a member to its end; raises Invalid. Return its data if `keep`."""
    if member.name.endswith("/") and member.size:
        raise Invalid("file_broken")
    if keep and member.size > MAX_PART:
        raise Invalid("file_type")
    kept: io.BytesIO | None = io.BytesIO() if keep else None
    is_first = True
    is_zip = is_compound = False
    for chunk in _unpacked(file, member, room):
        if is_first:
            is_first = False
            is_zip, is_compound = chunk.startswith(b"PK"), chunk.startswith(COMPOUND_MARK)
            is_zip = is_zip and chunk[2:4] in (b"\3\4", b"\5\6", b"\7\10")
            if _PROGRAM.match(chunk[:HEAD]):
                raise Invalid("file_type")
            if chunk.startswith(b"\x1f\x8b") and not member.name.endswith(_PACKED_DRAWINGS):
                raise Invalid("file_type")
            if is_zip or is_compound:
                if member.size > MAX_NESTED:
                    raise Invalid("file_type")
                kept = kept or io.BytesIO()
        if kept is not None:
            kept.write(chunk)
    if kept is None:
        return b""
    if is_zip and (not depth or _kind(kept, room, depth - 1) == ZIP):
        raise Invalid("file_type")
    if is_compound:
        kind_of_compound(kept)
    return kept.getvalue() if keep else b""


HEAD = 512
# Programs (of Windows only when a NUL follows, as in no text), shortcuts and other archives.
_PROGRAM = re.compile(
    rb"MZ(?=[^\0]*\0)|\x7fELF|#!|\xca\xfe\xba\xbe|[\xce\xcf]\xfa\xed\xfe|\xfe\xed\xfa[\xce\xcf]"
    rb"|L\0\0\0\x01\x14\x02\0|dex\n|ITSF|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|BZh[1-9]1AY"
    rb"|\xfd7zXZ\0|MSCF\0|\x28\xb5\x2f\xfd"
)
# Office stores compressed Windows drawings.
_PACKED_DRAWINGS = (".emz", ".wmz", ".svgz")


def _unpacked(file: Source, member: Member, room: _Room) -> Iterator[bytes]:
    """Yield the data of a member in chunks. The first one has at least `HEAD` bytes, or all there
    are. Raises Invalid ``file_broken`` when size or checksum differ from the header."""
    size = crc = 0
    for chunk in (_inflated if member.is_deflated else _stored)(file, member):
        size += len(chunk)
        room.size -= len(chunk)
        if size > member.size or room.size < 0:
            raise Invalid("file_broken")
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if (size, crc) != (member.size, member.crc):
        raise Invalid("file_broken")


def _stored(file: Source, member: Member) -> Iterator[bytes]:
    file.seek(member.data)
    left = member.packed
    while left:
        chunk = file.read(min(CHUNK, left))
        if not chunk:
            return
        left -= len(chunk)
        yield chunk


def _inflated(file: Source, member: Member) -> Iterator[bytes]:
    packed = _stored(file, member)
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    waiting = b""
    while not inflater.eof:
        given = inflater.unconsumed_tail or next(packed, b"")
        try:
            waiting += inflater.decompress(given, CHUNK)
        except zlib.error:
            raise Invalid("file_broken") from None
        if not given and not waiting:
            raise Invalid("file_broken")  # the data ends too early
        if not given or len(waiting) >= HEAD:
            yield waiting
            waiting = b""
    if waiting:
        yield waiting
    if inflater.unused_data or next(packed, b""):
        raise Invalid("file_broken")  # bytes follow the end of the data


# XML


def _elements(xml: bytes) -> Sequence[tuple[str, dict[str, str]]]:
    """Return the elements of a part with their attributes, both without prefixes; raises Invalid.

    Refuses other encodings, which Office does not read, and entities, which it does not need.
    """
    found: list[tuple[str, dict[str, str]]] = []
    parser = expat.ParserCreate()

    def declared(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf-16", "us-ascii"):
            raise Invalid("file_type")

    def entity(*_arguments: object) -> None:
        raise Invalid("file_type")

    def begun(tag: str, attributes: dict[str, str]) -> None:
        plain = {name.rpartition(":")[2]: value for name, value in attributes.items()}
        found.append((tag.rpartition(":")[2], plain))

    parser.XmlDeclHandler = declared
    parser.EntityDeclHandler = entity
    parser.StartElementHandler = begun
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        raise Invalid("file_broken") from None
    return found


# Compound files


def _streams(file: Source) -> set[str]:
    """Return the names of streams and folders in a compound file, in lower case.

    A directory entry has 128 bytes and begins at a multiple of 128. The function reads every such
    position, because the chain that links the directory may be forged.
    """
    file.seek(0)
    header = file.read(128)
    if header[30:32] not in (b"\x09\0", b"\x0c\0"):  # sectors of 512 or 4,096 bytes
        raise Invalid("file_type")
    names = set()
    while chunk := file.read(CHUNK):
        for at in range(0, len(chunk) - 66, 128):
            if chunk[at + 66] in _OBJECTS and chunk[at + 1] == 0:
                wide = chunk[at : at + 64].decode("utf-16-le", "replace")
                names.add(wide.partition("\0")[0].lower())
    return names


_OBJECTS = (1, 2)
"""The types of a folder and of a stream."""
_STREAMS = {
    "worddocument": "application/msword",
    "workbook": "application/vnd.ms-excel",
    "book": "application/vnd.ms-excel",
    "powerpoint document": "application/vnd.ms-powerpoint",
}
# Macros, an embedded file, encrypted content.
_HIDING_STREAMS = frozenset(
    {"vba", "_vba_project", "_vba_project_cur", "\x01ole10native", "encryptedpackage"}
)
