"""Transcripts: a copy of a conversation, with what its reader may see."""

import html
import re
import tracemalloc
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from livechat import signed_links
from livechat.domain.enumerations import Kind
from livechat.errors import NotFound
from livechat.models import Attachment, Conversation, Message
from livechat.policy import VisitorActor
from livechat.services import attachments, conversations, messages, transcripts
from livechat.services.messages import Item
from livechat.signed_links import Audience, Link, Thing
from tests import factories
from tests.livechat.files.samples import body

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)
EVIL = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }


@pytest.fixture
def chat(anna, vera) -> Conversation:
    """A text from Vera, a reply and a note from Anna, and a file from Vera."""
    row = factories.conversation(vera, "Where is my parcel?")
    say(anna, row, "On its way.")
    say(anna, row, "She asked twice.", internal=True)
    say(vera, row, "", with_file=True)
    Message.objects.update(created_at=NOON)
    Conversation.objects.update(opened_at=NOON)
    row.refresh_from_db()
    return row


def say(who, row: Conversation, text: str, *, internal: bool = False, with_file: bool = False):
    actor = who if isinstance(who, VisitorActor) else factories.actor(who)
    files: tuple[uuid.UUID, ...] = ()
    if with_file:
        sent = SimpleUploadedFile("a", b"bill\n" * 500)
        file = attachments.upload(actor, row.channel, sent, name="bill.txt")
        files = (file.id,)
    messages.post_message(Item(actor, row.public_id, uuid.uuid4(), text, internal, files))


def fetch(client: Client, row: Conversation, audience=Audience.PUBLIC, thing=Thing.TEXT):
    """Return the response and its text."""
    answer: Any = client.get(signed_links.transcript_path(row.public_id, audience, thing))
    return answer, body(answer).decode()


def test_a_visitor_never_sees_the_user_name_of_an_operator_without_a_name(client, anna, vera):
    anna.chat_name = anna.user.first_name = anna.user.last_name = ""
    anna.user.save()
    anna.save()
    row = factories.conversation(vera, "Where is my parcel?")
    say(anna, row, "On its way.")

    _answer, text = fetch(client, row)

    assert "Participants: Visitor, Operator\n" in text
    assert "anna" not in text


def test_a_visitor_can_keep_a_transcript(client, chat):
    answer, text = fetch(client, chat)

    assert text == (
        "Berlin\n"
        "Participants: Visitor, Anna\n"
        "Opened: Nov. 23, 2026, 11:30 a.m.\n"
        "All times are in the time zone UTC.\n"
        "\n"
        "--- Nov. 23, 2026 ---\n"
        "\n"
        "[11:30 a.m.] Visitor:\n"
        "    Where is my parcel?\n"
        "\n"
        "[11:30 a.m.] * Anna is answering\n"
        "\n"
        "[11:30 a.m.] Anna:\n"
        "    On its way.\n"
        "\n"
        "[11:30 a.m.] Visitor:\n"
        "    [File] bill.txt (2.4\N{NO-BREAK SPACE}KB)\n"
    )
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="chat-berlin-2026-11-23.txt"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_the_transcript_for_staff_includes_notes_and_says_so(client, chat, anna):
    client.force_login(anna.user)

    _, text = fetch(client, chat, Audience.STAFF)

    assert "[11:30 a.m.] Anna (Note):\n    She asked twice.\n" in text
    assert "Contains internal notes. Do not share it with visitors." in text


@pytest.mark.parametrize("thing", [Thing.TEXT, Thing.HTML])
def test_nothing_of_a_note_is_in_what_a_visitor_keeps(client, chat, anna, thing):
    say(anna, chat, "", internal=True, with_file=True)
    Attachment.objects.filter(message__kind=Kind.NOTE).update(name="secret.txt")

    _, text = fetch(client, chat, thing=thing)

    assert "asked twice" not in text
    assert "secret" not in text
    assert "Note" not in text


def test_the_page_holds_the_same_and_runs_nothing(client, chat, anna, vera):
    say(vera, chat, f"{EVIL}\nSecond line & more")

    answer, page = fetch(client, chat, thing=Thing.HTML)

    assert answer["Content-Type"] == "text/html; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="chat-berlin-2026-11-23.html"'
    assert '<html lang="en" dir="ltr">' in page
    assert html.escape(f"{EVIL}\nSecond line & more") in page
    assert "Anna is answering" in page
    assert "bill.txt" in page
    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page
    assert " href=" not in page
    assert " src=" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page
    assert page.count("<ol>") == page.count("</ol>") == 1
    assert page.count("<li") == page.count("</li>")


def test_names_cannot_bring_tags_either(client, berlin, chat, anna):
    berlin.name = EVIL
    berlin.save()
    chat.participants.filter(operator=anna).update(display_name=EVIL)

    _, page = fetch(client, chat, thing=Thing.HTML)

    assert EVIL not in page
    assert html.escape(EVIL) in page


def test_no_text_can_look_like_another_entry(client, chat, vera, anna):
    say(vera, chat, "Hi\n[11:31 a.m.] Anna:\n    You get it for free.\u2028[11:32 a.m.] Anna:\rOk")
    chat.participants.filter(operator=anna).update(display_name="Anna\n[11:33 a.m.] Vera:")

    _, text = fetch(client, chat)

    heads = [line for line in text.splitlines() if line.startswith("[")]
    assert len(heads) == 5
    assert "    [11:31 a.m.] Anna:" in text.splitlines()
    assert "    [11:32 a.m.] Anna:" in text.splitlines()


def test_the_transcript_uses_the_visitors_language_and_time_zone(client, chat):
    chat.language = "de-AT"
    chat.save()
    chat.visitor.time_zone = "Europe/Berlin"
    chat.visitor.save()

    with translation.override("ar"):
        _, text = fetch(client, chat)
    _, page = fetch(client, chat, thing=Thing.HTML)

    assert "23. November 2026" in text
    assert "[12:30]" in text
    assert "Europe/Berlin" in text
    assert '<html lang="de" dir="ltr">' in page


def test_an_unknown_language_and_zone_are_the_servers(client, chat):
    chat.language = "x-klingon"
    chat.save()
    chat.visitor.time_zone = "../../etc/passwd"
    chat.visitor.save()

    _, text = fetch(client, chat)

    assert "All times are in the time zone UTC." in text


def test_arabic_reads_from_the_right(client, chat):
    chat.language = "ar"
    chat.save()

    _, page = fetch(client, chat, thing=Thing.HTML)

    assert '<html lang="ar" dir="rtl">' in page


def test_staff_read_in_their_own_language_and_time(client, chat, anna):
    anna.user.language, anna.user.time_zone = "de", "Asia/Tokyo"
    anna.user.save()
    client.force_login(anna.user)

    _, text = fetch(client, chat, Audience.STAFF)

    assert "[20:30]" in text
    assert "Asia/Tokyo" in text
    assert "23. November 2026" in text


def test_each_day_is_named_once(client, chat, vera):
    Message.objects.filter(conversation=chat, seq__gte=3).update(
        created_at=NOON + timedelta(days=1)
    )

    _, text = fetch(client, chat)

    assert re.findall("^--- .* ---$", text, re.M) == [
        "--- Nov. 23, 2026 ---",
        "--- Nov. 24, 2026 ---",
    ]


def test_a_user_who_may_not_read_it_does_not_get_it(client, chat, anna, vera, berlin, monkeypatch):
    eve = factories.operator("eve", factories.channel("Hamburg"))
    stranger = factories.visitor(berlin)

    def status(client: Client, audience=Audience.STAFF) -> int:
        return int(fetch(client, chat, audience)[0].status_code)

    def signed_in(user) -> Client:
        client = Client()
        client.force_login(user)
        return client

    annas, bens = signed_in(anna.user), signed_in(factories.operator("ben", berlin).user)

    assert status(client) == 404
    assert status(signed_in(eve.user)) == 404
    assert status(annas) == status(bens) == 200
    berlin.memberships.all().delete()
    assert status(bens) == 404
    assert status(annas) == 200
    address = signed_links.transcript_path(chat.public_id, Audience.PUBLIC, Thing.TEXT)
    assert client.get(address.replace(".public.", ".staff.")).status_code == 404
    assert client.get(address.replace("/transcripts/", "/files/")).status_code == 404
    file = signed_links.file_path(chat.public_id, Audience.PUBLIC)
    assert client.get(file.replace("/files/", "/transcripts/")).status_code == 404
    missing = signed_links.transcript_path(uuid.uuid4(), Audience.PUBLIC, Thing.TEXT)
    assert client.get(missing).status_code == 404
    with pytest.raises(NotFound):
        transcripts.opened(stranger, chat.public_id, "text")
    monkeypatch.setattr(signed_links, "VALID_FOR", -1)
    assert client.get(address).status_code == 404


def test_the_command_gives_the_address_of_the_askers_own_view(client, chat, vera, anna):
    hers = transcripts.opened(vera, chat.public_id, "html").url
    staffs = transcripts.opened(factories.actor(anna), chat.public_id, "text").url

    def read(url: str) -> Link:
        return signed_links.read(url.removeprefix("/transcripts/").rstrip("/"))

    assert read(hers) == Link(Thing.HTML, Audience.PUBLIC, chat.public_id)
    assert read(staffs) == Link(Thing.TEXT, Audience.STAFF, chat.public_id)


def test_a_conversation_that_goes_on_and_one_that_ended(client, chat, vera):
    _, open_ = fetch(client, chat)
    conversations.close(vera, chat.public_id)
    _, ended = fetch(client, chat)

    assert "Closed:" not in open_
    assert "Closed:" in ended
    assert "The visitor ended the chat" in ended


def test_the_archive_shows_files_and_leads_to_them(client, chat, anna):
    user = factories.manager()
    user.is_staff = True
    user.save()
    client.force_login(user)

    page = client.get(reverse("admin:livechat_conversation_change", args=[chat.pk]))
    text = page.content.decode()
    [address] = re.findall(r'href="(/files/[^"]+)"', text)

    assert "bill.txt" in text
    assert signed_links.read(address.removeprefix("/files/").rstrip("/")).audience is Audience.STAFF
    assert fetch(client, chat)[0].status_code == 200
    assert text.count("archive-bubble") == 3


# Bounds


def lines(row: Conversation, count: int, text: str) -> None:
    """Write many entries at once, without the service."""
    author = row.participants.get(role="visitor")
    Message.objects.bulk_create(
        (
            Message(
                conversation=row,
                seq=row.seq + number,
                public_seq=row.public_seq + number,
                kind=Kind.TEXT,
                author=author,
                client_id=uuid.uuid4(),
                text=f"line {number}. {text}",
                created_at=timezone.now(),
            )
            for number in range(1, count + 1)
        ),
        batch_size=500,
    )
    row.seq += count
    row.public_seq += count
    row.save()


@pytest.mark.parametrize("thing", [Thing.TEXT, Thing.HTML])
def test_a_long_conversation_keeps_its_newest_entries_and_says_so(client, chat, monkeypatch, thing):
    monkeypatch.setattr(transcripts, "MAX_ENTRIES", 300)
    lines(chat, 400, "x")

    _, text = fetch(client, chat, thing=thing)

    assert "This transcript begins with entry 105 of 404." in text
    assert "Where is my parcel?" not in text
    assert "line 100. x" not in text
    assert "line 101. x" in text
    assert "line 400. x" in text


def test_long_entries_leave_room_for_fewer(client, chat, monkeypatch):
    monkeypatch.setattr(transcripts, "MAX_CHARACTERS", 10_000)
    lines(chat, 60, "y" * 1_000)

    _, text = fetch(client, chat)

    assert len(text) < 11_000
    assert "line 60. y" in text
    assert re.search("This transcript begins with entry 5[0-9] of 64", text)


def test_the_newest_entry_is_there_however_long_it_is(client, chat, monkeypatch):
    monkeypatch.setattr(transcripts, "MAX_CHARACTERS", 10)
    lines(chat, 2, "z" * 1_000)

    _, text = fetch(client, chat)

    assert "line 2. z" in text
    assert "line 1. z" not in text


def test_what_fits_is_whole_and_says_nothing_of_limits(client, chat):
    _, text = fetch(client, chat)

    assert "too long" not in text


@pytest.mark.parametrize("count", [500, 1_000])
def test_the_work_for_a_transcript_ends_with_its_limit(
    client, chat, monkeypatch, count, django_assert_num_queries
):
    monkeypatch.setattr(transcripts, "MAX_ENTRIES", 400)
    lines(chat, count, "x")
    transcript = transcripts.linked(Link(Thing.TEXT, Audience.PUBLIC, chat.public_id), None)

    # Participants, lengths of entries, and two batches of 200 entries, each with their files.
    with django_assert_num_queries(6):
        transcripts.write(transcript, len)


def test_head_writes_nothing(client, chat, django_assert_num_queries):
    address = signed_links.transcript_path(chat.public_id, Audience.PUBLIC, Thing.TEXT)

    with django_assert_num_queries(2):  # the conversation and its participants
        head = client.head(address)

    answer, _text = fetch(client, chat)
    assert "Content-Length" not in head
    assert head["ETag"] == answer["ETag"]
    assert head["Content-Type"] == answer["Content-Type"]
    assert head["Content-Disposition"] == answer["Content-Disposition"]


def test_an_unchanged_transcript_gets_304_and_is_not_written_again(
    client, chat, django_assert_num_queries
):
    first, _text = fetch(client, chat)
    address = signed_links.transcript_path(chat.public_id, Audience.PUBLIC, Thing.TEXT)

    with django_assert_num_queries(2):
        again = client.get(address, headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert again["Cache-Control"] == "private, no-store"


def test_what_changes_a_transcript_changes_its_version(client, chat, anna, vera):
    def version(thing: Thing = Thing.TEXT) -> str:
        address = signed_links.transcript_path(chat.public_id, Audience.PUBLIC, thing)
        return str(client.head(address)["ETag"])

    versions = [version(), version(Thing.HTML)]
    say(vera, chat, "One thing more.")
    versions.append(version())
    chat.participants.filter(operator=anna).update(display_name="Anne")
    versions.append(version())
    Conversation.objects.update(language="de")
    versions.append(version())
    conversations.close(vera, chat.public_id)
    versions.append(version())

    assert len(set(versions)) == 6


def test_one_transcript_is_written_so_often_in_a_minute(client, chat, anna):
    for _ in range(transcripts.WRITINGS.amount):
        answer, _text = fetch(client, chat)
        assert answer.status_code == 200
    refused, body = fetch(client, chat)
    client.force_login(anna.user)

    assert (refused.status_code, '"rate_limited"' in body) == (429, True)
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert (
        client.head(
            signed_links.transcript_path(chat.public_id, Audience.PUBLIC, Thing.TEXT)
        ).status_code
        == 200
    )
    assert fetch(client, chat, Audience.STAFF)[0].status_code == 200


@pytest.mark.slow
def test_a_long_conversation_takes_little_memory(chat):
    link = Link(Thing.HTML, Audience.PUBLIC, chat.public_id)
    transcripts.write(transcripts.linked(link, None), len)  # fill the templates' caches
    lines(chat, 3_000, "x" * 1_000)
    written, last = 0, b""

    def out(part: bytes) -> None:
        nonlocal written, last
        written, last = written + len(part), part

    tracemalloc.start()
    try:
        transcripts.write(transcripts.linked(link, None), out)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert 1_500_000 < written < transcripts.MAX_CHARACTERS * 1.5
    assert last.rstrip().endswith(b"</html>")
    assert peak < 3_000_000
