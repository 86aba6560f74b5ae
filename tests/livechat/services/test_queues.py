"""The queue of a channel: who gets the next operator who is free, and when."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone

from livechat.domain.enumerations import Availability, Outcome, State
from livechat.models import Channel, Conversation, Operator
from livechat.models.conversation import PRESENT_FOR
from livechat.policy import VisitorActor
from livechat.services import (
    channels,
    cleanup,
    conversations,
    lost_operators,
    messages,
    operators,
    queues,
)
from livechat.services import visitors as visitor_services
from livechat.services.messages import Item
from tests import factories
from tests.livechat.services.test_conversations import at_once
from tests.livechat.services.test_lost_operators import make_present, record_listening

pytestmark = pytest.mark.django_db


@pytest.fixture
def one_place(berlin: Channel) -> Channel:
    """Berlin, whose operators get one chat at a time."""
    berlin.max_sessions_mode, berlin.max_sessions = "limited", 1
    berlin.save()
    return berlin


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """Return a function whose context runs what follows a commit."""
    return partial(django_capture_on_commit_callbacks, execute=True)


def waiting(channel: Channel, count: int = 1) -> list[Conversation]:
    """Open conversations, the oldest first, of visitors who wait."""
    rows = [factories.conversation(factories.visitor(channel)) for _ in range(count)]
    assert {row.state for row in rows} == {State.QUEUED}
    return rows


def operator_of(row: Conversation) -> Operator | None:
    row.refresh_from_db()
    return row.operator


def absent(row: Conversation) -> None:
    """Make the visitor one who neither wrote nor was connected for a while."""
    before = timezone.now() - PRESENT_FOR - timedelta(minutes=1)
    Conversation.objects.filter(pk=row.pk).update(last_message_at=before)


def available(operator: Operator, choice: Availability = Availability.AVAILABLE) -> None:
    operators.set_presence(factories.actor(operator), choice=choice, in_call=False)


# --- what makes room


def test_closing_a_chat_gives_the_place_to_the_oldest_who_waits(one_place, anna, vera, commits):
    chat = factories.conversation(vera)
    first, second = waiting(one_place, 2)

    with commits():
        conversations.close(factories.actor(anna), chat.public_id)

    assert (operator_of(first), operator_of(second)) == (anna, None)
    assert list(first.messages.values_list("event", flat=True)) == ["", "assigned"]


def test_a_visitor_who_ends_their_chat_makes_room_too(one_place, anna, vera, commits):
    chat = factories.conversation(vera)
    [next_one] = waiting(one_place)

    with commits():
        conversations.close(vera, chat.public_id)

    assert operator_of(next_one) == anna


def test_an_operator_who_comes_online_gets_those_who_wait(berlin, anna, commits):
    Operator.objects.update(seen_at=None)
    rows = waiting(berlin, 2)

    with commits():
        operators.renew_leases([anna.user_id], [anna.user_id])

    assert [operator_of(row) for row in rows] == [anna, anna]


@pytest.mark.parametrize("before", [Availability.BUSY, Availability.INVISIBLE])
def test_an_operator_who_becomes_available_gets_those_who_wait(berlin, anna, commits, before):
    available(anna, before)
    [row] = waiting(berlin)

    with commits():
        available(anna)

    assert operator_of(row) == anna


def test_a_raised_limit_makes_room(one_place, anna, vera, commits):
    factories.conversation(vera)
    rows = waiting(one_place, 2)

    with commits():
        one_place.max_sessions = 2
        channels.save(one_place)

    assert [operator_of(row) for row in rows] == [anna, None]


def test_an_operator_who_joins_a_channel_gets_those_who_wait(berlin, commits):
    [row] = waiting(berlin)
    dora = factories.operator("dora")

    with commits():
        operators.join_channel(factories.actor(dora), berlin.public_id)

    assert operator_of(row) == dora


def test_a_chat_that_falls_silent_makes_room(one_place, anna, vera):
    chat = factories.conversation(vera)
    [row] = waiting(one_place)
    now = timezone.now()
    assert queues.fill_all(now) == 0

    Conversation.objects.filter(pk=chat.pk).update(last_message_at=now - timedelta(minutes=16))

    assert [queues.fill_all(now) for _ in range(2)] == [1, 0]
    assert operator_of(row) == anna


def test_what_cannot_be_filled_at_once_fails_no_request(
    one_place, anna, vera, commits, monkeypatch
):
    chat = factories.conversation(vera)
    [row] = waiting(one_place)

    def fail(*_args: object, **_options: object) -> int:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(queues, "fill", fail)
        with commits():
            conversations.close(factories.actor(anna), chat.public_id)

    assert operator_of(row) is None
    assert queues.fill_all(timezone.now()) == 1
    assert operator_of(row) == anna


# --- who is next


def test_visitors_who_are_present_come_first_the_oldest_first(one_place, anna, vera):
    factories.conversation(vera)
    gone, here, also_here = waiting(one_place, 3)
    absent(gone)

    order = []
    for _ in range(3):
        conversations.close(
            factories.actor(anna), Conversation.objects.get(state=State.ASSIGNED).public_id
        )
        assert queues.fill_all(timezone.now()) == 1
        order.append(Conversation.objects.get(state=State.ASSIGNED))

    assert order == [here, also_here, gone]


def test_a_visitor_who_only_keeps_the_page_open_is_present(one_place, anna, vera):
    chat = factories.conversation(vera)
    gone, here = waiting(one_place, 2)
    absent(gone)
    absent(here)
    visitor_services.mark_present([here.pk])
    conversations.close(vera, chat.public_id)

    queues.fill_all(timezone.now())

    assert (operator_of(gone), operator_of(here)) == (None, anna)


def test_only_those_who_wait_are_marked_as_present_and_once_a_minute(one_place, anna, vera):
    chat = factories.conversation(vera)
    [row] = waiting(one_place)
    marks = []
    for _ in range(2):
        visitor_services.mark_present([row.pk, chat.pk, 0])
        row.refresh_from_db()
        marks.append(row.visitor_present_at)

    chat.refresh_from_db()
    assert marks[0] is not None
    assert marks[0] == marks[1]
    assert chat.visitor_present_at is None


def test_those_who_wait_go_before_those_who_come(one_place, anna, vera, commits):
    chat = factories.conversation(vera)
    [row] = waiting(one_place)
    conversations.close(vera, chat.public_id)  # the place is free, and not filled yet

    with commits():
        late = factories.conversation(factories.visitor(one_place))

    assert (operator_of(row), operator_of(late)) == (anna, None)


def test_a_newcomer_goes_before_those_who_have_left(one_place, anna, vera):
    chat = factories.conversation(vera)
    [row] = waiting(one_place)
    absent(row)
    conversations.close(vera, chat.public_id)

    late = factories.conversation(factories.visitor(one_place))

    assert (operator_of(row), operator_of(late)) == (None, anna)


def test_the_language_decides_who_gets_a_chat_of_the_queue(berlin, commits):
    Operator.objects.update(accepting=False)
    row = factories.conversation(factories.visitor(berlin), language="de")
    factories.operator("clara", berlin, languages=["en"])
    dora = factories.operator("dora", berlin, languages=["de"], last_assigned_at=timezone.now())

    queues.fill_all(timezone.now())

    assert operator_of(row) == dora


# --- who is not asked again


def test_a_chat_is_not_given_back_to_the_operator_who_left_it(berlin, anna, vera, commits):
    row = factories.conversation(vera)
    with commits():
        conversations.leave(factories.actor(anna), row.public_id)
    assert operator_of(row) is None
    assert queues.fill_all(timezone.now()) == 0

    ben = factories.operator("ben", berlin)
    queues.fill_all(timezone.now())

    assert operator_of(row) == ben


def test_a_chat_that_its_operator_left_holds_up_nobody(berlin, anna, vera):
    left = factories.conversation(vera)
    conversations.leave(factories.actor(anna), left.public_id)
    Operator.objects.update(accepting=False)
    [row] = waiting(berlin)
    Operator.objects.update(accepting=True)

    queues.fill_all(timezone.now())

    assert (operator_of(left), operator_of(row)) == (None, anna)


@pytest.mark.parametrize(("minutes", "returns"), [(1, True), (3, False)])
def test_a_chat_returns_to_the_operator_whose_connection_was_lost(
    berlin, anna, vera, minutes, returns
):
    row = factories.conversation(vera)
    lost_at = timezone.now() + timedelta(minutes=2)
    record_listening(lost_at)
    assert lost_operators.hand_over_lost(lost_at) == 1
    assert operator_of(row) is None

    # Both are free now; Dora has waited longer for a chat.
    back_at = lost_at + timedelta(minutes=minutes)
    dora = factories.operator("dora", berlin)
    for operator in (anna, dora):
        make_present(operator, back_at)
    queues.fill_all(back_at)

    assert operator_of(row) == (anna if returns else dora)


def test_the_limit_of_an_address_holds_in_the_queue_too(berlin, anna):
    berlin.max_chats_per_address = 1
    berlin.save()
    available(anna, Availability.BUSY)
    rows = [
        Conversation.objects.get(
            pk=factories.opened(factories.visitor(berlin), source="192.0.2.1").pk
        )
        for _ in range(3)
    ]
    available(anna)

    assert queues.fill_all(timezone.now()) == 1

    assert [operator_of(row) for row in rows] == [anna, None, None]
    assert [row.is_held for row in rows] == [False, True, True]


# --- the end


def test_a_chat_that_waits_ends_after_a_day_of_silence(berlin, vera):
    [row] = waiting(berlin)
    now = timezone.now()

    assert cleanup.close_silent(now + timedelta(hours=23)) == 0
    assert [cleanup.close_silent(now + timedelta(hours=25)) for _ in range(2)] == [1, 0]

    row.refresh_from_db()
    assert (row.state, row.outcome) == (State.CLOSED, Outcome.NO_AGENT)


def test_a_chat_that_was_answered_and_waits_again_ends_as_answered(berlin, anna, vera):
    row = factories.conversation(vera)
    staff = factories.actor(anna)
    messages.post_message(Item(staff, row.public_id, uuid.uuid4(), "Hello"))
    conversations.leave(staff, row.public_id)

    cleanup.close_silent(timezone.now() + timedelta(hours=25))

    row.refresh_from_db()
    assert (row.state, row.outcome) == (State.CLOSED, Outcome.NO_FAILURE)


# --- at once


@pytest.mark.django_db(transaction=True)
def test_runs_closings_and_openings_at_once_fill_each_place_once(one_place, anna, ben):
    for _ in range(12):
        factories.conversation(factories.visitor(one_place))
    taken = Conversation.objects.filter(state=State.ASSIGNED)
    assert taken.count() == 2
    now = timezone.now()

    def close(row: Conversation) -> None:
        conversations.close(VisitorActor(row.visitor.public_id, row.channel_id), row.public_id)

    calls: list[Callable[[], object]] = [
        *(partial(close, row) for row in taken.select_related("visitor")),
        *(partial(queues.fill_all, now) for _ in range(4)),
        *(partial(factories.opened, factories.visitor(one_place)) for _ in range(4)),
    ]
    results = at_once(calls)
    queues.fill_all(timezone.now())

    assert [one for one in results if isinstance(one, Exception)] == []
    by_operator = list(taken.values_list("operator", flat=True))
    assert sorted(pk or 0 for pk in by_operator) == sorted([anna.pk, ben.pk])
    assert Conversation.objects.filter(state=State.QUEUED).count() == 12


@pytest.mark.django_db(transaction=True)
def test_a_chat_of_the_queue_that_is_taken_at_the_same_moment_has_one_operator(
    berlin, anna, ben, vera
):
    Operator.objects.update(accepting=False)
    [row] = waiting(berlin)
    Operator.objects.filter(pk=ben.pk).update(accepting=True)
    now = timezone.now()

    results = at_once(
        [
            partial(conversations.take, factories.actor(anna), row.public_id),
            partial(queues.fill_all, now),
        ]
    )

    given = [one for one in results if one == 1 or isinstance(one, Conversation)]
    assert len(given) == 1
    assert row.participants.present().operators().count() == 1
