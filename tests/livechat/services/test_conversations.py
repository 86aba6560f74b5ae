"""The life of a conversation, and the choice of its operator."""

import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livechat.domain.enumerations import Outcome, State
from livechat.errors import AlreadyTaken, ConversationClosed, IdConflict, NotAllowed, NotFound
from livechat.models import Channel, Conversation, Message, Participant, Visitor
from livechat.services import assignment, conversations, messages, read_marks
from livechat.services.conversations import Arrival
from tests import factories

pytestmark = pytest.mark.django_db


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run all calls at the same moment, each in a thread; return results or exceptions."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        barrier.wait(10)
        try:
            return call()
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_operator_with_the_fewest_conversations_gets_the_next(berlin, anna, ben):
    given = [factories.conversation(factories.visitor(berlin)).operator_id for _ in range(4)]

    assert sorted(pk or 0 for pk in given) == sorted([anna.pk, ben.pk] * 2)


def test_a_conversation_waits_while_no_operator_is_available(berlin, vera):
    factories.operator("anna", berlin, online=False)

    chat = factories.conversation(vera)

    assert (chat.state, chat.operator, chat.outcome) == (State.QUEUED, None, Outcome.NO_AGENT)


@pytest.mark.parametrize(
    "reason",
    [
        {"seen_at": None},
        {"active_at": None},
        {"accepting": False},
        {"is_enabled": False},
        {"in_call": True},
    ],
    ids=lambda reason: next(iter(reason)),
)
def test_an_operator_who_is_not_available_gets_no_conversation(berlin, anna, vera, reason):
    berlin.block_assignment_during_call = True
    berlin.save()
    for field, value in reason.items():
        setattr(anna, field, value)
    anna.save()

    assert factories.conversation(vera).state == State.QUEUED


def test_no_operator_gets_more_than_the_channel_allows(berlin, anna):
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 2
    berlin.save()

    states = [factories.conversation(factories.visitor(berlin)).state for _ in range(3)]

    assert states == [State.ASSIGNED, State.ASSIGNED, State.QUEUED]


def test_a_full_operator_is_online_and_not_available(berlin, anna, ben, django_assert_num_queries):
    ben.accepting = False
    ben.save()
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 1
    berlin.save()
    with django_assert_num_queries(2):
        before = assignment.online_operators(berlin, timezone.now())
    factories.conversation(factories.visitor(berlin))

    after = assignment.online_operators(berlin, timezone.now())

    assert (before.present, before.is_available) == ((anna,), True)
    assert (after.present, after.is_available) == ((anna,), False)


def test_a_limit_counts_its_own_channel_only(berlin, anna):
    paris = factories.channel("Paris", max_sessions_mode="limited", max_sessions=1)
    paris.memberships.create(operator=anna)
    factories.conversation(factories.visitor(berlin))

    assert factories.conversation(factories.visitor(paris)).operator == anna


@pytest.mark.django_db(transaction=True)
def test_simultaneous_visitors_never_fill_an_operator_beyond_the_limit(berlin, anna, ben):
    Channel.objects.update(max_sessions_mode="limited", max_sessions=3)
    visitors = [factories.visitor(berlin) for _ in range(12)]

    results = at_once([partial(factories.opened, who) for who in visitors])

    assert [r for r in results if isinstance(r, Exception)] == []
    load = [Conversation.objects.filter(operator=one).count() for one in (anna, ben)]
    assert load == [3, 3]
    assert Conversation.objects.filter(state=State.QUEUED).count() == 6


@pytest.mark.django_db(transaction=True)
def test_many_openings_of_one_visitor_make_one_conversation(berlin, anna, vera):
    calls = [partial(factories.opened, vera, f"Hello {n}") for n in range(12)]

    results = at_once(calls)

    assert [r for r in results if isinstance(r, Exception)] == []
    assert {result.conversation for result in results} == {Conversation.objects.get().public_id}
    assert Message.objects.filter(kind="text").count() == 12
    assert {result.seq for result in results} == set(
        Message.objects.filter(kind="text").values_list("public_seq", flat=True)
    )


@pytest.mark.django_db(transaction=True)
def test_only_one_of_many_takes_a_waiting_conversation(berlin, vera):
    people = [factories.operator(f"op{n}", berlin, online=False) for n in range(6)]
    chat = factories.conversation(vera)
    actors = [factories.actor(person) for person in people]

    results = at_once([partial(conversations.take, a, chat.public_id) for a in actors])

    assert sum(isinstance(result, Conversation) for result in results) == 1
    assert sum(isinstance(result, AlreadyTaken) for result in results) == 5
    assert Participant.objects.operators().count() == 1


def test_opening_twice_with_one_id_returns_the_first_conversation_even_closed(berlin, anna, vera):
    opening = uuid.uuid4()
    first = conversations.open_conversation(
        vera, client_id=opening, text="Hello", arrival=Arrival()
    )
    conversations.close(vera, first.conversation)

    again = conversations.open_conversation(
        vera, client_id=opening, text="Hello", arrival=Arrival()
    )

    assert again == replace(first, state=State.CLOSED)
    assert Conversation.objects.count() == 1


def test_one_opening_id_with_two_texts_is_a_conflict(anna, vera):
    opening = uuid.uuid4()
    conversations.open_conversation(vera, client_id=opening, text="One", arrival=Arrival())

    with pytest.raises(IdConflict):
        conversations.open_conversation(vera, client_id=opening, text="Two", arrival=Arrival())


def opening(who, client_id, text="Hello", files=()) -> conversations.Opened:
    return conversations.open_conversation(
        who, client_id=client_id, text=text, arrival=Arrival(), files=files
    )


@pytest.mark.parametrize("ended", [1, 2])
def test_an_opening_that_became_a_message_is_that_message_after_the_end(anna, vera, ended):
    factories.opened(vera)
    name = uuid.uuid4()
    first = opening(vera, name, "Me again")
    conversations.close(vera, first.conversation)
    if ended == 2:
        conversations.close(vera, factories.opened(vera, "Another day").conversation)

    again = opening(vera, name, "Me again")

    assert again == replace(first, state=State.CLOSED)
    assert Conversation.objects.count() == ended
    assert Message.objects.filter(client_id=name).count() == 1


def test_an_opening_that_became_a_message_is_not_said_again_in_the_next_chat(anna, vera):
    factories.opened(vera)
    name = uuid.uuid4()
    first = opening(vera, name, "Me again")
    conversations.close(vera, first.conversation)
    factories.opened(vera, "Another day")

    again = opening(vera, name, "Me again")

    assert again.conversation == first.conversation
    assert Message.objects.filter(client_id=name).count() == 1


def test_a_message_that_is_repeated_as_an_opening_is_stored_once(anna, vera):
    chat = factories.conversation(vera)
    sent = messages.Item(vera, chat.public_id, uuid.uuid4(), "A question")
    first = messages.post_message(sent)
    conversations.close(vera, chat.public_id)

    again = opening(vera, sent.client_id, "A question")

    assert (again.conversation, again.seq, again.at) == (chat.public_id, first.seq, first.at)
    assert Conversation.objects.count() == 1


def test_an_opening_under_the_id_of_another_text_of_an_ended_chat_is_a_conflict(anna, vera):
    factories.opened(vera)
    name = uuid.uuid4()
    conversations.close(vera, opening(vera, name, "One").conversation)

    with pytest.raises(IdConflict):
        opening(vera, name, "Two")

    assert Conversation.objects.count() == 1


def test_the_id_of_another_persons_text_opens_a_new_conversation(berlin, anna, vera):
    name = uuid.uuid4()
    chat = factories.conversation(vera)
    messages.post_message(
        messages.Item(factories.actor(anna), chat.public_id, name, "Hello", internal=True)
    )
    conversations.close(vera, chat.public_id)
    theirs = opening(factories.visitor(berlin), name)

    own = opening(vera, name)

    assert len({chat.public_id, theirs.conversation, own.conversation}) == 3
    assert (theirs.seq, own.seq) == (1, 1)


def test_an_id_of_another_channel_is_a_conflict_and_leads_nowhere(anna, vera):
    paris = factories.channel("Paris")
    name = uuid.uuid4()
    opening(vera, name)

    with pytest.raises(IdConflict):
        opening(replace(vera, channel=paris.pk), name)


@pytest.mark.django_db(transaction=True)
def test_a_message_repeated_many_times_as_an_opening_is_stored_once(anna, vera):
    chat = factories.conversation(vera)
    sent = messages.Item(vera, chat.public_id, uuid.uuid4(), "A question")
    messages.post_message(sent)
    conversations.close(vera, chat.public_id)

    results = at_once([partial(opening, vera, sent.client_id, sent.text) for _ in range(8)])

    assert {result.conversation for result in results} == {chat.public_id}
    assert Conversation.objects.count() == 1
    assert Message.objects.filter(client_id=sent.client_id).count() == 1


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_a_message_that_is_stored_while_it_is_repeated_as_an_opening_is_stored_once(anna, vera):
    chat = factories.conversation(vera)
    sent = messages.Item(vera, chat.public_id, uuid.uuid4(), "A question")
    is_stored = False

    def stored_and_ended() -> None:
        messages.post_message(sent)
        conversations.close(vera, chat.public_id)

    def between(execute, sql, params, many, context):
        """After the first query, let another tab store the text, and end the conversation."""
        nonlocal is_stored
        answer = execute(sql, params, many, context)
        looked = "livechat_message" in sql or 'FROM "livechat_conversation"' in sql
        if looked and not is_stored:
            is_stored = True
            [done] = at_once([stored_and_ended])
            assert done is None
        return answer

    with connection.execute_wrapper(between):
        again = opening(vera, sent.client_id, sent.text)

    assert again.conversation == chat.public_id
    assert Message.objects.filter(client_id=sent.client_id).count() == 1


@pytest.mark.services
def test_what_a_visitor_has_said_is_found_without_reading_what_others_said(berlin, anna, vera):
    for _ in range(5):
        conversations.close(vera, factories.opened(vera).conversation)
    long = factories.conversation(factories.visitor(berlin))
    author = long.participants.get(role="visitor")
    Message.objects.bulk_create(
        Message(
            conversation=long,
            author=author,
            seq=number,
            public_seq=number,
            client_id=uuid.uuid4(),
            kind="text",
            created_at=long.opened_at,
        )
        for number in range(10, 10_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE livechat_message")
    visitor = Visitor.objects.get(public_id=vera.visitor)

    plan = Message.objects.said_by(visitor, uuid.uuid4()).explain()

    assert "Seq Scan on livechat_message" not in plan
    [line] = [line for line in plan.splitlines() if "client_id" in line]
    assert "Index Cond: ((conversation_id" in line, plan
    assert "(author_id" in line, plan


def test_after_the_end_a_new_text_opens_a_new_conversation(anna, vera):
    first = factories.opened(vera)
    conversations.close(vera, first.conversation)

    second = factories.opened(vera, "Me again")

    assert second.conversation != first.conversation
    assert second.seq == 1


def test_an_archived_channel_opens_nothing(berlin, vera):
    berlin.is_active = False
    berlin.save()

    with pytest.raises(NotFound):
        factories.opened(vera)


def test_a_repeat_on_an_archived_channel_is_answered_as_the_first_time(berlin, anna, vera):
    name = uuid.uuid4()
    first = opening(vera, name)
    berlin.is_active = False
    berlin.save()

    assert opening(vera, name) == first


def test_closing_twice_is_closing_once(anna, vera):
    chat = factories.conversation(vera)

    conversations.close(vera, chat.public_id)
    closed = conversations.close(factories.actor(anna), chat.public_id)

    assert closed.messages.filter(event__startswith="closed").count() == 1


def test_a_conversation_waits_again_when_the_last_operator_leaves(berlin, anna, vera):
    chat = factories.conversation(vera)

    left = conversations.leave(factories.actor(anna), chat.public_id)

    assert (left.state, left.operator, left.status) == (State.QUEUED, None, "")


def test_the_colleague_inherits_when_the_main_operator_leaves(berlin, anna, vera):
    chat = factories.conversation(vera)
    ben = factories.operator("ben", berlin)
    conversations.join(factories.actor(ben), chat.public_id)

    left = conversations.leave(factories.actor(anna), chat.public_id)

    assert (left.state, left.operator) == (State.ASSIGNED, ben)
    assert left.outcome == Outcome.ESCALATED


def test_leaving_and_coming_back_is_one_participation(berlin, anna, vera):
    chat = factories.conversation(vera)
    staff = factories.actor(anna)

    conversations.leave(staff, chat.public_id)
    conversations.take(staff, chat.public_id)

    assert chat.participants.operators().count() == 1
    assert chat.participants.get(operator=anna).left_at is None


def test_taking_or_joining_after_the_end_is_too_late(berlin, anna, ben, vera):
    chat = factories.conversation(vera)
    conversations.close(vera, chat.public_id)

    for act in (conversations.take, conversations.join):
        with pytest.raises(ConversationClosed):
            act(factories.actor(ben), chat.public_id)


def test_a_manager_may_close_a_conversation_without_taking_part(anna, vera):
    chat = factories.conversation(vera)

    closed = conversations.close(factories.actor(factories.manager()), chat.public_id)

    assert closed.state == State.CLOSED


def test_a_colleague_of_the_channel_may_not_close_without_taking_part(berlin, anna, vera):
    chat = factories.conversation(vera)
    ben = factories.operator("ben", berlin)

    with pytest.raises(NotAllowed):
        conversations.close(factories.actor(ben), chat.public_id)


def test_read_marks_only_grow_and_never_beyond_what_exists(anna, vera):
    chat = factories.conversation(vera)

    read_marks.see(vera, chat.public_id, 10**9)
    read_marks.see(vera, chat.public_id, 1)

    chat.refresh_from_db()
    assert (chat.visitor_seen_public, chat.visitor_seen) == (chat.public_seq, chat.seq)


def test_every_service_locks_in_the_one_order(berlin, anna, ben, vera):
    """visitor < operator < conversation < participant, read from the SQL statements."""
    order = [
        "livechat_visitor",
        "livechat_operator",
        "livechat_conversation",
        "livechat_participant",
    ]
    staff = factories.actor(anna)
    acts = [
        lambda: factories.opened(vera),
        lambda: factories.opened(vera, "Into the open one"),
        lambda: conversations.leave(staff, Conversation.objects.get().public_id),
        lambda: conversations.take(staff, Conversation.objects.get().public_id),
        lambda: messages.post_message(
            messages.Item(staff, Conversation.objects.get().public_id, uuid.uuid4(), "Hi")
        ),
        lambda: read_marks.see(vera, Conversation.objects.get().public_id, 1),
        lambda: conversations.close(staff, Conversation.objects.get().public_id),
    ]

    for act in acts:
        with CaptureQueriesContext(connection) as queries:
            act()
        locked = [
            order.index(query["sql"].split('FROM "')[1].split('"')[0])
            for query in queries
            if "FOR UPDATE" in query["sql"]
        ]
        assert locked == sorted(locked), queries.captured_queries
