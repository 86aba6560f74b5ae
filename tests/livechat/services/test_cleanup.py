"""What the clean-up jobs remove, and what they must keep."""

import uuid
from datetime import timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

from livechat.domain.enumerations import State
from livechat.models import Conversation, Message, PageView, Visitor
from livechat.services import cleanup, conversations, messages, read_marks, timeline
from livechat.services.messages import Item
from tests import factories


@pytest.fixture
def tomorrow(db):
    return timezone.now() + timedelta(days=1, minutes=1)


def empty(vera) -> Conversation:
    """A conversation that has only system lines."""
    row = factories.conversation(vera)
    row.messages.exclude(kind="system").delete()
    return row


def test_a_chat_without_messages_is_removed_after_an_hour(anna, vera):
    row = empty(vera)
    soon = row.opened_at + timedelta(minutes=59)
    late = row.opened_at + timedelta(minutes=61)

    assert [cleanup.remove_empty(now) for now in (soon, late, late)] == [0, 1, 0]
    assert not Conversation.objects.exists()


def test_a_chat_with_a_word_or_a_note_stays(anna, vera, berlin, tomorrow):
    factories.conversation(vera)
    row = empty(factories.visitor(berlin))
    note = Item(factories.actor(anna), row.public_id, uuid.uuid4(), "Hm", internal=True)
    messages.post_message(note)

    assert cleanup.remove_empty(tomorrow) == 0
    assert Conversation.objects.count() == 2


def test_an_ended_chat_is_never_removed(anna, vera, tomorrow):
    row = empty(vera)
    conversations.close(vera, row.public_id)

    assert cleanup.remove_empty(tomorrow) == 0


def test_a_chat_that_was_read_and_fell_silent_ends_after_a_day(anna, vera, tomorrow, published):
    row = factories.conversation(vera)
    read_marks.see(factories.actor(anna), row.public_id, 99)

    assert [cleanup.close_silent(now) for now in (timezone.now(), tomorrow, tomorrow)] == [0, 1, 0]

    row.refresh_from_db()
    assert (row.state, row.status) == (State.CLOSED, "")
    assert row.closed_at == tomorrow
    assert list(row.messages.values_list("event", flat=True))[-1] == "closed_silent"


def test_what_no_operator_has_read_stays_open(anna, vera, tomorrow):
    factories.conversation(vera)

    assert cleanup.close_silent(tomorrow) == 0


def test_a_chat_left_with_a_bot_ends_after_a_day(anna, vera, tomorrow):
    row = factories.conversation(vera)
    Conversation.objects.update(state=State.BOT, status="", operator=None)

    assert cleanup.close_silent(tomorrow) == 1
    row.refresh_from_db()
    assert row.state == State.CLOSED


def test_a_run_killed_in_the_middle_is_made_good_by_the_next(
    anna, berlin, tomorrow, monkeypatch, published
):
    for _ in range(3):
        row = factories.conversation(factories.visitor(berlin))
        read_marks.see(factories.actor(anna), row.public_id, 99)
    announced = []
    original = timeline.announce

    def dies(row, *args, **kwargs):
        announced.append(row)
        if len(announced) == 2:
            raise SystemExit("killed")
        original(row, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(timeline, "announce", dies)
        with pytest.raises(SystemExit):
            cleanup.close_silent(tomorrow)
    closed = Conversation.objects.filter(state=State.CLOSED).count()

    assert closed == 1
    assert cleanup.close_silent(tomorrow) == 2
    assert Message.objects.filter(event="closed_silent").count() == 3


def test_what_has_run_out_is_removed_and_the_rest_kept(berlin, vera):
    factories.conversation(vera)
    visitor = Visitor.objects.get()
    now = timezone.now()
    for days in (29, 31):
        at = now - timedelta(days=days)
        PageView.objects.create(visitor=visitor, url=f"https://shop.test/{days}", at=at)
    for hours in (-1, 1):
        session = SessionStore()
        session.save()
        Session.objects.filter(pk=session.session_key).update(
            expire_date=now + timedelta(hours=hours)
        )

    assert [cleanup.expire(now) for _ in range(2)] == [2, 0]
    assert [view.url for view in PageView.objects.all()] == ["https://shop.test/29"]
    assert Session.objects.get().expire_date > now
