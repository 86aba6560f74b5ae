"""Posting in batches: numbers without gaps, each message stored once, no effect on each other."""

import random
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from livechat import outbox
from livechat.domain.deliveries import EventType
from livechat.domain.enumerations import Outcome
from livechat.errors import ConversationClosed, IdConflict, NotAllowed, NotFound
from livechat.models import Conversation, Message
from livechat.services import conversations, messages
from livechat.services.messages import Item, Posted, Refused, Repeated
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def chat(anna, vera):
    """Vera's conversation, assigned to Anna."""
    return factories.conversation(vera)


def item(who, conversation, text="Hello", **fields) -> Item:
    return Item(who, conversation.public_id, fields.pop("client_id", uuid.uuid4()), text, **fields)


def numbers(conversation) -> tuple[list[int], list[int]]:
    rows = conversation.messages.order_by("seq").values_list("seq", "public_seq")
    return [seq for seq, _ in rows], [public for _, public in rows if public is not None]


def stored(outcomes) -> list[Posted]:
    """Return the outcomes, all of which must be stored entries."""
    assert all(isinstance(outcome, Posted) for outcome in outcomes), outcomes
    return list(outcomes)


def assert_gap_free(conversation) -> None:
    conversation.refresh_from_db()
    assert numbers(conversation) == (
        list(range(1, conversation.seq + 1)),
        list(range(1, conversation.public_seq + 1)),
    )


def test_doubles_notes_and_two_conversations_in_one_batch_leave_no_hole(chat, berlin, anna):
    other = factories.conversation(factories.visitor(berlin))
    staff, dice = factories.actor(anna), random.Random(3)
    fresh = [
        item(staff, dice.choice([chat, other]), f"Text {n}", internal=n % 3 == 0) for n in range(70)
    ]
    batch = [*fresh, *dice.sample(fresh, 30)]
    dice.shuffle(batch)

    outcomes = stored(messages.post_messages(batch))

    assert sum(type(outcome) is Posted for outcome in outcomes) == 70
    assert sum(type(outcome) is Repeated for outcome in outcomes) == 30
    assert_gap_free(chat)
    assert_gap_free(other)
    again = stored(messages.post_messages(batch))
    assert {type(outcome) for outcome in again} == {Repeated}
    assert [(o.seq, o.at) for o in again] == [(o.seq, o.at) for o in outcomes]


def test_a_repeat_inside_the_batch_gets_the_number_of_the_first(chat, vera):
    once = item(vera, chat)

    first, second = stored(messages.post_messages([once, once]))

    assert (type(first), type(second)) == (Posted, Repeated)
    assert first.seq == second.seq


def test_what_is_refused_does_not_harm_its_neighbours(chat, vera, berlin, anna):
    stranger = factories.visitor(berlin)
    closed = factories.conversation(factories.visitor(berlin))
    conversations.close(factories.actor(anna), closed.public_id)
    known = item(vera, chat, "First")
    messages.post_message(known)
    batch = [
        item(vera, chat, "One"),
        item(stranger, chat, "Not mine"),
        item(factories.actor(anna), closed, "Too late"),
        Item(vera, chat.public_id, known.client_id, "Another text"),
        Item(vera, uuid.uuid4(), uuid.uuid4(), "Nowhere"),
        item(vera, chat, "Two"),
    ]

    outcomes = messages.post_messages(batch)

    refusals = [type(o.error) if isinstance(o, Refused) else None for o in outcomes]
    assert refusals == [None, NotFound, ConversationClosed, IdConflict, NotFound, None]
    first, last = stored([outcomes[0], outcomes[5]])
    assert last.seq == first.seq + 1
    assert_gap_free(chat)
    assert not Message.objects.filter(text__in=["Not mine", "Too late", "Nowhere"]).exists()


def test_two_texts_under_one_id_in_one_batch_are_a_conflict(chat, vera):
    one = item(vera, chat, "One")
    two = Item(vera, chat.public_id, one.client_id, "Two")

    first, second = messages.post_messages([one, two])

    assert type(first) is Posted
    assert isinstance(second, Refused)
    assert isinstance(second.error, IdConflict)


def test_a_repeat_after_the_end_is_answered_as_the_first_time(chat, vera):
    sent = item(vera, chat)
    first = messages.post_message(sent)
    conversations.close(vera, chat.public_id)

    again = messages.post_message(sent)

    assert type(again) is Repeated
    assert (again.seq, again.at) == (first.seq, first.at)


def test_a_repeat_after_leaving_is_answered_as_the_first_time(chat, anna):
    staff = factories.actor(anna)
    sent = item(staff, chat)
    first = messages.post_message(sent)
    conversations.leave(staff, chat.public_id)

    again = messages.post_message(sent)

    assert type(again) is Repeated
    assert again.seq == first.seq


def test_a_visitor_may_not_make_a_note(chat, vera):
    with pytest.raises(NotAllowed):
        messages.post_message(item(vera, chat, internal=True))


def test_an_operator_who_left_may_write_no_more(chat, anna, ben):
    staff = factories.actor(anna)
    conversations.join(factories.actor(ben), chat.public_id)
    chat.refresh_from_db()
    leaver = staff if chat.operator_id == anna.pk else factories.actor(ben)
    conversations.leave(leaver, chat.public_id)

    with pytest.raises(NotAllowed):
        messages.post_message(item(leaver, chat))


def test_the_first_answer_of_staff_makes_it_a_success(chat, vera, anna):
    assert chat.outcome == Outcome.NO_ANSWER

    messages.post_message(item(factories.actor(anna), chat, "A note", internal=True))
    chat.refresh_from_db()
    assert (chat.outcome, chat.answered_at) == (Outcome.NO_ANSWER, None)

    messages.post_message(item(factories.actor(anna), chat, "Hi"))
    chat.refresh_from_db()
    assert chat.outcome == Outcome.NO_FAILURE
    assert chat.answered_at is not None
    assert chat.waiting_since is None


def test_the_visitor_waits_since_the_first_unanswered_message(chat, vera, anna):
    messages.post_message(item(factories.actor(anna), chat, "Hi"))
    messages.post_message(item(vera, chat, "A question"))
    chat.refresh_from_db()
    since = chat.waiting_since

    messages.post_message(item(vera, chat, "Hello?"))
    chat.refresh_from_db()

    assert since is not None
    assert chat.waiting_since == since


def test_a_clock_set_back_does_not_turn_time_round(chat, vera, monkeypatch):
    before = chat.last_message_at
    past = factories.minutes_ago(60)
    monkeypatch.setattr("livechat.services.messages.database_time.now", lambda: past)

    posted = messages.post_message(item(vera, chat))

    assert posted.at >= before


@pytest.mark.parametrize("operators", [1, 8])
@pytest.mark.parametrize("size", [1, 50])
def test_a_batch_costs_the_same_queries_whatever_its_size(
    berlin, operators, size, django_assert_max_num_queries
):
    people = [factories.operator(f"op{n}", berlin) for n in range(operators)]
    visitors = [factories.visitor(berlin) for _ in range(size)]
    chats = [factories.conversation(who) for who in visitors]
    batch = [item(who, chat) for who, chat in zip(visitors, chats, strict=True)]
    assert people
    outbox.listeners.of(EventType.MESSAGE_CREATED)  # fill the cache, which lasts some seconds

    with CaptureQueriesContext(connection) as queries:
        messages.post_messages(batch)

    statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
    assert len(statements) <= 5, statements


def test_a_note_goes_to_staff_groups_only(
    chat, anna, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        messages.post_message(item(factories.actor(anna), chat, "Secret note", internal=True))

    assert published
    for post in published:
        if "Secret note" in post.frame:
            assert all(group.endswith(".staff") for group in post.groups)


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_locked_conversation_is_busy_and_its_neighbours_are_served(berlin):
    one, other = (factories.visitor(berlin) for _ in range(2))
    held, free = factories.conversation(one), factories.conversation(other)
    batch = [
        Item(one, held.public_id, uuid.uuid4(), "waits"),
        Item(other, free.public_id, uuid.uuid4(), "goes on"),
        Item(one, uuid.uuid4(), uuid.uuid4(), "nowhere"),
    ]

    def post() -> list:
        try:
            return messages.post_soon(batch)
        finally:
            connections.close_all()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        Conversation.objects.filter(pk=held.pk).lock().get()
        outcomes = pool.submit(post).result(10)
    later = messages.post_soon(batch)

    assert [type(outcome).__name__ for outcome in outcomes] == ["Busy", "Posted", "Refused"]
    assert [type(outcome).__name__ for outcome in later] == ["Posted", "Repeated", "Refused"]
