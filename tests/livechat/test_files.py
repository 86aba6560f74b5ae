"""Files: who may bring what, to whom they are given, and when they go."""

import io
import ipaddress
import json
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import PIL.Image
import pytest
from asgiref.sync import async_to_sync
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livechat import auth, links
from livechat.domain import rights
from livechat.domain.sources import source_of
from livechat.errors import FileGone, IdConflict, Invalid, NotAllowed, NotFound, RateLimited
from livechat.links import Audience
from livechat.models import Attachment, Channel, Message, Visitor
from livechat.models.attachment import file_storage
from livechat.policy import VisitorActor
from livechat.services import attachments, conversations, messages, operators
from livechat.services.allowance import Allowance
from livechat.services.messages import Item, Posted, Refused, Repeated
from tests import factories

pytestmark = pytest.mark.django_db

GPS = "Somewhere secret"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    """Where this test's files are."""
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }
    return Path(tmp_path / "files")


def jpeg(size: tuple[int, int] = (640, 480)) -> bytes:
    """A photo that tells where it was taken."""
    exif = PIL.Image.Exif()
    exif[0x010E] = GPS
    out = io.BytesIO()
    PIL.Image.new("RGB", size, "#3451d1").save(out, "JPEG", exif=exif)
    return out.getvalue()


def png(size: tuple[int, int] = (8, 8)) -> bytes:
    out = io.BytesIO()
    PIL.Image.new("RGB", size, "#d13451").save(out, "PNG")
    return out.getvalue()


def sent(data: bytes, name: str = "photo.jpg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data, "application/octet-stream")


def header(who: VisitorActor, channel: Channel) -> dict[str, str]:
    return {"Authorization": f"Visitor {auth.visitor_token(who.visitor, channel.key)}"}


def bring(client: Client, who: VisitorActor, channel: Channel, data: bytes, name: str = "a.txt"):
    """Upload as a visitor's browser does."""
    return client.post(
        f"/widget/{channel.key}/files/", {"file": sent(data, name)}, headers=header(who, channel)
    )


def kept(who, channel: Channel, data: bytes = b"Some text\n", name: str = "notes.txt"):
    """Upload past the door; return the row."""
    actor = who if isinstance(who, VisitorActor) else factories.actor(who)
    file = attachments.upload(actor, channel, sent(data), name=name, source=uuid.uuid4().hex)
    return Attachment.objects.get(public_id=file.id)


def says(who, conversation, text: str = "", *files: Attachment, **fields) -> Item:
    actor = who if isinstance(who, VisitorActor) else factories.actor(who)
    names = tuple(file.public_id for file in files)
    client_id = fields.pop("client_id", None) or uuid.uuid4()
    return Item(actor, conversation.public_id, client_id, text, files=names, **fields)


def body(response) -> bytes:
    async def whole() -> bytes:
        return b"".join([part async for part in response.streaming_content])

    return async_to_sync(whole)() if response.streaming else response.content


def code(response) -> str:
    assert response["Content-Type"] == "application/json; charset=utf-8"
    return str(json.loads(response.content)["error"]["code"])


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


# In


def test_a_visitors_photo_is_kept_without_what_it_told_and_with_a_thumbnail(
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
        ("\r\nSet-Cookie: a=b.txt", "Set-Cookie_ a=b.txt"),
        ("x" * 5_000 + ".txt", "x" * 116 + ".txt"),
        ("<script>.txt", "_script_.txt"),
        ("قائمة.txt", "قائمة.txt"),
        ("", "file.txt"),
    ],
    ids=["path", "windows path", "bidi", "nul", "lines", "5,000", "tag", "arabic", "none"],
)
def test_a_name_is_made_safe_and_survives_the_headers(client, berlin, vera, name, shown):
    row = kept(vera, berlin, name=name)

    answer = client.get(links.file_path(row.public_id, Audience.PUBLIC))

    assert body(answer)
    assert row.name == shown
    assert answer["Content-Disposition"].startswith("attachment; filename")
    assert not {"\r", "\n", "\0"} & set(answer["Content-Disposition"])
    assert answer["Content-Disposition"].isascii()


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
        data[16:24] = (30_000).to_bytes(4, "big") * 2  # what the header claims

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

    def knock(value: str | None) -> tuple[int, str]:
        headers = {} if value is None else {"Authorization": value}
        answer = client.post(address, {"file": sent(b"text")}, headers=headers)
        return answer.status_code, code(answer)

    assert knock(None) == (401, "auth_required")
    assert knock("Bearer x") == (401, "auth_required")
    assert knock("Visitor ") == (401, "token_invalid")
    assert knock(f"Visitor {token[:-1]}x") == (401, "token_invalid")
    assert knock(f"Visitor {other}") == (401, "token_invalid")
    settings.VISITOR_TOKEN_MAX_AGE = -1
    assert knock(f"Visitor {token}") == (401, "token_invalid")
    assert not Attachment.objects.exists()


def test_a_session_is_no_token(client, berlin, anna):
    client.force_login(anna.user)

    answer = client.post(f"/widget/{berlin.key}/files/", {"file": sent(b"text")})

    assert (answer.status_code, code(answer)) == (401, "auth_required")
    assert "Cookie" not in answer.get("Vary", "")


def test_an_archived_channel_takes_nothing_from_anybody(client, berlin, vera, anna):
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


def test_an_operator_brings_files_for_the_channels_he_answers_on(client, berlin, anna):
    hamburg = factories.channel("Hamburg")
    client.force_login(anna.user)

    def knock(channel: object) -> int:
        data = {"file": sent(b"text", "a.txt"), "channel": str(channel)}
        return int(client.post("/dashboard/files/", data).status_code)

    assert knock(berlin.public_id) == 201
    assert knock(hamburg.public_id) == 403
    assert knock(uuid.uuid4()) == 404
    assert knock("1") == 400
    row = Attachment.objects.get()
    assert (row.operator, row.visitor) == (anna, None)


def test_who_takes_part_elsewhere_may_bring_files_there(berlin, ben, vera):
    chat = factories.conversation(vera)
    ben.memberships.all().delete()

    assert kept(ben, berlin).operator == ben  # in charge since the beginning
    conversations.leave(factories.actor(ben), chat.public_id)
    with pytest.raises(NotAllowed):
        kept(ben, berlin)


def test_who_does_not_answer_brings_nothing(client, berlin):
    client.force_login(factories.user("rita", group=rights.ANALYSTS))

    answer = client.post("/dashboard/files/", {"file": sent(b"x"), "channel": berlin.public_id})

    assert (answer.status_code, code(answer)) == (403, "forbidden")


def test_staffs_door_asks_for_session_and_csrf(berlin, anna):
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
    folder.write_text("no folder")  # nothing can be made inside

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
    kept(factories.visitor(berlin), berlin)  # others are not concerned


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


def test_one_address_brings_sixty_files_in_ten_minutes(client, berlin):
    answers = [bring(client, factories.visitor(berlin), berlin, b"") for _ in range(61)]

    assert {answer.status_code for answer in answers[:60]} == {422}
    assert (answers[60].status_code, code(answers[60])) == (429, "rate_limited")
    wait = answers[60].json()["error"]["retry_after"]
    assert 0 < wait <= 600
    assert answers[60]["Retry-After"] == str(wait)


def test_one_address_brings_so_many_bytes_an_hour():
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


def test_the_address_behind_our_proxy_counts(client, berlin, settings):
    settings.TRUSTED_PROXIES = (ipaddress.ip_network("127.0.0.0/8"),)
    address = f"/widget/{berlin.key}/files/"

    def knock(forwarded: str) -> int:
        headers = {**header(factories.visitor(berlin), berlin), "X-Forwarded-For": forwarded}
        return int(client.post(address, {"file": sent(b"")}, headers=headers).status_code)

    first = [knock("203.0.113.1") for _ in range(61)]

    assert first[-1] == 429
    assert knock("203.0.113.2") == 422
    assert knock("203.0.113.2, 203.0.113.1") == 429  # what he claims himself does not count


# Sent


def test_a_file_goes_with_its_message_and_to_both_audiences(
    berlin, anna, vera, published, django_capture_on_commit_callbacks
):
    chat = factories.conversation(vera)
    first, second = kept(vera, berlin, png(), "a.png"), kept(vera, berlin)
    published.clear()

    with django_capture_on_commit_callbacks(execute=True):
        messages.post_message(says(vera, chat, "", first, second))

    row = chat.messages.get(seq=chat.messages.count())
    assert [file.pk for file in row.attachments] == [first.pk, second.pk]
    told = [json.loads(post.frame) for post in published if '"message.posted"' in post.frame]
    addresses = [frame["message"]["files"][0]["url"] for frame in told]
    audiences = {
        links.read(address.removeprefix("/files/").rstrip("/")).audience for address in addresses
    }
    assert audiences == {Audience.PUBLIC, Audience.STAFF}


def test_a_repeat_with_files_is_answered_the_same(berlin, anna, vera):
    chat = factories.conversation(vera)
    file, other = kept(vera, berlin), kept(vera, berlin)
    item = says(vera, chat, "Look", file)
    changed = Item(vera, chat.public_id, item.client_id, "Look", files=(other.public_id,))

    first = messages.post_message(item)
    again = messages.post_message(item)

    assert isinstance(again, Repeated)
    assert (again.seq, again.at) == (first.seq, first.at)
    with pytest.raises(IdConflict):
        messages.post_message(changed)
    assert Attachment.objects.get(pk=other.pk).message is None


def test_a_file_goes_with_one_message_only(berlin, anna, vera):
    chat = factories.conversation(vera)
    file = kept(vera, berlin)

    outcomes = messages.post_messages(
        [
            says(vera, chat, "First", file),
            says(vera, chat, "Second", file),
            says(vera, chat, "Third"),
        ]
    )
    with pytest.raises(FileGone):
        messages.post_message(says(vera, chat, "Later", file))

    assert [type(outcome) for outcome in outcomes] == [Posted, Refused, Posted]
    assert isinstance(outcomes[1], Refused)
    assert outcomes[1].error.code == "file_gone"
    chat.refresh_from_db()
    assert list(chat.messages.order_by("seq").values_list("seq", flat=True)) == list(
        range(1, chat.seq + 1)
    )


@pytest.mark.django_db(transaction=True)
def test_of_two_messages_at_once_one_gets_the_file(berlin, anna, vera):
    chat = factories.conversation(vera)
    file = kept(vera, berlin)
    items = [says(vera, chat, f"Text {number}", file) for number in range(2)]

    def post(item: Item) -> str:
        try:
            messages.post_message(item)
        except FileGone:
            return "gone"
        finally:
            connections.close_all()
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        done = sorted(pool.map(post, items))

    assert done == ["gone", "sent"]


def test_nobody_sends_what_somebody_else_brought(berlin, anna, ben, vera):
    chat = factories.conversation(vera)
    hamburg = factories.channel("Hamburg")
    elsewhere = VisitorActor(vera.visitor, hamburg.pk)
    files = [kept(factories.visitor(berlin), berlin), kept(anna, berlin), kept(elsewhere, hamburg)]

    for file in files:
        with pytest.raises(FileGone):
            messages.post_message(says(vera, chat, "Mine", file))
    with pytest.raises(FileGone):
        messages.post_message(says(vera, chat, "Mine", Attachment(public_id=uuid.uuid4())))

    assert not Attachment.objects.exclude(message=None).exists()


def test_more_files_than_the_channel_allows_are_refused(berlin, anna, vera):
    berlin.max_files = 2
    berlin.save()
    chat = factories.conversation(vera)
    files = [kept(vera, berlin) for _ in range(3)]

    with pytest.raises(Invalid, match="too_many_files"):
        messages.post_message(says(vera, chat, "", *files))
    messages.post_message(says(vera, chat, "", *files[:2]))


def test_after_the_end_a_file_is_taken_but_the_old_chat_is_closed(client, berlin, anna, vera):
    chat = factories.conversation(vera)
    conversations.close(vera, chat.public_id)

    answer = bring(client, vera, berlin, b"text")
    file = Attachment.objects.get()
    [outcome] = messages.post_messages([says(vera, chat, "", file)])
    opened = conversations.open_conversation(
        vera,
        client_id=uuid.uuid4(),
        text="",
        files=[file.public_id],
        arrival=conversations.Arrival(),
    )

    assert answer.status_code == 201
    assert isinstance(outcome, Refused)
    assert outcome.error.code == "closed"
    file.refresh_from_db()
    assert file.message is not None
    assert file.message.conversation.public_id == opened.conversation != chat.public_id


def test_a_batch_of_several_with_files_costs_a_fixed_number_of_queries(berlin, anna, vera):
    chat = factories.conversation(vera)

    def cost(count: int) -> int:
        items = [says(vera, chat, "", kept(vera, berlin), kept(vera, berlin)) for _ in range(count)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            messages.post_messages(items)
        return len(queries)

    assert cost(1) == cost(4)


def test_a_text_without_files_asks_nothing_about_files(berlin, anna, vera):
    chat = factories.conversation(vera)

    with CaptureQueriesContext(connection) as queries:
        messages.post_message(says(vera, chat, "Text"))

    assert not [query for query in queries if "livechat_attachment" in query["sql"]]


# Out


class Chat(NamedTuple):
    """A conversation's id, and its files."""

    public_id: uuid.UUID
    file: Attachment
    answer: Attachment
    note: Attachment


@pytest.fixture
def chat(berlin, anna, vera) -> Chat:
    """Vera's conversation with a file of hers, one of Anna's, and one in a note."""
    row = factories.conversation(vera)
    hers, annas, note = kept(vera, berlin), kept(anna, berlin), kept(anna, berlin)
    messages.post_message(says(vera, row, "", hers))
    messages.post_message(says(anna, row, "", annas))
    messages.post_message(says(anna, row, "", note, internal=True))
    return Chat(row.public_id, hers, annas, note)


def test_a_file_is_downloaded_in_a_sandbox_with_everything_said(client, chat):
    answer = client.get(links.file_path(chat.file.public_id, Audience.PUBLIC))

    assert answer.status_code == 200
    assert body(answer) == b"Some text\n"
    assert answer["Content-Type"] == "text/plain"
    assert answer["Content-Length"] == "10"
    assert answer["Content-Disposition"] == 'attachment; filename="notes.txt"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "private, max-age=600"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"


def test_pictures_are_shown_and_documents_never(client, berlin, vera):
    picture = kept(vera, berlin, png(), "Größe.png")
    pdf = kept(vera, berlin, b"%PDF-1.7\n1 0 obj\n%%EOF\n", "a.pdf")

    shown = client.get(links.file_path(picture.public_id, Audience.PUBLIC))
    saved = client.get(links.file_path(pdf.public_id, Audience.PUBLIC))

    assert shown["Content-Disposition"] == "inline; filename*=utf-8''Gr%C3%B6%C3%9Fe.png"
    assert shown["Content-Type"] == "image/png"
    assert saved["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert [body(shown)[1:4], body(saved)[:4]] == [b"PNG", b"%PDF"]


def test_head_tells_the_same_and_sends_nothing(client, chat):
    address = links.file_path(chat.file.public_id, Audience.PUBLIC)

    head, whole = client.head(address), client.get(address)

    assert head.content == b""
    assert dict(head.headers) == dict(whole.headers)
    assert body(whole)
    assert client.post(address).status_code == 405


RANGES = {
    "bytes=0-3": (206, b"Some", "bytes 0-3/10"),
    "bytes=5-": (206, b"text\n", "bytes 5-9/10"),
    "bytes=-5": (206, b"text\n", "bytes 5-9/10"),
    "bytes=-500": (200, b"Some text\n", None),
    "bytes=0-500": (200, b"Some text\n", None),
    "bytes=9-9": (206, b"\n", "bytes 9-9/10"),
    "bytes=10-": (416, b"", "bytes */10"),
    "bytes=99999999999-": (416, b"", "bytes */10"),
    "bytes=-0": (416, b"", "bytes */10"),
    "bytes=4-2": (200, b"Some text\n", None),
    "bytes=0-1,3-4": (200, b"Some text\n", None),
    "bytes=-": (200, b"Some text\n", None),
    "lines=0-1": (200, b"Some text\n", None),
    "bytes=" + "9" * 5_000 + "-": (200, b"Some text\n", None),
}


@pytest.mark.parametrize(("asked", "told"), RANGES.items(), ids=[name[:20] for name in RANGES])
def test_one_range_is_sent_and_nonsense_gets_all(client, chat, asked, told):
    answer = client.get(
        links.file_path(chat.file.public_id, Audience.PUBLIC), headers={"Range": asked}
    )

    assert (answer.status_code, body(answer), answer.get("Content-Range")) == told
    assert answer["Content-Length"] == str(len(told[1]))
    assert answer["Accept-Ranges"] == "bytes"


def test_a_range_on_condition_gets_all(client, chat):
    headers = {"Range": "bytes=0-3", "If-Range": '"x"'}

    answer = client.get(links.file_path(chat.file.public_id, Audience.PUBLIC), headers=headers)

    assert (answer.status_code, body(answer)) == (200, b"Some text\n")


def test_an_address_is_good_for_ten_minutes_and_for_what_it_names(client, chat, monkeypatch):
    file = chat.file.public_id
    address = links.file_path(file, Audience.PUBLIC)
    forged = address.replace(file.hex, chat.answer.public_id.hex)
    transcript = links.transcript_path(chat.public_id, Audience.PUBLIC, links.Thing.TEXT)

    assert client.get(forged).status_code == 404
    assert client.get("/files/junk/").status_code == 404
    assert client.get("/files/" + "x" * 3000 + "/").status_code == 404
    assert client.get(transcript.replace("/transcripts/", "/files/")).status_code == 404
    assert client.get(links.file_path(uuid.uuid4(), Audience.PUBLIC)).status_code == 404
    assert client.get(links.file_path(file, Audience.PUBLIC, thumbnail=True)).status_code == 404
    monkeypatch.setattr(links, "GOOD_FOR", -1)
    answer = client.get(address)
    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_a_file_of_a_note_has_no_public_address(client, chat, vera, anna):
    assert client.get(links.file_path(chat.note.public_id, Audience.PUBLIC)).status_code == 404
    with pytest.raises(NotFound):
        attachments.opened(vera, chat.note.public_id)
    client.force_login(anna.user)
    address = attachments.opened(factories.actor(anna), chat.note.public_id).file.url
    assert body(client.get(address))


def test_what_an_operator_has_not_sent_is_his_alone(client, berlin, anna, ben, vera):
    row = kept(anna, berlin)

    def fetch(audience: Audience, who=None) -> int:
        fresh = Client()
        if who is not None:
            fresh.force_login(who.user)
        answer = fresh.get(links.file_path(row.public_id, audience))
        body(answer)
        return answer.status_code

    assert fetch(Audience.PUBLIC) == 404
    assert fetch(Audience.PUBLIC, anna) == 404
    assert fetch(Audience.STAFF, anna) == 200
    assert fetch(Audience.STAFF, ben) == 404
    assert fetch(Audience.STAFF) == 404


def test_staffs_address_asks_who_is_there_and_what_he_may_read_now(chat, berlin, anna, vera):
    eve = factories.operator("eve", factories.channel("Hamburg"))
    address = links.file_path(chat.file.public_id, Audience.STAFF)

    def fetch(client: Client) -> int:
        answer = client.get(address)
        body(answer)
        return answer.status_code

    def signed_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    annas, bens = signed_in(anna.user), signed_in(factories.operator("ben", berlin).user)

    assert fetch(Client()) == 404
    assert fetch(signed_in(eve.user)) == 404
    assert fetch(signed_in(factories.user("otto"))) == 404
    assert fetch(signed_in(factories.manager())) == 200
    assert fetch(annas) == fetch(bens) == 200
    berlin.memberships.all().delete()
    assert fetch(bens) == 404  # his rights have gone
    assert fetch(annas) == 200  # she took part
    anna.user.is_active = False
    anna.user.save()
    assert fetch(annas) == 404


def test_a_blob_that_is_missing_is_not_found(client, chat, folder):
    for path in stored(folder):
        path.unlink()

    answer = client.get(links.file_path(chat.file.public_id, Audience.PUBLIC))

    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_an_archived_channels_files_can_still_be_read_by_who_has_the_address(client, chat, berlin):
    address = links.file_path(chat.file.public_id, Audience.PUBLIC)
    berlin.is_active = False
    berlin.save()

    assert body(client.get(address)) == b"Some text\n"


def test_fresh_addresses_are_given_to_who_may_read(chat, berlin, anna, vera):
    stranger = factories.visitor(berlin)

    opened = attachments.opened(vera, chat.answer.public_id)

    assert opened.file.url.startswith("/files/")
    for actor, file in [
        (stranger, chat.file.public_id),
        (vera, uuid.uuid4()),
        (vera, kept(vera, berlin).public_id),
    ]:
        with pytest.raises(NotFound):
            attachments.opened(actor, file)


def test_pictures_of_operators_are_for_everybody_and_for_ever(client, berlin):
    name = "abcdefghijklmnop_-1234.webp"
    file_storage().save(operators.picture_file(name), ContentFile(b"RIFF....WEBP"))
    kept(factories.visitor(berlin), berlin)

    answer = client.get(f"/avatars/{name}")

    assert body(answer) == b"RIFF....WEBP"
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    row = Attachment.objects.get()
    for other in (
        "abcdefghijklmnop_-1235.webp",
        "..%2F" + str(row.blob),
        "....webp",
        str(row.blob).rpartition("/")[2],
        name + "%0a",
    ):
        assert client.get(f"/avatars/{other}").status_code == 404


# Gone


def test_who_brought_a_file_may_take_it_back(
    client, berlin, anna, vera, folder, django_capture_on_commit_callbacks
):
    address = f"/widget/{berlin.key}/files/"
    mine = bring(client, vera, berlin, jpeg(), "a.jpg").json()["id"]
    other = kept(anna, berlin)

    with django_capture_on_commit_callbacks(execute=True):
        gone = client.delete(f"{address}{mine}/", headers=header(vera, berlin))
    again = client.delete(f"{address}{mine}/", headers=header(vera, berlin))
    not_hers = client.delete(f"{address}{other.public_id}/", headers=header(vera, berlin))
    nobody = client.delete(f"{address}{mine}/")

    assert [gone.status_code, again.status_code, not_hers.status_code] == [204, 204, 204]
    assert (nobody.status_code, code(nobody)) == (401, "auth_required")
    assert list(Attachment.objects.all()) == [other]
    assert len(stored(folder)) == 1
    client.force_login(anna.user)
    client.delete(f"/dashboard/files/{other.public_id}/")
    assert not Attachment.objects.exists()


def test_what_was_sent_cannot_be_taken_back(client, chat, berlin, vera, folder):
    answer = client.delete(
        f"/widget/{berlin.key}/files/{chat.file.public_id}/", headers=header(vera, berlin)
    )

    assert answer.status_code == 204
    assert Attachment.objects.filter(pk=chat.file.pk).exists()


def test_what_nobody_sent_is_removed_after_an_hour(
    chat, berlin, vera, folder, django_capture_on_commit_callbacks
):
    old, fresh = kept(vera, berlin, jpeg(), "a.jpg"), kept(vera, berlin)
    later = old.created_at + timedelta(hours=1, seconds=1)
    Attachment.objects.filter(pk=fresh.pk).update(created_at=later)

    with django_capture_on_commit_callbacks(execute=True):
        first = attachments.remove_pending(later)
    with CaptureQueriesContext(connection) as queries:
        second = attachments.remove_pending(later)

    assert (first, second) == (1, 0)
    assert len(queries) == 1
    assert set(Attachment.objects.all()) == {fresh, chat.file, chat.answer, chat.note}
    assert len(stored(folder)) == 4


@pytest.mark.django_db(transaction=True)
def test_two_processes_remove_at_once(berlin, vera, folder):
    for _ in range(12):
        kept(vera, berlin)
    later = timezone.now() + timedelta(hours=2)

    def remove(_number: int) -> int:
        try:
            return attachments.remove_pending(later)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        removed = list(pool.map(remove, range(2)))

    assert sum(removed) == 12
    assert stored(folder) == []


def test_files_go_with_their_message_once_that_is_committed(
    chat, folder, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        Message.objects.filter(files=chat.file).delete()
        assert len(stored(folder)) == 3

    assert len(stored(folder)) == 2


def test_orphans_are_found_once_they_are_a_day_old(chat, folder, capsys):
    storage = file_storage()
    storage.save("attachments/2026/01/" + "0" * 32, ContentFile(b"lost"))
    storage.save(operators.picture_file("a" * 22 + ".webp"), ContentFile(b"a picture"))

    now = timezone.now()
    young = attachments.remove_orphans(now)
    old = attachments.remove_orphans(now + timedelta(days=2))
    call_command("remove_orphaned_files")

    assert (young, old) == (0, 1)
    assert len(stored(folder)) == 4
    assert "0" in capsys.readouterr().out
