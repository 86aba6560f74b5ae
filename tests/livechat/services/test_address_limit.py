"""Chats of one address: how many operators get at once, who waits, and what is stored of it."""

import re
import uuid
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from livechat.domain.enumerations import State, SystemEvent
from livechat.models import Channel, Conversation, Membership, Message, Operator, Visitor
from livechat.models.conversation import LIMIT_WINDOW
from livechat.policy import Actor
from livechat.services import (
    assignment,
    cleanup,
    conversations,
    lost_operators,
    messages,
    page_keys,
    queues,
)
from livechat.services.messages import Item
from tests import factories
from tests.livechat.services.test_conversations import at_once
from tests.livechat.services.test_lost_operators import make_present, record_listening

pytestmark = pytest.mark.django_db

OFFICE, HOME = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def two(berlin: Channel) -> Channel:
    """Berlin, whose operators get two chats of an address at once."""
    berlin.max_chats_per_address = 2
    berlin.save()
    return berlin


def opened(channel: Channel, source: str = OFFICE, text: str = "Hello") -> Conversation:
    chat = factories.opened(factories.visitor(channel), text, source=source)
    return Conversation.objects.get(pk=chat.pk)


def states(rows: Sequence[Conversation]) -> list[str]:
    """Return the state of each conversation, "held" for those that wait because of the limit."""
    found = Conversation.objects.in_bulk([row.pk for row in rows])
    held = set(Conversation.objects.held().values_list("pk", flat=True))
    return ["held" if row.pk in held else found[row.pk].state for row in rows]


def end(row: Conversation) -> None:
    row.refresh_from_db()
    conversations.end(row, SystemEvent.CLOSED_SILENT, None, timezone.now())


def say(who: Actor, chat: Conversation, text: str) -> None:
    messages.post_message(Item(who, chat.public_id, uuid.uuid4(), text))


def release(after: timedelta = timedelta()) -> int:
    return queues.release_held(timezone.now() + after)


# --- who waits


def test_chats_above_the_limit_wait_and_hold_up_nobody_else(two, anna):
    office = [opened(two) for _ in range(5)]
    others = [opened(two, HOME), opened(two, "2001:db8::"), opened(two, "")]

    assert states(office) == ["assigned", "assigned", "held", "held", "held"]
    assert states(others) == ["assigned", "assigned", "assigned"]


def test_without_a_limit_no_chat_is_held_and_nothing_is_stored(berlin, anna):
    chats = [opened(berlin) for _ in range(5)]

    assert states(chats) == ["assigned"] * 5
    assert set(Conversation.objects.values_list("address_hash", flat=True)) == {None}


def test_chats_of_unknown_addresses_are_never_held(two, anna):
    chats = [opened(two, "") for _ in range(5)]

    assert states(chats) == ["assigned"] * 5
    assert set(Conversation.objects.values_list("address_hash", flat=True)) == {None}


def test_each_channel_counts_its_own_chats(two, anna):
    paris = factories.channel("Paris", max_chats_per_address=1)
    Membership.objects.create(channel=paris, operator=anna)
    for _ in range(3):
        opened(two)

    assert states([opened(paris), opened(paris)]) == ["assigned", "held"]


@pytest.mark.django_db(transaction=True)
def test_of_many_openings_at_once_no_more_than_the_limit_are_assigned(two, anna, ben):
    calls = [partial(opened, two) for _ in range(25)] + [partial(opened, two, HOME)]

    results = at_once(calls)

    assert [one for one in results if isinstance(one, Exception)] == []
    assert sorted(states(results[:25])) == ["assigned"] * 2 + ["held"] * 23
    assert states(results[25:]) == ["assigned"]


def test_opening_without_a_limit_costs_no_query_more(berlin, anna):
    def queries(source: str) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            opened(berlin, source)
        return [query["sql"] for query in captured]

    opened(berlin)  # fills the caches of the process
    without, unlimited = queries(""), queries(OFFICE)
    Channel.objects.update(max_chats_per_address=2)
    limited = queries(OFFICE)

    assert len(unlimited) == len(without)
    assert len(limited) == len(without)


def test_chats_that_wait_for_another_reason_do_not_count(two):
    waiting = [opened(two) for _ in range(3)]
    # Their visitors have left, so a newcomer goes first.
    Conversation.objects.update(last_message_at=timezone.now() - timedelta(hours=1))
    factories.operator("anna", two)

    assert states([*waiting, opened(two)]) == ["queued", "queued", "queued", "assigned"]


def test_silent_chats_do_not_count_until_the_visitor_writes_again(two, anna):
    vera = factories.visitor(two)
    first = factories.opened(vera, source=OFFICE)
    chats = [Conversation.objects.get(pk=first.pk), *[opened(two) for _ in range(4)]]
    for row in chats[:2]:
        say(factories.actor(anna), row, "Hi")
    later = LIMIT_WINDOW + timedelta(minutes=1)
    make_present(anna, timezone.now() + later)

    assert release(LIMIT_WINDOW - timedelta(minutes=1)) == 0
    say(vera, chats[0], "Thank you")
    assert release(later) == 1
    assert states(chats) == ["assigned"] * 3 + ["held"] * 2


def test_a_visitor_who_writes_into_an_open_chat_is_not_counted_again(two, anna):
    vera = factories.visitor(two)
    first = factories.opened(vera, source=OFFICE)

    for text in ("Hello?", "Are you there?"):
        again = factories.opened(vera, text, source=OFFICE)
        assert (again.conversation, again.state) == (first.conversation, State.ASSIGNED)
    assert states([opened(two)]) == ["assigned"]


def test_an_address_that_changes_during_a_chat_changes_nothing(two, anna):
    vera = factories.visitor(two)
    chat = factories.opened(vera, source=OFFICE)
    stored = Conversation.objects.get(pk=chat.pk).address_hash

    factories.opened(vera, "From the train", source=HOME)

    assert Conversation.objects.get(pk=chat.pk).address_hash == stored
    assert states([opened(two), opened(two)]) == ["assigned", "held"]


def test_a_chat_that_is_resumed_with_a_pages_key_is_the_same_chat(two, anna):
    for _ in range(2):
        opened(two)
    vera = factories.visitor(two)
    chat = factories.opened(vera, source=OFFICE)
    key = page_keys.make(vera, chat.conversation, "https://shop.example")

    assert page_keys.resume(two, key, "https://shop.example") == vera.visitor
    assert factories.opened(vera, "Still me", source=HOME).conversation == chat.conversation
    assert states([Conversation.objects.get(pk=chat.pk)]) == ["held"]


def test_a_repeated_opening_is_the_held_chat_again(two, anna):
    for _ in range(2):
        opened(two)
    vera, client_id = factories.visitor(two), uuid.uuid4()
    arrival = conversations.Arrival(source=OFFICE)
    send = partial(conversations.open_conversation, vera, client_id=client_id, text="Hello")

    assert send(arrival=arrival) == send(arrival=arrival)
    assert Conversation.objects.held().count() == 1


def test_the_next_chat_of_a_visitor_counts_anew(two, anna):
    vera = factories.visitor(two)
    chat = factories.opened(vera, source=OFFICE)
    conversations.close(vera, chat.conversation)
    for _ in range(2):
        opened(two)

    second = factories.opened(vera, "One more question", source=OFFICE)

    assert states([Conversation.objects.get(pk=second.pk)]) == ["held"]


# --- who comes next


def test_the_oldest_held_chat_is_assigned_when_one_of_its_address_ends(two, anna, published):
    chats = [opened(two) for _ in range(4)]
    assert release() == 0

    end(chats[0])

    assert [release() for _ in range(2)] == [1, 0]
    assert states(chats) == ["closed", "assigned", "assigned", "held"]
    assert list(chats[2].messages.values_list("event", flat=True)) == ["", "assigned"]
    chats[2].refresh_from_db()
    assert chats[2].operator == anna


def test_a_new_chat_does_not_overtake_those_that_are_held(two, anna):
    chats = [opened(two) for _ in range(3)]
    end(chats[0])

    late = opened(two)
    release()

    assert states([*chats[1:], late]) == ["assigned", "assigned", "held"]


def test_the_address_of_one_flood_does_not_delay_another(two, anna, monkeypatch):
    monkeypatch.setattr(queues, "BATCH", 3)
    flood = [opened(two) for _ in range(8)]
    home = [opened(two, HOME) for _ in range(3)]
    end(home[0])

    assert release() == 1
    assert states(home) == ["closed", "assigned", "assigned"]
    assert states(flood) == ["assigned"] * 2 + ["held"] * 6


def test_a_chat_that_is_released_while_no_operator_is_available_waits_like_any_other(two, anna):
    chats = [opened(two) for _ in range(3)]
    Operator.objects.update(accepting=False)
    end(chats[0])
    before = Conversation.objects.get(pk=chats[2].pk).revision

    assert release() == 1
    assert states(chats) == ["closed", "assigned", "queued"]
    assert Conversation.objects.get(pk=chats[2].pk).revision == before + 1


def test_releasing_respects_the_limit_of_the_operators(two, anna):
    chats = [opened(two) for _ in range(3)]
    Channel.objects.update(max_sessions_mode="limited", max_sessions=1)
    end(chats[0])

    release()

    assert states(chats[1:]) == ["assigned", "queued"]


def test_operators_take_held_chats_by_hand_and_these_count(two, anna):
    chats = [opened(two) for _ in range(4)]
    staff = factories.actor(anna)

    conversations.take(staff, chats[3].public_id)
    end(chats[0])

    assert release() == 0
    assert states(chats) == ["closed", "assigned", "held", "assigned"]


def test_a_chat_that_was_taken_and_left_is_not_held_again(two, anna):
    chats = [opened(two) for _ in range(3)]
    staff = factories.actor(anna)
    conversations.take(staff, chats[2].public_id)

    conversations.leave(staff, chats[2].public_id)

    assert states(chats) == ["assigned", "assigned", "queued"]


def test_what_code_of_the_previous_version_took_is_not_held(two, anna):
    chats = [opened(two) for _ in range(3)]
    Conversation.objects.filter(pk=chats[2].pk).update(
        state=State.ASSIGNED, operator=anna, status="in_progress"
    )

    assert states(chats) == ["assigned"] * 3
    assert Conversation.objects.get(pk=chats[2].pk).is_held
    assert release(LIMIT_WINDOW * 2) == 0


def test_a_lowered_limit_takes_no_chat_away_and_holds_the_next(two, anna):
    chats = [opened(two) for _ in range(2)]
    Channel.objects.update(max_chats_per_address=1)

    chats += [opened(two)]
    end(chats[0])

    assert release() == 0
    assert states(chats) == ["closed", "assigned", "held"]


def test_a_raised_limit_releases_as_many_as_fit(two, anna):
    chats = [opened(two) for _ in range(6)]
    Channel.objects.update(max_chats_per_address=4)

    assert release() == 2
    assert states(chats) == ["assigned"] * 4 + ["held"] * 2


def test_a_removed_limit_releases_all(two, anna):
    chats = [opened(two) for _ in range(6)]
    Channel.objects.update(max_chats_per_address=None)

    assert release() == 4
    assert states(chats) == ["assigned"] * 6


def test_chats_from_before_the_limit_was_set_do_not_count(berlin, anna):
    before = [opened(berlin) for _ in range(3)]
    Channel.objects.update(max_chats_per_address=1)

    assert states([*before, opened(berlin)]) == ["assigned"] * 4


def test_another_secret_key_forgets_which_chats_are_of_one_address(two, anna, settings):
    for _ in range(2):
        opened(two)
    settings.SECRET_KEY = "another key"

    assert states([opened(two)]) == ["assigned"]


def test_chats_of_a_lost_operator_keep_going(two, anna):
    now = timezone.now() + timedelta(minutes=2)
    record_listening(now)
    chats = [opened(two) for _ in range(2)]
    make_present(factories.operator("ben", two), now)

    lost_operators.hand_over_lost(now)

    assert states(chats) == ["assigned", "assigned"]
    assert set(Conversation.objects.values_list("operator__chat_name", flat=True)) == {"Ben"}


def test_a_run_that_dies_in_the_middle_is_completed_by_the_next(two, anna, monkeypatch):
    chats = [opened(two) for _ in range(5)]
    Channel.objects.update(max_chats_per_address=None)
    original, calls = assignment.assign, iter(range(2))

    def dies(*args, **kwargs):
        if next(calls, None) == 1:
            raise SystemExit("killed")
        return original(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(assignment, "assign", dies)
        with pytest.raises(SystemExit):
            release()

    assert states(chats) == ["assigned"] * 3 + ["queued", "held"]
    assert release() == 1
    assert queues.fill_all(timezone.now()) == 1
    assert Message.objects.filter(event="assigned").count() == 5


@pytest.mark.django_db(transaction=True)
def test_runs_and_openings_at_once_assign_no_more_than_the_limit(two, anna, ben):
    chats = [opened(two) for _ in range(6)]
    for row in chats[:2]:
        end(row)

    results = at_once([release, release, *[partial(opened, two) for _ in range(4)]])
    release()

    assert [one for one in results if isinstance(one, Exception)] == []
    assert states(chats[2:]) == ["assigned", "assigned", "held", "held"]
    assert states(results[2:]) == ["held"] * 4


@pytest.mark.django_db(transaction=True)
def test_a_held_chat_that_is_taken_and_released_at_once_has_one_operator(two, anna, ben):
    chats = [opened(two) for _ in range(3)]
    Channel.objects.update(max_chats_per_address=None)
    takes = partial(conversations.take, factories.actor(ben), chats[2].public_id)

    at_once([takes, release])

    assert states(chats) == ["assigned"] * 3
    assert chats[2].messages.filter(kind="system").count() == 1


# --- what is stored


def test_only_a_keyed_hash_is_stored_which_no_other_channel_can_compare(two, anna):
    paris = factories.channel("Paris", max_chats_per_address=2)
    hashes = [opened(place).address_hash for place in (two, two, paris)]

    assert hashes[0] == hashes[1] != hashes[2]
    assert all(one and len(one) == 32 and OFFICE not in one for one in hashes)


def test_the_hash_is_erased_when_the_chat_ends(two, anna):
    chats = [opened(two) for _ in range(3)]

    end(chats[0])
    end(chats[2])

    stored = Conversation.objects.order_by("pk").values_list("address_hash", flat=True)
    assert [bool(one) for one in stored] == [False, True, False]


def test_the_hash_is_erased_after_30_days_also_from_a_chat_that_never_ended(two, anna):
    chats = [opened(two) for _ in range(3)]
    days = [timezone.now() + timedelta(days=29, hours=23), timezone.now() + timedelta(days=31)]

    assert [cleanup.expire(now) for now in (*days, days[1])] == [0, 3, 0]
    assert set(Conversation.objects.values_list("address_hash", flat=True)) == {None}
    assert states(chats) == ["assigned", "assigned", "queued"]


@pytest.mark.services
def test_chats_of_an_address_are_found_without_reading_the_others(two, anna):
    row = opened(two)
    now = row.opened_at
    visitors = Visitor.objects.bulk_create(Visitor() for _ in range(2_000))
    Conversation.objects.bulk_create(
        Conversation(
            channel=two,
            visitor=visitor,
            opening_id=uuid.uuid4(),
            state=State.QUEUED.value,
            opened_at=now,
            last_message_at=now,
        )
        for visitor in visitors
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE livechat_conversation")
    rows = Conversation.objects.filter(channel=two, address_hash=row.address_hash)

    for query in (rows.taken(now), rows.held(), Conversation.objects.to_release(now)):
        plan = query.explain()
        indexes = re.findall(r"Index Scan (?:using|on) (\w+)", plan)
        assert set(indexes) - {"livechat_channel_pkey"} == {"conversation_of_address"}, plan
        assert "Seq Scan on livechat_conversation" not in plan
