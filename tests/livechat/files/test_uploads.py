"""Who may upload a file, what is stored of it, and how many are allowed."""

import io
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import unquote

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from livechat import auth, signed_links
from livechat.database import database_time
from livechat.domain import rights
from livechat.domain.ip_addresses import source_of
from livechat.errors import Invalid, NotAllowed, NotFound, RateLimited
from livechat.models import Attachment, Visitor
from livechat.services import conversations
from livechat.services.upload_limits import Allowance
from livechat.signed_links import Audience
from tests import factories
from tests.livechat.files.archive_samples import WORD, office, zipped
from tests.livechat.files.samples import (
    GPS,
    body,
    bring,
    code,
    header,
    jpeg,
    kept,
    png,
    sent,
    stored,
)

pytestmark = pytest.mark.django_db


def test_a_visitors_photo_is_stored_without_metadata_and_with_a_thumbnail(
    client, berlin, vera, folder
):
    answer = bring(client, vera, berlin, jpeg(), "C:\\Users\\vera\\Holiday.JPG")

    file = answer.json()
    row = Attachment.objects.get()
    assert answer.status_code == 201
    assert answer["Cache-Control"] == "no-store"
    assert (file["name"], file["content_type"], file["family"]) == (
        "Holiday.JPG",
        "image/jpeg",
        "image",
    )
    assert (file["width"], file["height"], file["size"]) == (640, 480, row.size)
    assert file["id"] == str(row.public_id)
    assert row.visitor == vera.visitor
    assert not Visitor.objects.exists()
    files = [path.read_bytes() for path in stored(folder)]
    assert len(files) == 2
    assert row.size in {len(data) for data in files}
    assert all(GPS.encode() not in data for data in files)
    assert body(client.get(file["url"])).startswith(b"\xff\xd8")
    assert body(client.get(file["thumbnail"]))[8:12] == b"WEBP"


def test_where_a_file_lies_has_nothing_to_do_with_what_it_is_called(berlin, vera, folder):
    kept(vera, berlin, name="../../../etc/passwd.txt")

    [path] = stored(folder)
    now = timezone.now()
    assert path.parent == folder / f"attachments/{now:%Y/%m}"
    assert uuid.UUID(path.name)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../secret.txt", "secret.txt"),
        ("..\\..\\secret.txt", "secret.txt"),
        ("invoice\u202etxt.exe", "invoicetxt.exe.txt"),
        ("a\x00b.txt", "ab.txt"),
        ("\r\nSet-Cookie: a=b.txt", "Set-Cookie: a=b.txt"),
        ("x" * 5_000 + ".txt", "x" * 116 + ".txt"),
        ("<script>.txt", "<script>.txt"),
        ("قائمة.txt", "قائمة.txt"),
        ("", "file.txt"),
    ],
    ids=["path", "windows path", "bidi", "nul", "lines", "5,000", "tag", "arabic", "none"],
)
def test_a_name_is_made_safe_and_survives_the_headers(client, berlin, vera, name, shown):
    row = kept(vera, berlin, name=name)

    answer = client.get(signed_links.file_path(row.public_id, Audience.PUBLIC))

    assert body(answer)
    assert row.name == shown
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert not {"\r", "\n", "\0"} & set(answer["Content-Disposition"])
    assert answer["Content-Disposition"].isascii()


NAMES = {
    "quotes": """Plan "A" 'B' „C“ «D».txt""",
    "percent": "50%22 of 100%.txt",
    "an entity": "AT&amp;T &lt;b&gt;.txt",
    "what Windows forbids": "Which? <1:2> | *.txt",
    "Persian": "می\u200cشود.txt",
    "a family": "👨\u200d👩\u200d👧.txt",
    "a new emoji": "\U0001fae9.txt",
    "punctuation of headers": "a;b=c,d'e~f.txt",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
def test_a_name_is_the_same_when_it_is_stored_shown_and_saved(client, berlin, vera, name):
    file = bring(client, vera, berlin, b"Some text\n", name).json()

    header = client.head(file["url"])["Content-Disposition"]

    assert header.isascii()
    assert Attachment.objects.get().name == file["name"] == name
    assert unquote(header.removeprefix("attachment; filename*=utf-8''")) == name


def test_an_upload_without_a_field_for_the_name_has_the_name_of_its_part(client, berlin, vera):
    answer = client.post(
        f"/widget/{berlin.key}/files/",
        {"file": sent(b"Some text\n", "notes.txt")},
        headers=header(vera, berlin),
    )

    assert answer.json()["name"] == "notes.txt"


def polyglot() -> bytes:
    return png() + b"<script>alert(1)</script>"


def test_what_hangs_behind_a_picture_is_gone(client, berlin, vera, folder):
    answer = bring(client, vera, berlin, polyglot(), "a.png")

    assert answer.status_code == 201
    assert all(b"script" not in path.read_bytes() for path in stored(folder))


BAD = {
    "HTML": (b"<!doctype html><script>alert(1)</script>", "a.txt", 415, "file_type"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", 415, "file_type"),
    "program": (b"MZ\x90\0\x03\0\0\0" + bytes(200), "a.jpg", 415, "file_type"),
    "script": (b"#!/bin/sh\nrm -rf /\n", "a.txt", 415, "file_type"),
    "archive": (b"", "a.zip", 415, "file_type"),
    "macros": (office(WORD, "word/vbaProject.bin"), "a.docx", 415, "file_type"),
    "two archives in one": (zipped("a.txt") + zipped("a.exe"), "b.zip", 422, "file_broken"),
    "empty": (b"", "a.txt", 422, "file_empty"),
    "half a picture": (jpeg()[:400], "a.jpg", 422, "file_broken"),
    "bomb": (b"", "a.png", 422, "image_too_large"),
    "too large": (b"a" * (1024 * 1024 + 1), "a.txt", 413, "too_large"),
}


@pytest.mark.parametrize(("data", "name", "status", "expected"), BAD.values(), ids=BAD.keys())
def test_what_is_not_wanted_is_refused_and_leaves_nothing(
    client, berlin, vera, folder, data, name, status, expected
):
    berlin.max_file_megabytes = 1
    berlin.save()
    if name == "a.zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr("a.txt", "a")
        data = out.getvalue()
    if expected == "image_too_large":
        data = bytearray(png())
        data[16:24] = (30_000).to_bytes(4, "big") * 2  # the size in the header

    answer = bring(client, vera, berlin, bytes(data), name)

    assert (answer.status_code, code(answer)) == (status, expected)
    assert name.encode() not in answer.content
    assert not Attachment.objects.exists()
    assert stored(folder) == []


def test_a_channel_that_takes_no_files_says_so(client, berlin, vera, anna):
    berlin.file_set = "none"
    berlin.save()

    answer = bring(client, vera, berlin, b"text")

    assert (answer.status_code, code(answer)) == (403, "files_off")
    with pytest.raises(Invalid, match="files_off"):
        kept(anna, berlin)


def test_a_channel_of_pictures_takes_no_document(client, berlin, vera):
    berlin.file_set = "images"
    berlin.save()

    assert code(bring(client, vera, berlin, b"text")) == "file_type"
    assert bring(client, vera, berlin, png(), "a.png").status_code == 201


def test_only_a_good_token_of_this_channel_may_bring_something(client, berlin, vera, settings):
    hamburg = factories.channel("Hamburg")
    address = f"/widget/{berlin.key}/files/"
    token = auth.visitor_token(vera.visitor, berlin.key)
    other = auth.visitor_token(vera.visitor, hamburg.key)

    def try_upload(value: str | None) -> tuple[int, str]:
        headers = {} if value is None else {"Authorization": value}
        answer = client.post(address, {"file": sent(b"text")}, headers=headers)
        return answer.status_code, code(answer)

    assert try_upload(None) == (401, "auth_required")
    assert try_upload("Bearer x") == (401, "auth_required")
    assert try_upload("Visitor ") == (401, "token_invalid")
    assert try_upload(f"Visitor {token[:-1]}x") == (401, "token_invalid")
    assert try_upload(f"Visitor {other}") == (401, "token_invalid")
    settings.VISITOR_TOKEN_MAX_AGE = -1
    assert try_upload(f"Visitor {token}") == (401, "token_invalid")
    assert not Attachment.objects.exists()


def test_a_session_is_no_token(client, berlin, anna):
    client.force_login(anna.user)

    answer = client.post(f"/widget/{berlin.key}/files/", {"file": sent(b"text")})

    assert (answer.status_code, code(answer)) == (401, "auth_required")
    assert "Cookie" not in answer.get("Vary", "")


def test_an_archived_channel_takes_no_files(client, berlin, vera, anna):
    berlin.is_active = False
    berlin.save()

    assert bring(client, vera, berlin, b"text").status_code == 404
    client.force_login(anna.user)
    answer = client.post("/dashboard/files/", {"file": sent(b"x"), "channel": berlin.public_id})
    assert (answer.status_code, code(answer)) == (404, "not_found")
    with pytest.raises(NotFound):
        kept(vera, berlin)


def test_a_request_without_the_one_file_is_refused(client, berlin, vera):
    address, headers = f"/widget/{berlin.key}/files/", header(vera, berlin)

    answers = [
        client.post(address, {}, headers=headers),
        client.post(address, {"file": "no file"}, headers=headers),
        client.post(address, {"file": [sent(b"a"), sent(b"b")]}, headers=headers),
        client.post(address, {"file": sent(b"a"), "more": sent(b"b")}, headers=headers),
        client.post(address, b"{}", content_type="application/json", headers=headers),
        client.post(
            address, b"junk", content_type="multipart/form-data; boundary=x", headers=headers
        ),
        client.post(address, b"junk", content_type="multipart/form-data", headers=headers),
    ]

    assert [(answer.status_code, code(answer)) for answer in answers] == [(400, "invalid")] * 7
    assert client.get(address, headers=headers).status_code == 405


def test_an_operator_uploads_files_only_for_their_own_channels(client, berlin, anna):
    hamburg = factories.channel("Hamburg")
    client.force_login(anna.user)

    def try_upload(channel: object) -> int:
        data = {"file": sent(b"text", "a.txt"), "channel": str(channel)}
        return int(client.post("/dashboard/files/", data).status_code)

    assert try_upload(berlin.public_id) == 201
    assert try_upload(hamburg.public_id) == 403
    assert try_upload(uuid.uuid4()) == 404
    assert try_upload("1") == 400
    row = Attachment.objects.get()
    assert (row.operator, row.visitor) == (anna, None)


def test_a_participant_may_upload_files_for_a_channel_of_others(berlin, ben, vera):
    chat = factories.conversation(vera)
    ben.memberships.all().delete()

    assert kept(ben, berlin).operator == ben  # assigned to Ben since the start
    conversations.leave(factories.actor(ben), chat.public_id)
    with pytest.raises(NotAllowed):
        kept(ben, berlin)


def test_a_user_who_is_no_operator_uploads_nothing(client, berlin):
    client.force_login(factories.user("rita", group=rights.ANALYSTS))

    answer = client.post("/dashboard/files/", {"file": sent(b"x"), "channel": berlin.public_id})

    assert (answer.status_code, code(answer)) == (403, "forbidden")


def test_uploads_of_staff_require_a_login_session_and_csrf(berlin, anna):
    strict = Client(enforce_csrf_checks=True)
    data = {"file": sent(b"text"), "channel": berlin.public_id}

    stranger = strict.post("/dashboard/files/", data)
    strict.force_login(anna.user)
    forged = strict.post("/dashboard/files/", {**data, "file": sent(b"text")})
    forged_delete = strict.delete(f"/dashboard/files/{uuid.uuid4()}/")
    strict.cookies["csrftoken"] = "a" * 32
    own = strict.post(
        "/dashboard/files/",
        {**data, "file": sent(b"text", "a.txt")},
        headers={"X-CSRFToken": "a" * 32},
    )

    assert (stranger.status_code, code(stranger)) == (401, "auth_required")
    assert (forged.status_code, code(forged)) == (403, "forbidden")
    assert (forged_delete.status_code, code(forged_delete)) == (403, "forbidden")
    assert own.status_code == 201


def test_a_disk_that_is_full_leaves_no_row(client, berlin, vera, folder):
    folder.parent.mkdir(exist_ok=True)
    folder.write_text("no folder")  # no file can be created inside

    answer = bring(client, vera, berlin, b"text")

    assert (answer.status_code, code(answer)) == (503, "unavailable")
    assert not Attachment.objects.exists()


# Limits


def test_twenty_files_may_wait_and_no_more(client, berlin, vera, folder):
    for _ in range(20):
        kept(vera, berlin)

    answer = bring(client, vera, berlin, b"text")

    assert (answer.status_code, code(answer)) == (422, "too_many_files")
    assert Attachment.objects.count() == len(stored(folder)) == 20
    kept(factories.visitor(berlin), berlin)  # the limit is per person


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_never_more_than_twenty_stay(berlin, vera, folder):
    def one(_number: int) -> bool:
        try:
            kept(vera, berlin)
        except Invalid:
            return False
        finally:
            connections.close_all()
        return True

    with ThreadPoolExecutor(6) as pool:
        done = list(pool.map(one, range(30)))

    assert sum(done) == Attachment.objects.count() == len(stored(folder)) <= 20


@pytest.fixture
def within_ten_minutes(monkeypatch):
    """Stop the clock of the ten-minute limit, so that no new period begins during the test."""
    at = database_time.now()
    monkeypatch.setattr("livechat.services.upload_limits.database_time.now", lambda: at)


def test_one_address_brings_so_many_bytes_an_hour(within_ten_minutes):
    budget = Allowance("test", 100, 3600)

    budget.take("192.0.2.1", 60)
    budget.take("192.0.2.1", 40)
    budget.take("192.0.2.2", 100)
    with pytest.raises(RateLimited) as refused:
        budget.take("192.0.2.1", 1)

    assert 0 < refused.value.retry_after <= 3600


def test_an_address_is_counted_as_what_one_person_has():
    assert source_of("192.0.2.1") == source_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff") != source_of("2001:db8:0:1::1")
    assert source_of("") == source_of("testclient") == "unknown"
