"""Files: their type, detected from the bytes, and a safe name."""

import io
import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livechat.domain import files
from livechat.domain.enumerations import FileSet
from livechat.domain.files import (
    accept_attribute,
    accepts,
    by_ends,
    clean_name,
    is_inline,
    kind_of,
)
from livechat.errors import Invalid
from tests.livechat.files.archive_samples import (
    EXCEL,
    OPEN_TEXT,
    SLIDES,
    WORD,
    compound,
    office,
    open_document,
    zipped,
)

MP3_FRAME = (b"\xff\xfb\x90\x00").ljust(417, b"\x55")

KNOWN = {
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF\0",
    "image/png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "image/gif": b"GIF89a\x01\0\x01\0",
    "image/webp": b"RIFF\x10\0\0\0WEBPVP8 ",
    "application/pdf": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
    "text/plain": b"Hello",
    WORD: office(WORD),
    EXCEL: office(EXCEL),
    SLIDES: office(SLIDES),
    OPEN_TEXT: open_document(),
    "application/rtf": b"{\\rtf1\\ansi Hello}",
    "application/msword": compound("Root Entry", "WordDocument"),
    "application/vnd.ms-excel": compound("Root Entry", "Workbook"),
    "application/vnd.ms-powerpoint": compound("PowerPoint Document"),
    "audio/mpeg": MP3_FRAME * 3,
    "audio/mp4": b"\0\0\0\x20ftypM4A \0\0\0\0",
    "audio/ogg": b"OggS\0\2".ljust(28, b"\0") + b"OpusHead",
    "audio/wav": b"RIFF\x24\0\0\0WAVEfmt ",
    "video/mp4": b"\0\0\0\x20ftypisom\0\0\2\0",
    "video/webm": b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm",
    "video/quicktime": b"\0\0\0\x14ftypqt  ",
    "application/zip": zipped("holiday/1.jpg", "word/notes.txt"),
}

REFUSED = {
    "nothing": b"",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "svg behind a byte order mark and blanks": b"\xef\xbb\xbf \n\t<SVG onload=alert(1)>",
    "svg behind a comment": b"<!-- hello --><svg>",
    "html": b"<!DOCTYPE html><p>",
    "html without a doctype": b"\r\n\r\n<HtMl>",
    "html of two letters": b"<p>Hello",
    "html as UTF-16": "\ufeff <html>".encode("utf-16-le"),
    "html as UTF-16, the other way": "\ufeff<html>".encode("utf-16-be"),
    "script": b"<script>alert(1)</script>",
    "php": b"<?php system('ls');",
    "xml": b'<?xml version="1.0"?><a/>',
    "shell script": b"#!/bin/sh\nrm -rf /\n",
    "PostScript": b"%!PS-Adobe-3.0\n",
    "Windows program": b"MZ\x90\0\3\0\0\0",
    "Linux program": b"\x7fELF\2\1\1\0",
    "installer": compound("Root Entry", "\u4840\u3b3f"),
    "mail of Outlook": compound("__properties_version1.0"),
    "program that is a PDF, too": b"MZ\x90\0\3\0" + b"\0" * 100 + b"%PDF-1.7\n%%EOF",
    "page that is a PDF, too": b"<html><script>alert(1)</script>%PDF-1.7\n%%EOF",
    "page behind words that is a PDF, too": b"hi <script>alert(1)</script>%PDF-1.7\n\x00%%EOF",
    "PDF that begins too late": b"\0" * 1100 + b"%PDF-1.7",
    "HEIC": b"\0\0\0\x18ftypheic",
    "AVIF": b"\0\0\0\x18ftypavif",
    "Matroska": b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska",
    "video in Ogg": b"OggS\0\2".ljust(28, b"\0") + b"\x80theora",
    "AVI": b"RIFF\x10\0\0\0AVI LIST",
    "bitmap": b"BM\x36\0\0\0\0\0",
    "gzip": b"\x1f\x8b\x08\0",
    "one frame that MP3 might have": b"\xff\xfb\x90\x00 and then none",
    "text with NUL": b"a\0b",
    "text with escape sequences": b"\x1b[31mred",
    "numbers by chance": bytes(range(256)),
}


def detected(data: bytes, name: str = "") -> str:
    return kind_of(io.BytesIO(data), name)


def code_of(data: bytes, name: str = "") -> str:
    with pytest.raises(Invalid) as caught:
        detected(data, name)
    return caught.value.code


@pytest.mark.parametrize("kind", KNOWN)
def test_a_known_file_is_recognized_by_its_bytes_whatever_its_name_is(kind):
    for name in ("", "page.html", "a.exe", "b.svg"):
        assert detected(KNOWN[kind], name) == kind


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_not_known_is_refused_whatever_its_name_is(what):
    for name in ("photo.jpg", "report.pdf", "notes.txt", ""):
        assert code_of(REFUSED[what], name) == "file_type"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "text/csv"),
        ("A.CSV", "text/csv"),
        ("README.md", "text/markdown"),
        ("server.log", "text/plain"),
        ("app.js", "text/plain"),
        ("csv", "text/plain"),
    ],
)
def test_the_name_distinguishes_only_kinds_of_text(name, kind):
    assert detected("Städte;Größe\nKöln;1\n".encode(), name) == kind
    assert detected("Städte".encode("utf-16"), name) == kind


def test_a_picture_that_goes_on_as_a_script_is_a_picture():
    for kind in ("image/gif", "image/jpeg", "image/png"):
        assert detected(KNOWN[kind] + b"/*<script>alert(1)</script>*/</html>", "a.js") == kind


def test_a_pdf_may_begin_behind_blanks_or_words_but_a_text_about_pdf_is_text():
    assert detected(b"\r\n \n%PDF-1.4\n") == "application/pdf"
    assert detected(b"Content-Type: x\n\n%PDF-1.4\n\0%%EOF\n") == "application/pdf"
    assert detected(b"They begin with %PDF-1.4.", "a.txt") == "text/plain"


def test_text_may_be_cut_within_a_character_at_both_ends():
    text = "aü€😀".encode()
    for cut in range(1, len(text)):
        assert by_ends(text[:cut], text[cut:], "") == "text/plain"
    wide = "\ufeffa😀b😀".encode("utf-16-le")
    for cut in range(4, len(wide)):
        assert by_ends(wide[:cut], wide[cut:], "") == "text/plain"


def test_text_that_ends_as_something_else_is_refused():
    assert by_ends(b"Hello" * 100, b"Hello\0\0", "") is None


def test_text_may_hold_what_looks_like_a_page_later_or_only_a_little():
    assert detected(b"<3 you") == "text/plain"
    assert detected(b"I wrote <script> here") == "text/plain"
    assert detected(b"< 5 pieces") == "text/plain"


def known_or_refused(data: bytes, name: str = "") -> bool:
    try:
        return detected(data, name) in files.KINDS
    except Invalid as error:
        return error.code in ("file_type", "file_broken")


@given(st.binary(max_size=400), st.text(max_size=20))
def test_bytes_of_any_kind_are_known_or_refused(data, name):
    assert known_or_refused(data, name)


@given(st.sampled_from(sorted(KNOWN)), st.binary(max_size=100), st.integers(0, 300))
def test_known_beginnings_with_anything_behind_are_known_or_refused(kind, rest, cut):
    assert known_or_refused(KNOWN[kind][:cut] + rest)


# Sets


def test_each_set_accepts_its_families():
    accepted = {
        file_set: {kind.family for name, kind in files.KINDS.items() if accepts(file_set, name)}
        for file_set in FileSet
    }

    assert accepted == {
        "none": set(),
        "images": {"image"},
        "documents": {"image", "document"},
        "all": {"image", "document", "audio", "video", "archive"},
    }


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "", "application/octet-stream"])
def test_no_set_accepts_what_is_not_known(kind):
    assert not any(accepts(file_set, kind) for file_set in FileSet)
    assert not is_inline(kind)
    with pytest.raises(Invalid):
        files.family(kind)
    with pytest.raises(Invalid):
        clean_name("a", kind)


def test_a_page_shows_pictures_sounds_and_films_only():
    assert {kind.split("/")[0] for kind in files.KINDS if is_inline(kind)} == {
        "image",
        "audio",
        "video",
    }
    assert not is_inline("application/pdf")


def test_a_browser_gets_types_and_extensions():
    assert accept_attribute(FileSet.NONE) == ""
    images = accept_attribute(FileSet.IMAGES).split(",")
    assert {"image/jpeg", ".jpg", ".webp"} <= set(images)
    assert ".pdf" not in images
    assert ".docx" in accept_attribute(FileSet.DOCUMENTS).split(",")
    assert ".mp4" in accept_attribute(FileSet.ALL).split(",")


# Names


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("photo.jpg", "photo.jpg"),
        ("IMG_1.JPEG", "IMG_1.JPEG"),
        ("Bild vom Äußeren.jpg", "Bild vom Äußeren.jpg"),
        ("صورة.jpg", "صورة.jpg"),
        ("photo.exe", "photo.exe.jpg"),
        ("photo", "photo.jpg"),
        ("jpg", "jpg.jpg"),
        ("", "file.jpg"),
        (".", "file.jpg"),
        ("...", "file.jpg"),
        (".jpg", "file.jpg"),
        ("\u200b\u3164.jpg", "file.jpg"),
        (".htaccess", "htaccess.jpg"),
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("a/b\\../photo.jpg/", "photo.jpg"),
        ("photo.jpg. . ", "photo.jpg"),
        (" .photo .jpg", "photo.jpg"),
        ("a\0b\r\nc\x1b\x7f\x85.jpg", "ab c.jpg"),
        ("gpj.\u202eexe.jpg", "gpj.exe.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe.jpg"),
        ("a\u200e\u200f\u2066\u2069\u200b\u200d\ufeff\u00ad\u061cb.jpg", "ab.jpg"),
        ("a\u00a0\u2003 \u2028\t b.jpg", "a b.jpg"),
        ("A\u0308pfel.jpg", "Äpfel.jpg"),
        ("A\u200d\u0308pfel.jpg", "Äpfel.jpg"),
        ("\u0301a.jpg", "a.jpg"),
        ("\ud800a\ue000.jpg", "a.jpg"),
        ('a"b<c>d|e?f*g:h.jpg', 'a"b<c>d|e?f*g:h.jpg'),
        ("50%22&quot;100%.jpg", "50%22&quot;100%.jpg"),
        ("CON", "_CON.jpg"),
        ("nul.jpg", "_nul.jpg"),
        ("com1.tar.jpg", "_com1.tar.jpg"),
        ("LPT¹ .jpg", "_LPT¹.jpg"),
        ("console.jpg", "console.jpg"),
    ],
)
def test_a_name_is_made_safe(name, clean):
    assert clean_name(name, "image/jpeg") == clean


NAMES_WITH_JOINERS = {
    "Persian": "می\u200cشود.jpg",
    "a family": "👨\u200d👩\u200d👧\u200d👦.jpg",
    "a heart on fire": "❤\ufe0f\u200d🔥.jpg",
    "a dark-skinned astronaut": "🧑🏿\u200d🚀.jpg",
    "a nodding head": "🙂\u200d↕\ufe0f.jpg",
    "new emoji": "\U0001fae9\u200d\U0001faeb.jpg",
    "Sinhala": "ශ්\u200dරී.jpg",
    "Bengali": "র\u200d্যাব.jpg",
    "Malayalam, at the end": "അവന്\u200d.jpg",
    "Malayalam, without extension": "അവന്\u200d",
}


@pytest.mark.parametrize("name", NAMES_WITH_JOINERS.values(), ids=NAMES_WITH_JOINERS.keys())
def test_a_joiner_stays_where_it_changes_what_is_seen(name):
    assert clean_name(name, "image/jpeg") == name.removesuffix(".jpg") + ".jpg"


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("\u200c\u200dس.jpg", "س.jpg"),
        ("س\u200c\u200d\u200cب.jpg", "س\u200cب.jpg"),
        ("س\u200c.jpg", "س.jpg"),
        ("س\u200c ب.jpg", "س ب.jpg"),
        ("pho\u200dto.jp\u200dg", "photo.jpg"),
        ("س\u202e\u200cب\u2067.jpg", "س\u200cب.jpg"),
        ("س" * 115 + "\u200c" + "ب" * 5 + ".jpg", "س" * 115 + ".jpg"),
    ],
)
def test_any_other_joiner_goes(name, clean):
    assert clean_name(name, "image/jpeg") == clean


def test_characters_newer_than_the_server_stay_in_a_name():
    assert clean_name("\U0001fae9 \U0001fac8.png", "image/png") == "\U0001fae9 \U0001fac8.png"
    assert clean_name("a\uffff\ufdd0\U0010fffe\U000e0200b.png", "image/png") == "ab.png"


def test_a_long_name_keeps_its_beginning_and_its_extension():
    assert clean_name("a" * 5_000 + ".jpeg", "image/jpeg") == "a" * 115 + ".jpeg"
    assert clean_name("a" * 5_000, "image/jpeg") == "a" * 116 + ".jpg"


def test_marks_cannot_be_heaped_upon_a_letter():
    heaped = clean_name("Z" + "\u0335\u0321" * 2_500 + "algo.txt", "text/plain")

    assert heaped.startswith("Z")
    assert heaped.endswith("algo.txt")
    assert len(heaped) < 16


def test_kinds_of_text_keep_their_extension():
    assert clean_name("server.log", "text/plain") == "server.log"
    assert clean_name("README.md", "text/markdown") == "README.md"
    assert clean_name("app.js", "text/plain") == "app.js.txt"


NASTY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            './\\ :"\0\n\u202e\u200b\u0301\u0345\u3164CONnul1\u00b9.jpg\uff0e\u1100\u1161'
            "\u200c\u200d\u0915\u094d\u093c\u06cc\U0001fae9"
        ),
    ),
    max_size=300,
)


@given(NASTY, st.sampled_from(sorted(files.KINDS)))
def test_a_clean_name_is_safe_and_stays_as_it_is(name, kind):
    clean = clean_name(name, kind)

    assert clean_name(clean, kind) == clean
    assert len(clean) <= files.MAX_NAME
    assert clean.rpartition(".")[2].lower() in files.KINDS[kind].extensions
    assert not re.search(r"[/\\\x00-\x1f\x7f-\x9f]|^[. ]|[. ]$|  ", clean)
    plain = re.sub("[\u200c\u200d]", "", clean)
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in plain)
    assert not re.search("[\u200c\u200d](?:[\u200c\u200d]|$)|^[\u200c\u200d]", clean)
    assert unicodedata.is_normalized("NFC", clean)
    clean.encode()


def test_a_spreadsheets_export_in_the_old_western_encoding_is_text():
    data = "Name;Größe;Preis in €\nTee;groß;3,50\n".encode("cp1252")

    assert detected(data, "Preise.csv") == "text/csv"
    assert code_of(data, "Preise.bin") == "file_type"
    assert code_of(b"<html>\xe4" + data, "Preise.csv") == "file_type"
