"""Operators who left a conversation and lost its channel can read only up to where they left."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from livechat import wire
from livechat.consumers.heartbeat import HeartbeatLoop
from livechat.errors import NotAllowed, NotFound
from livechat.models import Conversation, Message, Operator, PageView
from livechat.services import (
    attachments,
    conversations,
    inbox,
    lost_operators,
    messages,
    read_marks,
    timeline,
    transcripts,
    visitors,
)
from livechat.services.messages import Item
from livechat.services.transcripts import Reader
from livechat.signed_links import Audience, Link, Thing
from tests import factories
from tests.livechat.services.test_lost_operators import GONE, make_present, record_listening

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }


def say(who, row: Conversation, text: str, *, internal: bool = False, with_file: bool = False):
    """Post a message; return the id of its file, None without a file."""
    files = []
    if with_file:
        kept = SimpleUploadedFile("list.txt", b"Some text\n")
        name = f"{text}.txt"
        files = [attachments.upload(who, row.channel, kept, name=name).id]
    messages.post_message(
        Item(who, row.public_id, uuid.uuid4(), text, internal=internal, files=tuple(files))
    )
    return files[0] if files else None


@pytest.fixture
def chat(berlin, anna, ben, vera):
    """Anna and Ben join Vera's conversation, then Anna leaves, and the other two go on.

    `before` and `after` are files sent before and after Anna left.
    """
    row: Any = factories.conversation(vera, "Where is my parcel?")
    for person in (anna, ben):
        conversations.join(factories.actor(person), row.public_id)
    say(factories.actor(anna), row, "Before the door closed", internal=True)
    row.before = say(vera, row, "Early list", with_file=True)
    conversations.leave(factories.actor(anna), row.public_id)
    say(factories.actor(ben), row, "After the door closed", internal=True)
    row.after = say(vera, row, "Late list", with_file=True)
    row.refresh_from_db()
    return row


@pytest.fixture
def gone(berlin, anna, chat):
    """Anna, who is no longer an operator of Berlin."""
    berlin.memberships.filter(operator=anna).delete()
    return anna


def texts(who, row: Conversation, **asked) -> list[str]:
    _row, page = timeline.page(factories.actor(who), row.public_id, **asked)
    return [entry.text or (entry.line.event if entry.line else "") for entry in page.messages]


def test_the_timeline_ends_with_the_line_about_leaving(chat, gone):
    left = chat.messages.get(event="left")

    _row, page = timeline.page(factories.actor(gone), chat.public_id)

    assert isinstance(page, wire.StaffTimelinePage)
    assert (page.messages[-1].seq, page.head, page.more) == (left.seq, left.seq, False)
    assert texts(gone, chat, after_seq=left.seq) == []
    assert texts(gone, chat, before_seq=10**6)[-1] == "left"
    assert "Before the door closed" in texts(gone, chat)


def test_an_operator_who_keeps_the_channel_can_read_on(chat, anna):
    assert texts(anna, chat)[-1] == "Late list"


def test_a_participant_can_read_on_without_the_channel(berlin, chat, ben):
    berlin.memberships.all().delete()

    assert texts(ben, chat)[-1] == "Late list"


def test_an_operator_who_returned_and_left_again_reads_to_the_second_leaving(
    berlin, chat, anna, vera
):
    conversations.join(factories.actor(anna), chat.public_id)
    conversations.leave(factories.actor(anna), chat.public_id)
    say(vera, chat, "Even later")
    berlin.memberships.all().delete()

    assert texts(anna, chat)[-2:] == ["joined", "left"]


def test_an_operator_who_left_after_the_end_reads_all_of_it(berlin, chat, anna, vera):
    conversations.join(factories.actor(anna), chat.public_id)
    conversations.close(vera, chat.public_id)
    conversations.leave(factories.actor(anna), chat.public_id)
    berlin.memberships.all().delete()

    assert texts(anna, chat)[-1] == "closed_by_visitor"


def test_an_operator_who_was_lost_reads_to_where_they_were_lost(berlin, vera):
    now = timezone.now() + timedelta(minutes=2)
    anna = factories.operator("anna", berlin)
    row = factories.conversation(vera)
    ben = factories.operator("ben", berlin)
    record_listening(now)
    make_present(ben, now)
    Operator.objects.filter(pk=anna.pk).update(seen_at=now - GONE - timedelta(seconds=1))
    assert lost_operators.hand_over_lost(now) == 1
    say(factories.actor(ben), row, "Anna is ill", internal=True)
    berlin.memberships.filter(operator=anna).delete()

    assert texts(anna, row)[-1] == "lost"


def test_what_was_written_at_one_moment_with_leaving_is_not_read(berlin, chat, gone):
    Message.objects.update(created_at=chat.opened_at)

    assert texts(gone, chat)[-1] == "left"


def test_files_of_later_messages_are_not_theirs(chat, gone):
    actor = factories.actor(gone)

    assert attachments.opened(actor, chat.before).file.id == chat.before
    assert attachments.linked(Link(Thing.FILE, Audience.STAFF, chat.before), actor)
    with pytest.raises(NotFound):
        attachments.opened(actor, chat.after)
    with pytest.raises(NotFound):
        attachments.linked(Link(Thing.FILE, Audience.STAFF, chat.after), actor)


def test_the_transcript_ends_where_they_left(chat, gone, vera, berlin):
    carl = factories.operator("carl", berlin)
    conversations.join(factories.actor(carl), chat.public_id)
    conversations.close(vera, chat.public_id)
    reader = Reader(factories.actor(gone), "en")
    kept: list[bytes] = []

    link = Link(Thing.TEXT, Audience.STAFF, chat.public_id)
    transcripts.write(transcripts.linked(link, reader), kept.append)

    text = b"".join(kept).decode()
    assert "Before the door closed" in text
    assert "Anna left" in text
    assert "After the door closed" not in text
    assert "Late list" not in text
    assert "Closed:" not in text
    assert "Carl" not in text


def test_later_page_views_are_not_shown(chat, gone, vera):
    row = Conversation.objects.select_related("visitor").get()
    left = row.messages.get(event="left").created_at
    for name, at in [("early", left - timedelta(seconds=1)), ("late", left + timedelta(seconds=1))]:
        PageView.objects.create(visitor=row.visitor, url=f"https://shop.test/{name}", at=at)

    details = visitors.details(factories.actor(gone), chat.public_id)

    assert [view.url for view in details.trail] == ["https://shop.test/early"]


def test_it_is_not_in_the_inbox(chat, gone):
    actor = factories.actor(gone)
    before = inbox.digest_of(actor)

    Conversation.objects.update(seq=500, revision=500)

    assert inbox.snapshot(actor)[0].conversations == []
    assert inbox.digest_of(actor) == before


def test_nothing_can_be_done_to_it(chat, gone):
    actor = factories.actor(gone)

    for act in (
        lambda: say(actor, chat, "Hello?"),
        lambda: conversations.join(actor, chat.public_id),
        lambda: conversations.take(actor, chat.public_id),
        lambda: conversations.close(actor, chat.public_id),
        lambda: read_marks.see(actor, chat.public_id, 10**6),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert chat.participants.get(operator=gone).seen < chat.seq


def test_what_they_did_before_is_answered_as_the_first_time(berlin, chat, anna, vera):
    actor = factories.actor(anna)
    conversations.join(actor, chat.public_id)
    sent = Item(actor, chat.public_id, uuid.uuid4(), "Once")
    first = messages.post_message(sent)
    conversations.leave(actor, chat.public_id)
    berlin.memberships.all().delete()
    actor = factories.actor(anna)

    again = messages.post_message(Item(actor, *_rest(sent)))
    left = conversations.leave(actor, chat.public_id)

    assert (again.seq, again.at) == (first.seq, first.at)
    assert left.public_id == chat.public_id
    assert chat.messages.filter(event="left").count() == 2


def _rest(item: Item):
    return item.conversation, item.client_id, item.text


def test_the_archive_shows_what_was_there_when_they_left(client, chat, gone, vera):
    gone.user.is_staff = True
    gone.user.save()
    client.force_login(gone.user)
    carl = factories.operator("carl", chat.channel)
    conversations.join(factories.actor(carl), chat.public_id)
    page = f"/admin/livechat/conversation/{chat.pk}/change/"

    shown = client.get(page).content.decode()

    assert "Before the door closed" in shown
    assert "After the door closed" not in shown
    assert "Late list" not in shown
    assert "Carl" not in shown
    assert "After the door closed" not in client.get(f"{page}?page=2").content.decode()


def test_the_archive_does_not_find_later_words(client, chat, gone):
    gone.user.is_staff = True
    gone.user.save()
    client.force_login(gone.user)

    def found(word: str) -> bool:
        listed = client.get("/admin/livechat/conversation/", {"q": word})
        return f"/conversation/{chat.pk}/change/" in listed.content.decode()

    assert found(str(chat.public_id))
    assert found("Before the door")
    assert not found("After the door")


def test_the_page_of_a_visitor_shows_no_later_pages(client, chat, gone):
    gone.user.is_staff = True
    gone.user.save()
    client.force_login(gone.user)
    row = Conversation.objects.select_related("visitor").get()
    left = row.messages.get(event="left").created_at
    for name, at in [("early", left - timedelta(seconds=1)), ("late", left + timedelta(seconds=1))]:
        PageView.objects.create(visitor=row.visitor, url=f"https://shop.test/{name}", at=at)

    shown = client.get(f"/admin/livechat/visitor/{row.visitor_id}/change/").content.decode()

    assert "https://shop.test/early" in shown
    assert "https://shop.test/late" not in shown


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["conversation.watch", "viewing.set"])
async def test_a_socket_hears_nothing_more_and_is_not_shown_there(
    sockets, chat, gone, ben, command
):
    operator_socket = await sockets.staff(gone)
    bens = await sockets.staff(ben)
    fields = {"active": True} if command == "viewing.set" else {}

    await operator_socket.send(command, conversation=chat.public_id, **fields)
    refused = await operator_socket.next("rejected")
    await sync_to_async(say)(await sync_to_async(factories.actor)(ben), chat, "Hush", internal=True)
    await bens.next("message.posted")

    assert refused["code"] == "forbidden"
    assert await operator_socket.quiet()
    assert not [frame for frame in bens.received if frame["type"] == "viewing.changed"]


@pytest.mark.django_db(transaction=True)
async def test_a_socket_that_watches_hears_no_more_once_the_channel_is_lost(
    sockets, berlin, chat, anna, ben
):
    operator_socket = await sockets.staff(anna)
    await operator_socket.send("conversation.watch", conversation=chat.public_id)
    await operator_socket.send("timeline.fetch", conversation=chat.public_id)
    await operator_socket.next("timeline.page")
    heartbeat_loop = HeartbeatLoop()
    await heartbeat_loop.beat(10)

    await berlin.memberships.filter(operator=anna).adelete()
    await heartbeat_loop.beat(20)
    await operator_socket.next("inbox.changed")
    await sync_to_async(say)(await sync_to_async(factories.actor)(ben), chat, "Hush", internal=True)

    assert "Hush" not in str(await operator_socket.drain())
