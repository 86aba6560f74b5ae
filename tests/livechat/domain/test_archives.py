"""Archives and Office files: a file with hidden contents is rejected, wherever they are."""

import io
import struct
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import archive_inspection
from livechat.domain.files import kind_of
from livechat.errors import Invalid
from tests.livechat.files.archive_samples import (
    DOCUMENT_RELATIONS,
    EXCEL,
    MICROSOFT_RELATIONS,
    OPEN_TEXT,
    SLIDES,
    WORD,
    compound,
    content_types,
    office,
    open_document,
    relations,
    zipped,
)

ZIP = "application/zip"
PROGRAM = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0"
PADDING = [f"word/media/{number}.png" for number in range(4_000)]
MORE = ["word/styles.xml", "word/fonts.xml"]
MACROS = compound("Root Entry", "VBA", "_VBA_PROJECT")


def detected(data: bytes, name: str = "") -> str:
    return kind_of(io.BytesIO(data), name)


def refusal(data: bytes) -> str:
    with pytest.raises(Invalid) as caught:
        detected(data)
    return caught.value.code


def end_of(data: bytes) -> tuple[int, ...]:
    """Return the end of an archive: marks, counts, length and position of the directory."""
    return struct.unpack("<4s4H2LH", data[-22:])


def changed(data: bytes, at: int, by: bytes) -> bytes:
    return data[:at] + by + data[at + len(by) :]


# What is accepted


@pytest.mark.parametrize("kind", [WORD, EXCEL, SLIDES])
def test_an_office_file_is_what_it_says_whatever_its_folders_are_called(kind):
    assert detected(office(kind)) == kind
    assert detected(office(kind, "strange/folder.xml", "docProps/app.xml")) == kind


def test_an_office_file_may_have_thousands_of_pictures():
    assert detected(office(WORD, *PADDING)) == WORD


def test_an_archive_holds_pictures_texts_folders_and_office_files():
    holiday = zipped(
        "holiday/1.jpg",
        "notes.txt",
        "v1.2/read me",
        "word/notes.txt",
        parts=[
            ("holiday/", b""),
            ("letter.docx", office(WORD)),
            ("table.xls", compound("Workbook")),
            ("open.odt", open_document()),
            ("Umlaute äöü.txt", "Grüße"),
            ("MZ.txt", "MZ is how programs begin"),
        ],
    )

    assert detected(holiday) == ZIP


def test_an_office_file_may_have_a_workbook_inside():
    chart = ("ppt/embeddings/chart.xlsx", office(EXCEL))

    assert detected(office(SLIDES, parts=[chart])) == SLIDES


def test_what_was_written_without_looking_back_is_read_too():
    out = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            return out.write(data)

    with zipfile.ZipFile(Pipe(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "Hello" * 100)
        archive.writestr("b.txt", "")

    assert detected(out.getvalue()) == ZIP


def test_an_open_document_may_have_a_settled_manifest():
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE manifest:manifest PUBLIC "x" "y.dtd">'
        '<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="/"/>'
        "</manifest:manifest>"
    )

    document = open_document("Thumbnails/t.png", parts=[("META-INF/manifest.xml", manifest)])

    assert detected(document) == OPEN_TEXT


def test_a_legacy_office_file_is_recognized_wherever_its_directory_lies():
    assert detected(compound("WordDocument", before=600 * 1024)) == "application/msword"


# Macros

HIDING = {
    "among padding": office(WORD, *MORE, "word/vbaProject.bin", *PADDING),
    "in another folder": office(WORD, "custom/stuff/vbaProject.bin"),
    "in capitals": office(WORD, "WORD/VBAPROJECT.BIN"),
    "with escaped letters": office(WORD, "word/%76baProject.bin"),
    "with the other slash": office(WORD, "word\\vbaProject.bin"),
    "under another name": office(
        WORD, "word/x.bin", types=["application/vnd.ms-office.vbaProject"]
    ),
    "by a content type in capitals": office(WORD, types=["APPLICATION/VND.MS-OFFICE.VBAPROJECT"]),
    "by a content type of main parts": office(
        WORD, types=["application/vnd.ms-word.document.macroEnabled.main+xml"]
    ),
    "by a relation": office(
        WORD,
        parts=[("word/_rels/document.xml.rels", relations(f"{MICROSOFT_RELATIONS}/vbaProject"))],
    ),
    "as an old macro sheet": office(EXCEL, "xl/macrosheets/sheet1.xml"),
    "as ActiveX": office(
        WORD, parts=[("word/_rels/a.rels", relations(f"{DOCUMENT_RELATIONS}/control"))]
    ),
    "in a file of its own": office(WORD, parts=[("word/media/image.bin", MACROS)]),
    "in a workbook inside": office(
        SLIDES,
        parts=[("ppt/embeddings/a.xlsx", office(EXCEL, "xl/vbaProject.bin"))],
    ),
    "in UTF-16": zipped(
        first=(
            "[Content_Types].xml",
            content_types(
                f"{WORD}.main+xml",
                "application/vnd.ms-office.vbaProject",
                head='<?xml version="1.0" encoding="UTF-16"?>',
            ).encode("utf-16"),
        )
    ),
    "by characters that are numbers": zipped(
        first=(
            "[Content_Types].xml",
            content_types(f"{WORD}.main+xml", "application/vnd.ms-office.&#118;baProject"),
        )
    ),
    "by an entity": zipped(
        first=(
            "[Content_Types].xml",
            content_types(
                f"{WORD}.main+xml",
                "application/vnd.ms-office.&v;Project",
                head='<?xml version="1.0"?><!DOCTYPE x [<!ENTITY v "vba">]>',
            ),
        )
    ),
    "in an encoding that few know": zipped(
        first=(
            "[Content_Types].xml",
            content_types(f"{WORD}.main+xml", head='<?xml version="1.0" encoding="cp037"?>'),
        )
    ),
    "in pieces": office(WORD, "word/vba/[0].piece", "word/vba/[1].last.piece"),
    "Basic": open_document(*PADDING, "Basic/Standard/Module1.xml"),
    "Basic in capitals": open_document("BASIC/Standard/Module1.xml"),
    "Basic of an object inside": open_document("Object 1/Basic/Standard/Module1.xml"),
    "Python": open_document("Scripts/python/run.py"),
    "Word in an archive": zipped(*PADDING, parts=[("a.bin", office(WORD, "vbaProject.bin"))]),
    "legacy Word in an archive": zipped(parts=[("a.doc", MACROS)]),
    "legacy Word, far behind": compound("WordDocument", "_VBA_PROJECT", before=600 * 1024),
    "legacy Word in capitals": compound("WordDocument", "_vba_project"),
    "legacy Excel": compound("Workbook", "_VBA_PROJECT_CUR"),
}


@pytest.mark.parametrize("where", HIDING)
def test_macros_are_found_wherever_they_are(where):
    assert refusal(HIDING[where]) == "file_type"


# Programs

RUNNING = {
    "Java": zipped("META-INF/MANIFEST.MF", "Main.class"),
    "Android": zipped("AndroidManifest.xml", "classes"),
    "package": zipped("[Content_Types].xml", "tools/install.ps1"),
    "template of OpenDocument": open_document(kind=OPEN_TEXT + "-template"),
    "two kinds of Office": office(WORD, types=[f"{EXCEL}.main+xml"]),
    "Office in OpenDocument": open_document(
        parts=[("[Content_Types].xml", content_types(f"{WORD}.main+xml"))]
    ),
    "among padding": zipped(*MORE, "setup.exe", *PADDING),
    "in capitals": zipped("SETUP.EXE"),
    "with a dot behind": zipped("setup.exe."),
    "with blanks behind": zipped("setup.exe  "),
    "as a stream of Windows": zipped("photo.jpg:setup.exe"),
    "before a stream of Windows": zipped("setup.exe:photo"),
    "script": zipped("a/b/c/run.JS"),
    "shortcut": zipped("report.pdf.lnk"),
    "program of another name": zipped(parts=[("photo.jpg", PROGRAM)]),
    "program in Office": office(WORD, parts=[("word/media/a.png", PROGRAM)]),
    "shortcut of another name": zipped(parts=[("photo.jpg", b"L\0\0\0\1\x14\2\0" + b"\0" * 100)]),
    "Linux program": zipped(parts=[("photo", b"\x7fELF\2\1\1\0")]),
    "shell script": zipped(parts=[("photo", b"#!/bin/sh\nrm -rf /\n")]),
    "file packed into legacy Office": compound("WordDocument", "\x01Ole10Native"),
    "file packed into Office": office(
        WORD, parts=[("word/embeddings/a.bin", compound("\x01Ole10Native"))]
    ),
    "archive": zipped(parts=[("a.zip", zipped("a.txt"))]),
    "archive of another name": zipped(parts=[("a.txt", zipped("a.txt"))]),
    "archive in an archive in Office": office(
        WORD, parts=[("a.bin", office(WORD, parts=[("b.bin", zipped("a.txt"))]))]
    ),
    "other archive": zipped(parts=[("a.jpg", b"7z\xbc\xaf\x27\x1c\0\4")]),
    "packed file": zipped(parts=[("a.txt", b"\x1f\x8b\x08\0")]),
    "way out": zipped("../../.bashrc"),
    "way out with the other slash": zipped("..\\..\\autorun"),
    "way to the root": zipped("/etc/cron.d/x"),
    "way to a drive": zipped("C:\\autorun"),
}


@pytest.mark.parametrize("what", RUNNING)
def test_programs_and_archives_are_found_wherever_they_are(what):
    assert refusal(RUNNING[what]) == "file_type"


def test_a_second_name_that_some_programs_go_by_is_looked_at():
    field = struct.pack("<HHBL", 0x7075, 5 + len(b"setup.exe"), 1, 0) + b"setup.exe"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("photo.jpg")
        info.extra = field
        archive.writestr(info, b"x")

    assert refusal(out.getvalue()) == "file_type"


def test_a_link_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("photo.jpg")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, b"/etc/passwd")

    assert refusal(out.getvalue()) == "file_type"


# What cannot be read, or contradicts itself


def test_what_is_encrypted_is_refused():
    plain = zipped("a.txt")
    _, _, _, _, _, _, directory, _ = end_of(plain)
    locked = changed(changed(plain, 6, b"\1\0"), directory + 8, b"\1\0")
    manifest = (
        '<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>'
    )

    assert refusal(locked) == "file_type"
    assert refusal(open_document(parts=[("META-INF/manifest.xml", manifest)])) == "file_type"
    assert refusal(zipped(parts=[("a.docx", compound("EncryptedPackage"))])) == "file_type"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_an_unusual_way_of_packing_is_refused(method):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("a.txt", b"x" * 100)

    assert refusal(out.getvalue()) == "file_type"


def test_zip64_is_refused():
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open(zipfile.ZipInfo("a.txt"), "w", force_zip64=True) as member,
    ):
        member.write(b"x")
    plain = zipped("a.txt")
    _, _, _, _, count, length, directory, _ = end_of(plain)
    record = struct.pack(
        "<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, directory
    ) + struct.pack("<4sLQL", b"PK\6\7", 0, len(plain) - 22, 1)

    assert refusal(out.getvalue()) == "file_broken"
    assert refusal(plain[:-22] + record + plain[-22:]) == "file_broken"
    swallowed = plain[:-10] + struct.pack("<L", length + len(record)) + plain[-6:]
    assert refusal(plain[:-22] + record + swallowed[-22:]) in ("file_type", "file_broken")
    assert refusal(changed(plain, len(plain) - 12, b"\xff\xff")) in ("file_type", "file_broken")


def broken() -> dict[str, bytes]:
    plain = zipped("a.txt", "b.txt")
    other = zipped("c.txt")
    _, _, _, _, _, length, directory, _ = end_of(plain)
    second = plain.index(b"PK\3\4", 4)
    names = plain.replace(b"a.txt", b"a.exe", 1)
    return {
        "without a directory": plain[:40],
        "only a beginning": b"PK\3\4",
        "cut off": plain[:-1],
        "data behind": plain + b"x",
        "data behind, as a comment": plain[:-2] + b"\1\0x",
        "another archive behind": plain + other,
        "another archive behind, as a comment": plain[:-2] + struct.pack("<H", len(other)) + other,
        "another archive before": other + plain,
        "data before the directory": plain[:directory]
        + b"hidden"
        + changed(plain[directory:], length + 16, struct.pack("<L", directory + 6)),
        "another name in the header": names,
        "another size in the header": changed(plain, 22, b"\7\0\0\0"),
        "another checksum in the header": changed(plain, 14, b"\7\7\7\7"),
        "another way of packing in the header": changed(plain, 8, b"\0\0"),
        "encrypted only in the header": changed(plain, 6, b"\1\0"),
        "a member that the directory does not know": changed(
            plain[:directory] + plain[directory + length // 2 :],
            len(plain) - length // 2 - 14,
            struct.pack("<2HL", 1, 1, length // 2),
        ),
        "fewer members than counted": changed(plain, len(plain) - 14, b"\3\0\3\0"),
        "more members than counted": changed(plain, len(plain) - 14, b"\1\0\1\0"),
        "two entries for one place": changed(
            plain, directory + length // 2 + 42, struct.pack("<L", 0)
        ),
        "data that is other than its checksum": changed(
            zipped(first=("a.txt", b"hello")), 35, b"j"
        ),
        "damaged data": changed(plain, 36, b"\xff\xff\xff"),
        "damaged XML": zipped("[Content_Types].xml"),
        "the second header gone": changed(plain, second, b"XX"),
    }


@pytest.mark.parametrize("how", broken())
def test_an_archive_that_is_not_whole_or_says_two_things_is_broken(how):
    assert refusal(broken()[how]) == "file_broken"


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("names", [("a.txt", "a.txt"), ("a.txt", "A.TXT"), ("a/b", "a\\b")])
def test_two_members_of_one_name_are_refused(names):
    assert refusal(zipped(*names)) == "file_broken"


def test_data_behind_the_end_of_a_packed_member_is_found():
    packed = zlib.compressobj(9, 8, -15)
    data = packed.compress(b"hello") + packed.flush() + b"hidden"
    checksum_and_sizes = (zlib.crc32(b"hello"), len(data), 5)
    local = (
        struct.pack("<4s5H3L2H", b"PK\3\4", 20, 0, 8, 0, 0, *checksum_and_sizes, 1, 0) + b"a" + data
    )
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\1\2", 20, 20, 0, 8, 0, 0, *checksum_and_sizes, 1, 0, 0, 0, 0, 0, 0
    )
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, len(entry) + 1, len(local), 0)

    assert refusal(local + entry + b"a" + end) == "file_broken"


# Bounds


def test_more_members_than_are_read_are_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(archive_inspection.MAX_MEMBERS + 1):
            archive.writestr(str(number), b"")

    assert refusal(out.getvalue()) == "file_type"


def test_members_of_all_files_inside_are_counted_together():
    inner = office(WORD, *PADDING)

    assert refusal(zipped(parts=[(f"{n}.docx", inner) for n in range(3)])) == "file_type"


class Counting(io.BytesIO):
    """Counts the bytes that are read."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


def test_an_archive_that_would_be_too_large_is_not_unpacked():
    bomb = Counting(
        zipped(parts=[(f"{n}.txt", bytes(70 * archive_inspection.MIB)) for n in range(4)])
    )

    with pytest.raises(Invalid, match="file_type"):
        kind_of(bomb, "")

    assert len(bomb.getvalue()) > 200_000
    assert bomb.taken < len(bomb.getvalue()) + 10_000


def test_a_directory_that_is_too_long_is_not_read():
    long = zipped(*(f"{n}{'x' * 60_000}" for n in range(40)))
    archive = Counting(long)

    with pytest.raises(Invalid, match="file_type"):
        kind_of(archive, "")

    assert archive.taken < 300_000


def test_a_member_that_says_it_is_small_is_not_unpacked_further():
    bomb = zipped(parts=[("a.txt", bytes(50 * archive_inspection.MIB))])
    _, _, _, _, _, _, directory, _ = end_of(bomb)
    small = struct.pack("<L", 10)

    assert refusal(changed(changed(bomb, 22, small), directory + 24, small)) == "file_broken"


@given(st.data())
def test_any_changed_byte_is_seen_or_hides_nothing(data):
    document = office(WORD, "word/a.xml")
    at = data.draw(st.integers(4, len(document) - 1))
    other = changed(document, at, bytes([data.draw(st.integers(0, 255))]))

    try:
        found = detected(other)
    except Invalid as error:
        found = error.code

    assert found in (WORD, "file_broken", "file_type")
