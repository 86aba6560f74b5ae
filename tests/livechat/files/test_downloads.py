"""Who may download a file, how it is sent, and how long its address is valid."""

import uuid

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from livechat import signed_links
from livechat.errors import NotFound
from livechat.models import Attachment
from livechat.models.attachment import file_storage
from livechat.services import attachments, operators
from livechat.signed_links import Audience
from tests import factories
from tests.livechat.files.samples import body, code, kept, png, stored

pytestmark = pytest.mark.django_db


def test_a_file_is_downloaded_in_a_sandbox_with_everything_said(client, chat):
    answer = client.get(signed_links.file_path(chat.file.public_id, Audience.PUBLIC))

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

    shown = client.get(signed_links.file_path(picture.public_id, Audience.PUBLIC))
    saved = client.get(signed_links.file_path(pdf.public_id, Audience.PUBLIC))

    assert shown["Content-Disposition"] == "inline; filename*=utf-8''Gr%C3%B6%C3%9Fe.png"
    assert shown["Content-Type"] == "image/png"
    assert saved["Content-Disposition"] == 'attachment; filename="a.pdf"'
    assert [body(shown)[1:4], body(saved)[:4]] == [b"PNG", b"%PDF"]


def test_a_head_request_gets_the_same_headers_and_no_body(client, chat):
    address = signed_links.file_path(chat.file.public_id, Audience.PUBLIC)

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


@pytest.mark.parametrize(
    ("requested", "expected"), RANGES.items(), ids=[name[:20] for name in RANGES]
)
def test_one_range_is_sent_and_nonsense_gets_all(client, chat, requested, expected):
    answer = client.get(
        signed_links.file_path(chat.file.public_id, Audience.PUBLIC), headers={"Range": requested}
    )

    assert (answer.status_code, body(answer), answer.get("Content-Range")) == expected
    assert answer["Content-Length"] == str(len(expected[1]))
    assert answer["Accept-Ranges"] == "bytes"


def test_a_range_on_condition_gets_all(client, chat):
    headers = {"Range": "bytes=0-3", "If-Range": '"x"'}

    answer = client.get(
        signed_links.file_path(chat.file.public_id, Audience.PUBLIC), headers=headers
    )

    assert (answer.status_code, body(answer)) == (200, b"Some text\n")


def test_an_address_is_good_for_ten_minutes_and_for_what_it_names(client, chat, monkeypatch):
    file = chat.file.public_id
    address = signed_links.file_path(file, Audience.PUBLIC)
    forged = address.replace(file.hex, chat.answer.public_id.hex)
    transcript = signed_links.transcript_path(
        chat.public_id, Audience.PUBLIC, signed_links.Thing.TEXT
    )

    assert client.get(forged).status_code == 404
    assert client.get("/files/junk/").status_code == 404
    assert client.get("/files/" + "x" * 3000 + "/").status_code == 404
    assert client.get(transcript.replace("/transcripts/", "/files/")).status_code == 404
    assert client.get(signed_links.file_path(uuid.uuid4(), Audience.PUBLIC)).status_code == 404
    assert (
        client.get(signed_links.file_path(file, Audience.PUBLIC, thumbnail=True)).status_code == 404
    )
    monkeypatch.setattr(signed_links, "VALID_FOR", -1)
    answer = client.get(address)
    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_a_file_of_a_note_has_no_public_address(client, chat, vera, anna):
    assert (
        client.get(signed_links.file_path(chat.note.public_id, Audience.PUBLIC)).status_code == 404
    )
    with pytest.raises(NotFound):
        attachments.opened(vera, chat.note.public_id)
    client.force_login(anna.user)
    address = attachments.opened(factories.actor(anna), chat.note.public_id).file.url
    assert body(client.get(address))


def test_only_the_uploader_may_read_a_file_that_is_not_sent(client, berlin, anna, ben, vera):
    row = kept(anna, berlin)

    def fetch(audience: Audience, who=None) -> int:
        fresh = Client()
        if who is not None:
            fresh.force_login(who.user)
        answer = fresh.get(signed_links.file_path(row.public_id, audience))
        body(answer)
        return answer.status_code

    assert fetch(Audience.PUBLIC) == 404
    assert fetch(Audience.PUBLIC, anna) == 404
    assert fetch(Audience.STAFF, anna) == 200
    assert fetch(Audience.STAFF, ben) == 404
    assert fetch(Audience.STAFF) == 404


def test_an_address_for_staff_requires_a_login_session_and_current_rights(chat, berlin, anna, vera):
    eve = factories.operator("eve", factories.channel("Hamburg"))
    address = signed_links.file_path(chat.file.public_id, Audience.STAFF)

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
    assert fetch(bens) == 404  # Ben has no rights now
    assert fetch(annas) == 200  # Anna took part
    anna.user.is_active = False
    anna.user.save()
    assert fetch(annas) == 404


def test_a_blob_that_is_missing_is_not_found(client, chat, folder):
    for path in stored(folder):
        path.unlink()

    answer = client.get(signed_links.file_path(chat.file.public_id, Audience.PUBLIC))

    assert (answer.status_code, code(answer)) == (404, "not_found")


def test_files_of_an_archived_channel_can_still_be_read_with_the_address(client, chat, berlin):
    address = signed_links.file_path(chat.file.public_id, Audience.PUBLIC)
    berlin.is_active = False
    berlin.save()

    assert body(client.get(address)) == b"Some text\n"


def test_fresh_addresses_are_given_to_users_who_may_read(chat, berlin, anna, vera):
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
